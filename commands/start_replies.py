"""What people are told of deploys and rollbacks that they ask for: why one does not start, and that one has."""

from collections.abc import Callable

from commands.facts import Facts, groups, when, who
from runbooks.runs.drill import DRILL


def _begun(facts: Facts) -> str:
    """Who began the run, and when."""
    if facts.get("because"):
        return f"begun by itself after {facts['because']} failed, {when(facts)}"
    return f"asked by {who(facts)} {when(facts)}"


def _under_way(facts: Facts) -> str:
    """What the run is doing that holds the targets."""
    doing = f"deploying {facts['service']} to {facts['environment']} ({facts['version']}, {_begun(facts)})"
    if facts["command"] == "onboard":
        doing = f"onboarding {facts['tenant']} to {facts['service']} in {facts['environment']} ({_begun(facts)})"
    if facts["command"] == "rollback":
        doing = f"rolling back {facts['service']} in {facts['environment']} to {facts['version']} ({_begun(facts)})"
    if facts["command"] == DRILL:
        doing = f"a drill of {facts['service']} in {facts['environment']} ({_begun(facts)})"
    return f"Not started. {facts['run']} is {doing}."


def _busy(facts: Facts) -> str:
    return f"{_under_way(facts)} Wait for it, or abort it {_where_to_abort(facts)}."


def _busy_elsewhere(facts: Facts) -> str:
    can = groups(facts) or "Whoever asked for it"
    return (
        f"{_under_way(facts)} It holds what {facts['wanted']} uses too, and a rollback of {facts['wanted']} does not "
        f"stop it. {can} can abort it, {_where_to_abort(facts)}; then ask again."
    )


def _where_to_abort(facts: Facts) -> str:
    return f"on its card or with `/deploy abort {facts['run']}`"


def _locked(facts: Facts) -> str:
    what = f"deploys of {facts['service']} to {facts['environment']}"
    said = f"Locked {what}: “{facts['reason']}”. {_unlock(facts)} releases them."
    waits = [f"{run} changes nothing before that; its card says so." for run in facts.get("waiting") or ()]
    goes_on = [
        f"{run} has begun to change {facts['environment']} and goes on; `/deploy abort {run}` ends it."
        for run in facts.get("going_on") or ()
    ]
    return " ".join([said, *waits, *goes_on])


def _unlocked(facts: Facts) -> str:
    goes_on = [f"{run} goes on by itself." for run in facts.get("waited") or ()]
    what = f"Deploys of {facts['service']} to {facts['environment']} are {_let_go(facts)}."
    return " ".join([what, *_still(facts), *goes_on])


def _let_go(facts: Facts) -> str:
    return f"released, which were held since {facts['hold']}" if facts.get("hold") else "unlocked"


def _still(facts: Facts) -> list[str]:
    """What keeps them out besides."""
    if facts.get("held_by"):
        return [f"They are still held: {facts['why']}, {when(facts)}. {_release(facts)} releases them."]
    if facts.get("by"):
        return [f"They stay locked by {who(facts)} {when(facts)}: “{facts['why']}”. {_unlock(facts)} releases that."]
    return []


def _approved(facts: Facts) -> str:
    if "service" not in facts:
        return f"Approved {facts['run']}."
    if facts.get("hold"):
        return (
            f"Approved {facts['run']}. Deploys are held since {facts['hold']}, so it goes on after {_release(facts)}."
        )
    return f"Approved {facts['run']}. Deploys are locked by {who(facts)}, so it goes on after {_unlock(facts)}."


def _unlock(facts: Facts) -> str:
    return f"`/deploy unlock {facts['service']} {facts['environment']}`"


def _release(facts: Facts) -> str:
    return f"`/deploy unlock {facts['service']} {facts['environment']} REASON`"


def _back_already(facts: Facts) -> str:
    place, to = f"{facts['service']} {facts['environment']}", f"{facts['version']}"
    since = f"since {facts['run']} ({when(facts)})"
    if facts.get("good"):
        said = f"{place} is on {to}, its last known good, {since}. Nothing to take back."
    else:
        said = f"{place} is on {to} {since}, and stays there."
    return f"Not started. {said} To go elsewhere, name the version: `/rollback {place} to VERSION`."


