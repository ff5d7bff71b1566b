"""From a reply's reason to a sentence that a person can act on: the rule, the fact, the way on."""

from collections.abc import Callable
from typing import Any

from commands import incident_replies, pack_replies, start_replies
from commands.facts import Facts, groups, when, who
from commands.views import words
from commands.views.nearest import unknown
from commands.views.typed import SHORT, typed
from runbooks.engine.asks import Reply
from runbooks.engine.shapes import LONGEST
from runbooks.gates import LONGEST as LONGEST_CODE
from runbooks.store import OlderRelease, StoreUnavailable

NOT_RECORDED = (
    "Not recorded, nothing started: the database did not answer. Try again; the same command will not run twice."
)
NOT_READ = "The database did not answer, so this can't be told now. Try again in a minute; nothing was changed."
NOT_KNOWN = (
    "Not known whether it was recorded: the database stopped answering. "
    "Its card or `/deploy status` will tell; ask again only if it is not there."
)
_OLDER = "This process is older than what was recorded, as while Opsbot is updated: ask again in a moment."
_SHOWN = 300  # characters of a fact, such as a reason

# What the person tried -> what a refusal begins with.
_NOT_DONE = {
    "deploy": "Not started.",
    "roll back": "Not started.",
    "onboard": "Not started.",
    "drill": "Not started.",
    "approve": "Not approved.",
    "reject": "Not rejected.",
    "tick": "Not ticked.",
    "decide": "Not decided.",
    "abort": "Not aborted.",
    "lock": "Not locked.",
    "unlock": "Not unlocked.",
    "acknowledge": "Not acknowledged.",
    **incident_replies.NOT_DONE,
    **pack_replies.NOT_DONE,
}
_STARTS = ("deploy", "roll back", "onboard", "drill")


def not_recorded(cause: StoreUnavailable) -> str:
    """What to tell somebody whose request met this."""
    if isinstance(cause, OlderRelease):
        return f"Not recorded, nothing started. {_OLDER}"
    return NOT_KNOWN if cause.unknown else NOT_RECORDED


def not_read(cause: StoreUnavailable) -> str:
    """What to tell somebody who only wanted to see something."""
    return _OLDER if isinstance(cause, OlderRelease) else NOT_READ


def sentence(reply: Reply) -> str:
    """What to tell the person who asked."""
    facts = {key: value if key in ("by", "at") else _plain(key, value) for key, value in reply.facts.items()}
    table = _REFUSED if reply.refused else _DONE
    say = table.get(reply.refused or reply.did)
    return say(facts) if say else f"{_not_done(facts)} The reason is “{reply.refused}”. {_nothing(facts)}"


def _plain(key: str, value: Any) -> Any:
    """A fact without effect in Slack: names are short, reasons may be longer."""
    if isinstance(value, str):
        return typed(value, SHORT if key in ("name", "version", "run", "finding", "incident") else _SHOWN)
    return [_plain(key, each) for each in value] if isinstance(value, list) else value


def _not_done(facts: Facts) -> str:
    return _NOT_DONE.get(str(facts.get("doing")), "Not done.")


def _nothing(facts: Facts) -> str:
    return "Nothing was started." if facts.get("doing") in _STARTS else "Nothing was changed."


def _not_allowed(facts: Facts) -> str:
    doing = {"tick": "tick lines"}.get(facts["doing"], facts["doing"])
    if not facts.get("groups"):
        return f"{_not_done(facts)} Nobody may {doing} here: the catalogue names no group that may. Add one to it."
    return f"{_not_done(facts)} To {doing} here you must be in {groups(facts)}. Ask one of them."


def _unknown(facts: Facts, what: str) -> str:
    return unknown(what, str(facts["name"]), str(facts.get("nearest") or ""), list(facts.get("known") or []))


def _moved_on(facts: Facts) -> str:
    status, run = facts["status"], facts["run"]
    if status == "stopping":
        return f"This card has moved on: {run} is being aborted by {who(facts)}. Nothing was done; watch its card."
    ended = {
        "succeeded": "ended well",
        "failed": "failed",
        "expired": "expired, since nobody approved it in time,",
        "superseded": f"was stopped by {who(facts)} for a rollback",
    }.get(status, f"was {status} by {who(facts)}")
    again = "Its card shows how." if status == "succeeded" else f"To ask again: {_command(facts)}."
    return f"This card has moved on: {run} {ended} {when(facts)}. Nothing was done. {again}"


def _command(facts: Facts) -> str:
    """What to type to ask for it anew."""
    place = f"{facts['service']} {facts['environment']}"
    if facts["command"] == "onboard":
        return f"`/onboard {facts['tenant']} {place}`"
    if facts["command"] == "drill":
        return f"`/drill {place}`"
    if facts["command"] == "rollback":
        return f"`/rollback {place}`"
    if facts["command"] == "planned rollback":
        return f"`/rollback {place} to {facts['version']} planned`"
    return f"`/deploy {facts['service']} {facts['version']} {facts['environment']}`"


def _noun(facts: Facts) -> str:
    """What a run of this command is called."""
    return {"onboard": "onboarding"}.get(str(facts["command"]), str(facts["command"]))


def not_a_tenant(name: str) -> str:
    """That this can't be a tenant's code, and what can."""
    return (
        f"Not started. “{typed(name)}” can't be a tenant's code. Give a code of 2 to {LONGEST_CODE} lower-case "
        "letters, digits, hyphens and underscores, that begins with a letter or a digit."
    )


