"""Who is in which group now (fail closed: a look-up that fails denies), and which groups may do what."""

from collections.abc import Iterable
from contextlib import suppress
from typing import Protocol

from runbooks.catalogue import Catalogue, Environment
from runbooks.engine.asks import Declare
from runbooks.engine.places import find_place
from runbooks.incidents.findings import Finding
from runbooks.incidents.incident import Incident
from runbooks.releases.state import Release
from runbooks.runs.state import Run
from runbooks.tenants.state import Tenant
from runbooks.vocabulary import Actor, Refused


class Members(Protocol):
    """The catalogue's groups, as Slack or the catalogue has them."""

    async def of(self, group: str) -> frozenset[Actor]:
        """Everybody in the group, at most 60 s old. Raises Unreachable where it can't be known within 1 s."""
        ...

    async def groups_of(self, by: Actor, among: frozenset[str]) -> frozenset[str]:
        """Which of these groups the person is in; as old, and as soon, as for one. Raises Unreachable."""
        ...


def operators(catalogue: Catalogue, run: Run) -> tuple[str, ...]:
    """The groups that may tick, decide and abort: whoever may start such a run, and its approvers.

    In the catalogue's order; none where the catalogue no longer has the environment.
    """
    place = catalogue.place(run.service, run.environment)
    if place is None:
        return ()
    starters = place.rollers_back if run.command == "rollback" else place.deployers
    return tuple(dict.fromkeys([*starters, place.approval.group]))


def concerned(place: Environment) -> frozenset[str]:
    """The groups that may lock, unlock and acknowledge: all that may start or approve anything there."""
    return frozenset({*place.deployers, *place.rollers_back, place.approval.group})


def at_stake(catalogue: Catalogue, ask: object, states: Iterable[object]) -> frozenset[str]:
    """The groups that can matter to an ask which these states were opened for: each is a question to Slack."""
    about = [each for each in states if isinstance(each, Release | Run | Finding | Incident | Tenant)]
    places = [catalogue.place(each.service, each.environment) for each in about]
    if isinstance(ask, Declare):
        with suppress(Refused):  # the gesture refuses it, with the nearest names
            places.append(find_place(catalogue, ask.service, ask.environment)[2])
    asked = {each.quorum.group for each in about if isinstance(each, Run) and each.quorum}
    return frozenset(asked).union(*(concerned(place) for place in places if place))
