"""What can be asked of a tenant, what comes of it, and how its state follows. Pure."""

from dataclasses import dataclass, replace
from datetime import datetime

from runbooks.gates import Gate
from runbooks.tenants import events as e
from runbooks.tenants.state import Live, Tenant, Tried
from runbooks.vocabulary import OPSBOT, Actor, Refused


@dataclass(frozen=True)
class Pass:
    """A gate was passed on a release."""

    gate: Gate
    commit: str
    release: str
    run: str
    by: Actor = OPSBOT


@dataclass(frozen=True)
class Fail:
    """A gate was not passed."""

    gate: Gate
    commit: str
    release: str
    run: str
    reason: str
    by: Actor = OPSBOT


@dataclass(frozen=True)
class GoLive:
    """Let the tenant in. `running`: the commit of the release that is known to run there."""

    commit: str
    release: str
    run: str
    running: str
    approved_by: tuple[Actor, ...] = ()
    by: Actor = OPSBOT


Command = Pass | Fail | GoLive


def start(stream: str) -> Tenant:
    """The tenant before its first event, for the stream `tenant/SERVICE/ENVIRONMENT/CODE`."""
    _, service, environment, code = stream.split("/")
    return Tenant(service, environment, code)


def decide(tenant: Tenant, command: Command, now: datetime) -> list[e.Event]:
    """The events that the command causes; Refused where it may not go live."""
    match command:
        case Pass(gate, commit, release, run, by):
            return [e.GatePassed(by, now, gate, commit, release, run)]
        case Fail(gate, commit, release, run, reason, by):
            return [e.GateFailed(by, now, gate, commit, release, run, reason)]
        case GoLive() if tenant.live is not None and tenant.live.run == command.run:
            return []
        case GoLive():
            return [_live(tenant, command, now)]


def _live(tenant: Tenant, command: GoLive, now: datetime) -> e.WentLive:
    if why := refusal(tenant, commit=command.commit, running=command.running):
        raise Refused("not-ready-to-go-live", tenant=tenant.code, why=why)
    passes = {gate: tenant.gates[gate].event for gate in Gate}
    return e.WentLive(command.by, now, command.commit, command.release, command.run, passes, command.approved_by)


def refusal(tenant: Tenant, *, commit: str, running: str) -> str:
    """Why it may not go live on this release, as a sentence; "" where it may."""
    if tenant.live is not None:
        return f"{tenant.code} is live in {tenant.environment} already, since {tenant.live.run}."
    if running != commit:
        return (
            f"The gates were passed on {commit[:7]}, and {tenant.environment} is known to run "
            f"{running[:7] or 'nothing'} now. Run all 4 gates again on one release."
        )
    if lacking := tenant.lacking(commit):
        named = ", ".join(gate.called for gate in lacking)
        return f"{len(lacking)} of 4 gates not passed on {commit[:7]}: {named}."
    return ""


def evolve(tenant: Tenant, event: e.Event) -> Tenant:
    """The tenant after the event."""
    number = tenant.events + 1
    match event:
        case e.GatePassed(at=at, gate=gate, commit=commit, release=release, run=run):
            tried = Tried(passed=True, commit=commit, release=release, run=run, at=at, event=number)
            return replace(tenant, events=number, gates={**tenant.gates, gate: tried})
        case e.GateFailed(at=at, gate=gate, commit=commit, release=release, run=run, reason=reason):
            tried = Tried(passed=False, commit=commit, release=release, run=run, at=at, event=number, reason=reason)
            kept_out = (*(other for other in tenant.kept_out if other != run), run)
            return replace(tenant, events=number, gates={**tenant.gates, gate: tried}, kept_out=kept_out)
        case e.WentLive(at=at, commit=commit, release=release, run=run, approved_by=approved_by):
            return replace(tenant, events=number, live=Live(at, commit, release, run, approved_by))