def _approved_already(facts: Facts) -> str:
    wanted = facts["wanted"]
    rest = f"It waits for {words.count(wanted, 'more approval')}, of others." if wanted else "It needs no more."
    return f"You have approved {facts['run']} already; that counts once, and nothing was recorded again. {rest}"


def _not_open(facts: Facts) -> str:
    if facts.get("by"):
        return f"{who(facts)} did this already. Nothing was changed. The card shows what is open."
    return "This line is not open now, so nothing was recorded. The card shows which lines are."


_REFUSED: dict[str, Callable[[Facts], str]] = {
    "unknown-service": lambda f: f"{_unknown(f, 'service')} {_nothing(f)}",
    "unknown-environment": lambda f: f"{_unknown(f, 'environment')} {_nothing(f)}",
    "not-a-version": lambda f: (
        f"Not started. “{f['version']}” can't be a version. "
        f"Give a tag, a branch or a commit, in {LONGEST} characters at most."
    ),
    "not-a-tenant": lambda f: not_a_tenant(f["name"]),
    "not-allowed": _not_allowed,
    "membership-unknown": lambda f: (
        f"{_not_done(f)} {f['what']} did not say who is in which group, so nobody can be let through. "
        "Try again in a minute."
    ),
    "locked": lambda f: (
        f"Not started. {who(f)} locked deploys of {f['service']} to {f['environment']} {when(f)}: “{f['why']}”. "
        f"When that is over: `/deploy unlock {f['service']} {f['environment']}`."
    ),
    "locked-already": lambda f: (
        f"Locked already, by {who(f)} {when(f)}: “{f['why']}”. Nothing was changed. "
        f"`/deploy unlock {f['service']} {f['environment']}` releases it."
    ),
    "not-locked": lambda f: (
        f"Nothing was changed: deploys of {f['service']} to {f['environment']} are not locked, so they can start."
    ),
    "import-under-way": lambda f: (
        f"{f['run']} is under way in {f['service']} {f['environment']}, so nothing was recorded. When it has ended, "
        "run the same `opsbot lkg import` again."
    ),
    "import-too-old": lambda f: (
        f"Nothing was recorded: {f['version']} is older than all releases of {f['service']} {f['environment']} that "
        f"are kept. `opsbot lkg export {f['service']} {f['environment']}` writes a newer one."
    ),
    "no-onboarding": lambda f: (
        f"Not started. The catalogue names no `onboarding` command for {f['service']}, so no gate can be tried. "
        "Ask whoever keeps the catalogue to add one."
    ),
    "live-already": lambda f: (
        f"Not started. {f['tenant']} is live in {f['environment']} already, since {f['run']} {when(f)}. "
        f"`/onboard status {f['tenant']}` tells more."
    ),
    "not-ready-to-go-live": lambda f: (
        f"Not live, nothing was changed. {f['why']} `/onboard status {f['tenant']}` tells more of {f['tenant']}."
    ),
    "no-such-run": lambda f: f"There is no run {f['run']}. Nothing was changed. `/deploy history` lists them.",
    "no-such-finding": lambda f: (
        f"There is no finding {f['finding']}. Nothing was changed. `/deploy status` shows what is under way."
    ),
    **start_replies.REFUSED,
    **incident_replies.REFUSED,
    **pack_replies.REFUSED,
    "moved-on": _moved_on,
    "plan-changed": lambda f: (
        f"{_not_done(f)} The plan of {f['run']} has changed since this card was drawn: "
        f"{'; '.join(f.get('difference') or ['it was made anew'])}. Read the card as it is now, then decide."
    ),
    "own-request": lambda f: (
        f"Not approved. You asked for this {_noun(f)}, so somebody else of @{f['group']} must approve it."
    ),
    "approved-already": _approved_already,
    "too-late": lambda f: (
        f"Not approved. The time to approve {f['run']} was over {when(f)}, so it ends and nothing is changed. "
        f"To ask again: {_command(f)}."
    ),
    "no-approval-wanted": lambda f: (
        f"{f['run']} does not wait for an approval now. Nothing was changed. Its card shows what it waits for."
    ),
    "not-open": _not_open,
    "not-offered": lambda f: (
        f"This button is of an earlier question of {f['run']}, so nothing was recorded. "
        "The card shows what it asks now, if anything."
    ),
    "acknowledged-already": lambda f: (
        f"{who(f)} acknowledged it already {when(f)}. Nothing was changed; ask them how it stands."
    ),
    "contended": lambda f: f"{_not_done(f)} Others changed the same things at the same moment. Try again.",
}


_DONE: dict[str, Callable[[Facts], str]] = {
    "onboarding": lambda f: (
        f"{f['run']} started: {f['tenant']} to {f['service']} in {f['environment']}, on {f['version']}. "
        "It goes live once people have ticked its first lines, all 4 gates are passed, and it is approved."
    ),
    "rejected": lambda f: f"Rejected {f['run']}. Nothing was changed.",
    "answered": lambda f: f"Recorded on {f['run']}.",
    "stopping": lambda f: f"Aborting {f['run']}. Its card says what was under way.",
    "acknowledged": lambda _: "Acknowledged.",
    **start_replies.DONE,
    **incident_replies.DONE,
}
