"""From a reply's reason to a sentence that a person can act on: the rule, the fact, the way on."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from commands.views import words
from runbooks.engine.asks import Reply
from runbooks.vocabulary import Actor

Facts = dict[str, Any]

NOT_RECORDED = (
    "Not recorded, nothing started: the database did not answer. Try again; the same command will not run twice."
)
NOT_READ = "The database did not answer, so this can't be told now. Try again in a minute; nothing was changed."
NOT_KNOWN = (
    "Not known whether it was recorded: the database stopped answering. "
    "`/deploy status` will tell; ask again only if it is not there."
)


def sentence(reply: Reply) -> str:
    """What to tell the person who asked."""
    facts = {key: value if key in ("by", "at") else _plain(value) for key, value in reply.facts.items()}
    table = _REFUSED if reply.refused else _DONE
    say = table.get(reply.refused or reply.did)
    return say(facts) if say else f"Not done: {reply.refused}."


def _plain(value: Any) -> Any:
    if isinstance(value, str):
        return words.safe(value)
    return [_plain(each) for each in value] if isinstance(value, list) else value


def _who(facts: Facts) -> str:
    return words.person(Actor(facts["by"])) if facts.get("by") else "somebody"


def _when(facts: Facts) -> str:
    at = facts.get("at")
    return words.at(datetime.fromisoformat(at) if isinstance(at, str) else at)


def _groups(facts: Facts) -> str:
    found = facts.get("groups") or []
    return " or ".join(f"@{g}" for g in found)


def _not_allowed(facts: Facts) -> str:
    if not facts.get("groups"):
        return f"Not done. Nobody may {facts['doing']} here: the catalogue names no group that may. Add one to it."
    return f"Not done. To {facts['doing']} here you must be in {_groups(facts)}. Ask one of them."


def _nearest(facts: Facts, what: str) -> str:
    if facts.get("nearest"):
        return f"There is no {what} “{facts['name']}”. Did you mean {facts['nearest']}? Nothing was started."
    known = ", ".join(facts.get("known") or [])
    return f"There is no {what} “{facts['name']}”. There are: {known}. Nothing was started."


def _busy(facts: Facts) -> str:
    asked = f"asked by {_who(facts)} {_when(facts)}"
    doing = f"deploying {facts['service']} to {facts['environment']} ({facts['version']}, {asked})"
    if facts["command"] == "rollback":
        doing = f"rolling back {facts['service']} in {facts['environment']} to {facts['version']} ({asked})"
    return f"Not started. {facts['run']} is {doing}. Wait for it, or abort it on its card."


def _moved_on(facts: Facts) -> str:
    status, run = facts["status"], facts["run"]
    if status == "stopping":
        return f"This card has moved on: {run} is being aborted by {_who(facts)}. Nothing was done; watch its card."
    ended = {
        "succeeded": "ended well",
        "failed": "failed",
        "expired": "expired, since nobody approved it in time,",
        "superseded": f"was stopped by {_who(facts)} for a rollback",
    }.get(status, f"was {status} by {_who(facts)}")
    again = f" To ask again: {_command(facts)}." if status != "succeeded" else ""
    return f"This card has moved on: {run} {ended} {_when(facts)}. Nothing was done.{again}"


def _command(facts: Facts) -> str:
    """What to type to ask for it anew."""
    place = f"{facts['service']} {facts['environment']}"
    if facts["command"] == "rollback":
        return f"`/rollback {place}`"
    return f"`/deploy {facts['service']} {facts['version']} {facts['environment']}`"


def _approved_already(facts: Facts) -> str:
    wanted = facts["wanted"]
    rest = f"It waits for {words.count(wanted, 'more approval')}, of others." if wanted else "It needs no more."
    return f"You have approved {facts['run']} already; that counts once, and nothing was recorded again. {rest}"


def _not_open(facts: Facts) -> str:
    if facts.get("by"):
        return f"{_who(facts)} did this already. Nothing was changed."
    return "This line is not open now, so nothing was recorded. The card shows which lines are."


_REFUSED: dict[str, Callable[[Facts], str]] = {
    "unknown-service": lambda f: _nearest(f, "service"),
    "unknown-environment": lambda f: _nearest(f, "environment"),
    "not-allowed": _not_allowed,
    "membership-unknown": lambda f: (
        f"Not done. {f['what']} did not say who is in which group, so nobody can be let through. "
        "Try again in a minute."
    ),
    "locked": lambda f: (
        f"Not started. {_who(f)} locked deploys of {f['service']} to {f['environment']} {_when(f)}: “{f['why']}”. "
        f"When that is over: `/deploy unlock {f['service']} {f['environment']}`."
    ),
    "locked-already": lambda f: f"Locked already, by {_who(f)} {_when(f)}: “{f['why']}”. Nothing was changed.",
    "not-locked": lambda f: f"Deploys of {f['service']} to {f['environment']} are not locked. Nothing was changed.",
    "busy": _busy,
    "rolling-back-already": lambda f: (
        f"{f['run']} is already rolling back {f['service']} in {f['environment']} to {f['version']}, "
        f"asked by {_who(f)} {_when(f)}. Nothing more was started."
    ),
    "no-known-good": lambda f: (
        f"Not started. No last known good is recorded for {f['service']} in {f['environment']}. "
        f"Record what runs now with `opsbot adopt {f['service']} {f['environment']}`, "
        f"or deploy a version that you trust."
    ),
    "never-good": lambda f: (
        f"Not started. {f['version']} was never recorded as good for {f['service']} in {f['environment']}. "
        f"Recorded: {', '.join(f['known'])}. Another version goes by `/deploy`."
    ),
    "confirmation-stale": lambda f: (
        f"Not started. What you confirmed has changed: the target is {f['version']} as recorded since. "
        "Ask again to see it."
    ),
    "no-such-run": lambda f: f"There is no run {f['run']}. `/deploy history` lists them.",
    "no-such-finding": lambda f: f"There is no finding {f['finding']}. Nothing was changed.",
    "moved-on": _moved_on,
    "plan-changed": lambda f: (
        f"Not done. The plan of {f['run']} has changed since this card was drawn: "
        f"{'; '.join(f.get('difference') or ['it was made anew'])}. Read the card as it is now, then decide."
    ),
    "own-request": lambda f: (
        f"Not approved. You asked for this {f['command']}, so somebody else of @{f['group']} must approve it."
    ),
    "approved-already": _approved_already,
    "no-approval-wanted": lambda f: f"{f['run']} does not wait for an approval now. Nothing was changed.",
    "not-open": _not_open,
    "acknowledged-already": lambda f: f"{_who(f)} acknowledged it already {_when(f)}. Nothing was changed.",
    "contended": lambda _: "Not done: others changed the same things at the same moment. Try again.",
}


def _started(facts: Facts) -> str:
    what = f"{facts['service']} {facts['version']} in {facts['environment']}"
    if facts["run"].startswith("R-"):
        what = f"{facts['service']} in {facts['environment']} goes back to {facts['version']}"
    stopped = f" Stopped for it: {', '.join(facts['stopped'])}." if facts.get("stopped") else ""
    return f"{facts['run']} started: {what}.{stopped}"


_DONE: dict[str, Callable[[Facts], str]] = {
    "started": _started,
    "approved": lambda f: f"Approved {f['run']}.",
    "rejected": lambda f: f"Rejected {f['run']}. Nothing was changed.",
    "answered": lambda f: f"Recorded on {f['run']}.",
    "stopping": lambda f: f"Aborting {f['run']}. Its card says what was under way.",
    "locked": lambda f: (
        f"Locked deploys of {f['service']} to {f['environment']}: “{f['reason']}”. "
        f"`/deploy unlock {f['service']} {f['environment']}` releases them."
    ),
    "unlocked": lambda f: f"Deploys of {f['service']} to {f['environment']} are unlocked.",
    "acknowledged": lambda _: "Acknowledged.",
}
