"""How a rollback ended, as a sentence for those that waited for it: the failed run's card, and its finding."""

from commands.views import words
from runbooks.rollback_outcome import WayBack


def how_it_ended(back: WayBack, environment: str) -> str:
    """Who ended it and when, and whether the environment is back."""
    place, to = words.line(environment, 90), words.line(back.version, 90)
    who = f"by {words.person(back.by)} {words.at(back.at)}"
    if back.successor:
        return f"The rollback {back.run} was stopped {who}; {back.successor} takes {place} back instead."
    if back.command == "deploy":
        return f"{back.run} has since deployed {to} to {place}."
    if back.stands:
        left = "" if back.status == "succeeded" else f", and was aborted {who} with lines left to do"
        return f"{back.run} took {place} back to {to}{left}."
    not_back = f"{place} may be back only in part" if back.changed else f"{place} was not taken back"
    match back.status:
        case "aborted" | "rejected":
            return f"The rollback {back.run} was {back.status} {who}: {not_back}."
        case "expired":
            return f"Nobody approved the rollback {back.run} in time: {not_back}."
        case _:
            return f"The rollback {back.run} failed {words.at(back.at)}: its card says what stands where."
