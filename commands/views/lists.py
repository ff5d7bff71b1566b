"""Private answers to `/deploy help`, `status` and `history`."""

from commands.views import words
from runbooks.catalogue import Catalogue
from runbooks.runs.state import Run


def deploy_help(catalogue: Catalogue) -> str:
    """What can be typed, and for which services."""
    services = ", ".join(f"{name} ({', '.join(s.environments)})" for name, s in catalogue.services.items())
    return "\n".join(
        [
            "*`/deploy SERVICE VERSION [ENVIRONMENT]`* runs the deployment checklist.",
            "VERSION is a tag, a commit (full or short) or a branch.",
            "`/deploy status` what is under way · `/deploy history [SERVICE] [ENVIRONMENT]` what was done",
            "`/deploy abort RUN` ends a run before its next step",
            "`/deploy lock SERVICE [ENVIRONMENT] REASON` stops deploys · `/deploy unlock SERVICE [ENVIRONMENT]`",
            "`/rollback SERVICE [ENVIRONMENT] [to VERSION]` goes back to the last known good",
            f"Services: {services}",
        ]
    )


def status(runs: list[Run]) -> str:
    """The runs under way, one line each."""
    return "\n".join(_line(run) for run in runs) if runs else "Nothing is under way."


def history(runs: list[Run]) -> str:
    """The last runs, newest first."""
    return "\n".join(_line(run) for run in runs) if runs else "Nothing was run yet."


def _line(run: Run) -> str:
    doing = "deploy" if run.command == "deploy" else "rollback"
    at = words.day(run.requested_at) if run.requested_at else ""
    return (
        f"*{run.id}* {doing} {words.safe(run.service)} {words.safe(run.version)} in {run.environment} · "
        f"{_where(run)} · {words.person(run.requester)} {at}"
    )


def _where(run: Run) -> str:
    if run.status.over:
        return f"{run.status}" + (f": {words.safe(run.reason, 200)}" if run.reason else "")
    if run.waits_for_approval:
        return "waits for approval"
    return f"at “{words.safe(run.current.title)}”" if run.current else str(run.status)
