"""Private answers to `/deploy help`, `status` and `history`."""

from collections.abc import Mapping, Sequence

from commands.views import onboarding, words
from commands.views.asking import lines_to_do
from commands.views.phases import waits_for_people
from commands.views.steps import DONE, FAILED, STOPPED, WAITS, WORKS, line_of
from runbooks.catalogue import Catalogue, Service
from runbooks.runs.drill import DRILL
from runbooks.runs.state import Run, Status, approval_ends

_COMMANDS = {
    "Deploy and roll back": {
        "/deploy": "opens a form with the services, their versions and what would change",
        "/deploy SERVICE VERSION [ENVIRONMENT]": "runs the checklist; VERSION is a tag, a commit or a branch",
        "/rollback SERVICE [ENVIRONMENT]": "goes back to the last known good; you are asked once",
        "/rollback SERVICE [ENVIRONMENT] to VERSION": "goes back to another version that was good",
        "/rollback ... planned": "goes back without hurry: read, tell, approve, then do; it stops nothing",
    },
    "See": {
        "/deploy status [SERVICE] [ENVIRONMENT]": "what is under way, and who is waited for",
        "/deploy history [SERVICE] [ENVIRONMENT]": "what was done",
    },
    "Stop": {
        "/deploy abort RUN": "ends a run before its next step",
        "/deploy lock SERVICE [ENVIRONMENT] REASON": "holds all deploys",
        "/deploy unlock SERVICE [ENVIRONMENT] [REASON]": "lets them go on; after a rollback only with a reason",
    },
    "Beside deploys": {
        "/ops": "four questions that lead to the right command; `/ops read` shows the runbooks",
        "/lkg [SERVICE] [ENVIRONMENT]": "what is last known good",
        "/incident help": "incidents: declare, update, resolve, list",
        "/drill help": "trying the way back where it harms nobody",
        "/onboard help": "a tenant through its gates",
        "/audit help": "an audit pack of what was done",
    },
}
_REASON = 160  # characters
_SERVICES = 30


def deploy_help(catalogue: Catalogue) -> str:
    """What can be typed, and for which services."""
    return _help(catalogue, _COMMANDS)


def rollback_help(catalogue: Catalogue) -> str:
    """The same, for somebody who wants to go back."""
    back = {typed: what for typed, what in _COMMANDS["Deploy and roll back"].items() if typed.startswith("/rollback")}
    back["/deploy abort RUN"] = "ends a rollback before its next step"
    return _help(catalogue, {"Roll back": back})


def _help(catalogue: Catalogue, commands: Mapping[str, Mapping[str, str]]) -> str:
    lines: list[str] = []
    for title, entries in commands.items():
        lines += [f"*{title}*", *(f"`{typed}`{words.INDENT}{what}" for typed, what in entries.items())]
    services = [f"{name}: {_environments(found)}" for name, found in catalogue.services.items()]
    more = [f"{len(services) - _SERVICES} more"] if len(services) > _SERVICES else []
    return "\n".join([*lines, "*Services*", *services[:_SERVICES], *more])


def _environments(service: Service) -> str:
    default = service.default_environment
    others = [name for name in service.environments if name != default]
    return ", ".join([f"{default} (if you name none)" if others else default, *others])


def status(runs: Sequence[Run]) -> str:
    """The runs under way."""
    return "\n".join(["*Under way*", *map(_entry, runs)]) if runs else "Nothing is under way."


def history(runs: Sequence[Run]) -> str:
    """The last runs, newest first."""
    return "\n".join(["*The last runs, newest first*", *map(_entry, runs)]) if runs else "Nothing was run yet."


def _entry(run: Run) -> str:
    """Two lines: what it is, and where it stands."""
    asked = f"{words.person(run.requester)}, {words.moment(run.requested_at)}"
    if run.because:
        asked = f"since {run.because} failed, {words.moment(run.requested_at)}"
    return f"{_sign(run)} *{run.id}* {_what(run)} · {asked}\n{words.INDENT * 2}{_where(run)}"


def _what(run: Run) -> str:
    service, version = words.line(run.service, 90), words.line(run.version, 90)
    if run.command == "rollback":
        return f"{'planned ' if run.planned else ''}rollback of {service} in {run.environment} to {version}"
    if run.command == DRILL:
        return f"drill of {service} in {run.environment}" + (f", by way of {version}" if version else "")
    if run.command == "onboard":
        return f"onboarding of {onboarding.tenant(run)} to {service} in {run.environment}, on {version}"
    return f"deploy of {service} {version} to {run.environment}"


def _sign(run: Run) -> str:
    if run.status.over:
        return {Status.SUCCEEDED: DONE, Status.FAILED: FAILED}.get(run.status, STOPPED)
    return WAITS if waits_for_people(run) else WORKS


def _where(run: Run) -> str:
    reason = words.line(run.reason, _REASON)
    took = f" in {words.span(run.ended_at - run.requested_at)}" if run.ended_at and run.requested_at else ""
    match run.status:
        case Status.SUCCEEDED:
            return f"done{took}"
        case Status.FAILED:
            return f"failed{_at(run)}: {reason}"
        case Status.ABORTED | Status.REJECTED:
            return f"{run.status} by {words.person(run.ended_by)}" + (f": {reason}" if reason else "")
        case Status.EXPIRED:
            return "ended, since nobody approved it in time"
        case Status.SUPERSEDED:
            return f"stopped by {words.person(run.ended_by)} for {run.successor}"
        case Status.PLANNING | Status.NEW:
            return "its plan is being made"
        case Status.STOPPING:
            return "being stopped"
        case _:
            return _now(run)


def _at(run: Run) -> str:
    title = words.short(run.plan.step(run.failed_step).title) if run.plan and run.failed_step else ""
    return f" at “{title}”" if title else ""


def _now(run: Run) -> str:
    """Of a run that goes on."""
    step = run.current
    if run.waits_for_approval and run.quorum:
        wanted = words.count(run.approvals_wanted, "approval")
        return f"waits for {wanted} of @{words.safe(run.quorum.group)} until {words.clock(approval_ends(run))}"
    if step is None:
        return "its plan is being made"
    if step.uses == "confirm":
        return f"waits for {lines_to_do(run)}"
    said = words.line(line_of(run, step), _REASON)
    return f"at “{words.short(step.title)}”" + (f": {said}" if said else "")
