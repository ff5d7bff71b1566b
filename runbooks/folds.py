"""The rooms that keep state: how each one's streams are read, and how each one decides."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Any

from runbooks.audit import packs, requests
from runbooks.drills import decide as drills
from runbooks.drills import events as drill_events
from runbooks.drills import state as drill_state
from runbooks.incidents import findings, handling, incident
from runbooks.releases import decide as release
from runbooks.releases import events as release_events
from runbooks.releases import state as release_state
from runbooks.runs import decide as run_decide
from runbooks.runs import events as run_events
from runbooks.runs import evolve as run_evolve
from runbooks.runs import state as run_state
from runbooks.store import Fold
from runbooks.tenants import decide as tenants
from runbooks.tenants import events as tenant_events
from runbooks.tenants import state as tenant_state


@dataclass(frozen=True)
class Room:
    """A decider: its fold, and `decide(state, command, now) -> events`."""

    fold: Fold
    decide: Callable[[Any, Any, Any], list[Any]]


@cache
def rooms() -> Mapping[str, Room]:
    """All rooms by the prefix of their streams."""
    run = Fold(
        name="run",
        number=12,
        start=run_evolve.start,
        evolve=run_evolve.evolve,
        events=run_events.Event,
        states=run_state.Run,
        held=run_state.held,
        due=run_state.due,
        outstanding=run_state.outstanding,
    )
    kept = Fold("release", 9, release.start, release.evolve, release_events.Event, release_state.Release)
    tenant = Fold("tenant", 1, tenants.start, tenants.evolve, tenant_events.Event, tenant_state.Tenant)
    audit = Fold(
        "audit",
        2,
        packs.start,
        packs.evolve,
        packs.Event,
        requests.Packs,
        due=requests.due,
        outstanding=requests.outstanding,
    )
    finding = Fold(
        "finding",
        6,
        findings.start,
        findings.evolve,
        findings.Event,
        findings.Finding,
        outstanding=findings.outstanding,
    )
    drilled = Fold(
        "drill",
        1,
        drill_state.start,
        drill_state.evolve,
        drill_events.Event,
        drill_state.Drills,
        due=drill_state.due,
    )
    opened = Fold(
        "incident",
        4,
        incident.start,
        incident.evolve,
        incident.Event,
        incident.Incident,
        outstanding=incident.outstanding,
    )
    return MappingProxyType(
        {
            "audit": Room(audit, packs.decide),
            "drill": Room(drilled, drills.decide),
            "run": Room(run, run_decide.decide),
            "release": Room(kept, release.decide),
            "finding": Room(finding, findings.decide),
            "tenant": Room(tenant, tenants.decide),
            "incident": Room(opened, handling.decide),
        }
    )


def folds() -> Mapping[str, Fold]:
    """The fold of each room."""
    return {name: room.fold for name, room in rooms().items()}
