"""Asking for a tenant's onboarding: who may, what stands in the way, on which release its gates are tried."""

from runbooks.catalogue import Catalogue
from runbooks.engine import asks
from runbooks.engine.desk import Desk
from runbooks.engine.places import find_place, where
from runbooks.engine.starts import busy_facts
from runbooks.gates import stream_of
from runbooks.releases.state import Release
from runbooks.runs import commands as run
from runbooks.tenants.state import Tenant
from runbooks.vocabulary import Quorum, Refused


def opening(catalogue: Catalogue, ask: asks.Onboard) -> tuple[list[str], list[str]]:
    """The streams and targets that it is decided from."""
    try:
        _, name, _ = find_place(catalogue, ask.service, ask.environment)
    except Refused:  # the gesture refuses it, with the nearest names
        return [], []
    tenant = stream_of(ask.service, name, ask.tenant)
    return [f"release/{ask.service}/{name}", tenant], [tenant]


def run_id(number: int) -> str:
    """The name of the run."""
    return f"T-{number}"


async def onboard(ask: asks.Onboard, desk: Desk) -> asks.Reply:
    """Start it, on the last known good of the environment. Raises Refused."""
    service, name, environment = desk.place(ask.service, ask.environment)
    desk.admit(frozenset(environment.deployers), "onboard")
    place = where(ask.service, name)
    if service.onboarding is None:
        raise Refused("no-onboarding", **place)
    target = stream_of(ask.service, name, ask.tenant)
    await _refuse_standing(desk, target)
    release: Release = desk.draft.state(f"release/{ask.service}/{name}")
    if release.known_good is None:
        raise Refused("no-known-good", **place)
    if release.astray:
        raise Refused("not-ready-to-go-live", tenant=ask.tenant, why=release.astray)
    started = run_id(desk.number)
    request = run.Request(
        by=desk.who.by,
        command="onboard",
        runbook=service.runbooks.onboarding,
        service=ask.service,
        environment=name,
        version=release.known_good.version,
        targets=frozenset({target}),
        quorum=Quorum(environment.approval.group, environment.approval.count),
        approval_seconds=int(environment.approval.expires.total_seconds()),
        target=release.known_good,
        parameters={"tenant": ask.tenant},
    )
    await desk.draft.apply(f"run/{started}", request)
    facts = {"run": started, "tenant": ask.tenant, "version": release.known_good.version, **place}
    return asks.Reply("onboarding", facts=facts)


async def _refuse_standing(desk: Desk, stream: str) -> None:
    """A tenant that is live, or that another run takes in just now."""
    tenant: Tenant = desk.draft.state(stream)
    if tenant.live is not None:
        facts = {"tenant": tenant.code, "run": tenant.live.run, "at": tenant.live.at}
        raise Refused("live-already", **facts, **where(tenant.service, tenant.environment))
    if (holder := desk.draft.holders.get(stream)) is not None:
        await desk.draft.open([holder])
        raise Refused("busy", **busy_facts(desk.draft.state(holder)), tenant=tenant.code)