def _not_held(facts: Facts) -> str:
    what = f"deploys of {facts['service']} to {facts['environment']}"
    if facts.get("holds"):
        return f"Nothing was changed: {what} are held since {facts['holds']} now. Release them on its card."
    return f"Nothing was changed: {facts['run']} holds {what} no more. Its card shows who released them."


def _started(facts: Facts) -> str:
    what = f"{facts['service']} {facts['version']} in {facts['environment']}"
    if facts["run"].startswith("R-"):
        what = f"{facts['service']} in {facts['environment']} goes back to {facts['version']}"
    stopped = f" Stopped for it: {', '.join(facts['stopped'])}." if facts.get("stopped") else ""
    if facts.get("group"):
        what = f"{what} once @{facts['group']} has approved it"
        stopped = f"{stopped[:-1]}; what that changed stays until then." if stopped else ""
    return f"{facts['run']} started: {what}.{stopped}"


def _drilling(facts: Facts) -> str:
    place, back = f"{facts['service']} in {facts['environment']}", facts["back_to"]
    to = facts["version"] or "another version"
    return (
        f"{facts['run']} started: {place} goes forward to {to} and back to {back}, once "
        f"@{facts['group']} has approved its plan."
    )


def _no_drills(facts: Facts) -> str:
    place, drilled = f"{facts['service']} in {facts['environment']}", facts.get("drilled") or ()
    elsewhere = f"Drills of {facts['service']} are in {', '.join(drilled)}: " + ", ".join(
        f"`/drill {facts['service']} {name}`" for name in drilled
    )
    if facts.get("production"):
        then = f"{elsewhere}." if drilled else "Use an environment before it."
        return f"Not started. {place} is production, where nothing is tried for practice. {then}"
    said = f"Not started. The catalogue allows no drills of {place}. Ask whoever keeps it to add `drill:` there."
    return f"{said} {elsewhere}." if drilled else said


REFUSED: dict[str, Callable[[Facts], str]] = {
    "busy": _busy,
    "busy-elsewhere": _busy_elsewhere,
    "rolling-back-already": lambda f: (
        f"{f['run']} is already rolling back {f['service']} in {f['environment']} to {f['version']}, "
        f"{_begun(f)}. Nothing more was started. Its card shows how far it is."
    ),
    "back-already": _back_already,
    "no-drills": _no_drills,
    "nothing-to-return-to": lambda f: (
        f"Not started. A drill brings back what runs, and nobody can tell what that is. {f['why']} Deploy a version, "
        f"or record what runs: `opsbot adopt {f['service']} {f['environment']}`."
    ),
    "held": lambda f: (
        f"Not started. Deploys of {f['service']} to {f['environment']} are held: {f['why']}, {when(f)}. "
        f"Release them with a reason: {_release(f)}, or “Release deploys” on the card of {f['run']}."
    ),
    "not-held": _not_held,
    "reason-wanted": lambda f: (
        f"Nothing was changed. Deploys of {f['service']} to {f['environment']} are held since {f['run']}: "
        f"say why they may go on, {_release(f)}."
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
    "no-planned-rollback": lambda f: (
        f"Not started. The document “{f['name']}” has no part for planned rollbacks: name one as `planned` under "
        "`modes` in its front matter. In an emergency: `/rollback SERVICE`, without the word “planned”."
    ),
    "confirmation-stale": lambda f: (
        f"Not started. What you confirmed has changed: the target is {f['version']} as recorded since. "
        "Ask again to see it."
    ),
}

DONE: dict[str, Callable[[Facts], str]] = {
    "started": _started,
    "drilling": _drilling,
    "approved": _approved,
    "locked": _locked,
    "unlocked": _unlocked,
    "planned": lambda f: (
        f"{f['run']} started: the planned rollback of {f['service']} in {f['environment']} to {f['version']}. "
        f"Its first lines are for people; nothing changes before it is approved by @{f['group']}."
    ),
}
