"""What people are told of deploys and rollbacks that they ask for: why one does not start, and that one has."""

from collections.abc import Callable

from commands.facts import Facts, groups, when, who


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
    return " ".join([f"Deploys of {facts['service']} to {facts['environment']} are unlocked.", *goes_on])


def _approved(facts: Facts) -> str:
    if "service" not in facts:
        return f"Approved {facts['run']}."
    return f"Approved {facts['run']}. Deploys are locked by {who(facts)}, so it goes on after {_unlock(facts)}."


def _unlock(facts: Facts) -> str:
    return f"`/deploy unlock {facts['service']} {facts['environment']}`"


def _started(facts: Facts) -> str:
    what = f"{facts['service']} {facts['version']} in {facts['environment']}"
    if facts["run"].startswith("R-"):
        what = f"{facts['service']} in {facts['environment']} goes back to {facts['version']}"
    stopped = f" Stopped for it: {', '.join(facts['stopped'])}." if facts.get("stopped") else ""
    if facts.get("group"):
        what = f"{what} once @{facts['group']} has approved it"
        stopped = f"{stopped[:-1]}; what that changed stays until then." if stopped else ""
    return f"{facts['run']} started: {what}.{stopped}"


REFUSED: dict[str, Callable[[Facts], str]] = {
    "busy": _busy,
    "busy-elsewhere": _busy_elsewhere,
    "rolling-back-already": lambda f: (
        f"{f['run']} is already rolling back {f['service']} in {f['environment']} to {f['version']}, "
        f"{_begun(f)}. Nothing more was started. Its card shows how far it is."
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
    "approved": _approved,
    "locked": _locked,
    "unlocked": _unlocked,
    "planned": lambda f: (
        f"{f['run']} started: the planned rollback of {f['service']} in {f['environment']} to {f['version']}. "
        f"Its first lines are for people; nothing changes before it is approved by @{f['group']}."
    ),
}
