"""What fits in a catalogue and still can't work: names that commands take, approvals that nobody can give."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from runbooks.catalogue.environments import Approval, Environment, Health
from runbooks.catalogue.services import Service
from runbooks.catalogue.whole import Catalogue

SERVICE_WORDS = frozenset(("help", "status", "history", "abort", "lock", "unlock", "planned"))
"""What stands first after `/deploy` or `/rollback` and is no service."""
ENVIRONMENT_WORDS = frozenset(("to", "planned"))
"""What stands after the service in `/rollback` and is no environment."""


_ELSEWHERE = "let drills be in an environment before it, such as staging"


@dataclass(frozen=True)
class Nonsense:
    """One fault: the keys that lead to it, what is wrong, and what would be right."""

    loc: tuple[str | int, ...]
    wrong: str
    right: str


def nonsense(catalogue: Catalogue) -> Iterator[Nonsense]:
    """Every such fault."""
    yield from _two_people(catalogue)
    for name, service in catalogue.services.items():
        at = ("services", name)
        if name in SERVICE_WORDS:
            yield Nonsense(
                at, f"a service can't be called `{name}`: commands take that word for their own", "rename it"
            )
        yield from _twice(at, service)
        yield from _in_circles(at, service)
        for place, environment in service.environments.items():
            here = (*at, "environments", place)
            if place in ENVIRONMENT_WORDS:
                wrong = f"an environment can't be called `{place}`: `/rollback` takes that word for its own"
                yield Nonsense(here, wrong, "rename it")
            yield from _no_rehearsal(catalogue, (*here, "rehearsal"), environment)
            yield from _drilled_in_production((*here, "drill"), service, place)
            yield from _never_healthy((*here, "health"), environment.health)
            yield from _unreachable(catalogue, (*here, "approval"), environment.approval, environment.deployers)
        if service.audit_approval:
            places = service.environments.values()
            askers = [group for each in places for group in (*each.deployers, each.approval.group)]
            yield from _unreachable(catalogue, (*at, "audit-approval"), service.audit_approval, askers)


def _two_people(catalogue: Catalogue) -> Iterator[Nonsense]:
    """One e-mail, written in two ways, with two ids."""
    seen: dict[str, str] = {}
    for email, person in catalogue.people.items():
        if seen.setdefault(email.casefold(), person) != person:
            wrong = f"`{email}` is another person above, where only the case of its letters differs"
            yield Nonsense(("people", email), wrong, "keep one of them")


def _no_rehearsal(catalogue: Catalogue, at: tuple[str | int, ...], environment: Environment) -> Iterator[Nonsense]:
    """A rehearsal of nothing, or one in a database that is in use."""
    if environment.rehearsal is None:
        return
    if environment.database is None:
        yield Nonsense(at, "there is no `database` whose migrations could be rehearsed", "name it, or leave this out")
    used = {each.database for service in catalogue.services.values() for each in service.environments.values()}
    if environment.rehearsal in used:
        wrong = f"`{environment.rehearsal}` is the database of an environment"
        yield Nonsense(at, wrong, "name a variable that leads to another server, for scratch databases alone")


def _drilled_in_production(at: tuple[str | int, ...], service: Service, place: str) -> Iterator[Nonsense]:
    """A drill changes its place; the usual one of several is taken for production, where nothing says so."""
    environment, several = service.environments[place], len(service.environments) > 1
    if environment.drill is None:
        return
    if environment.production:
        yield Nonsense(at, f"`{place}` is production, where nothing is tried for practice", _ELSEWHERE)
    elif several and place == service.default_environment:
        wrong = f"`{place}` is the `default-environment`, which is taken for production: nothing is tried there"
        yield Nonsense(at, wrong, _ELSEWHERE)


def _never_healthy(at: tuple[str | int, ...], health: Health) -> Iterator[Nonsense]:
    if (health.passes - 1) * health.interval.total_seconds() > health.timeout.total_seconds():
        wrong = f"{health.passes} passes at this `interval` take longer than `timeout`, so it never counts as healthy"
        yield Nonsense((*at, "timeout"), wrong, "raise `timeout`, or ask for fewer `passes`")


def _twice(at: tuple[str, str], service: Service) -> Iterator[Nonsense]:
    seen: set[str] = set()
    for index, workload in enumerate(service.workloads):
        if workload.deployment in seen:
            wrong = f"the deployment `{workload.deployment}` stands here twice"
            yield Nonsense((*at, "workloads", index, "deployment"), wrong, "name all its containers in one entry")
        seen.add(workload.deployment)


def _in_circles(at: tuple[str, str], service: Service) -> Iterator[Nonsense]:
    """Environments that wait for each other: no new migration could be tried first in any of them."""
    for name, environment in service.environments.items():
        passed, place = [name], environment.proven_in
        while place is not None and place not in passed:
            passed.append(place)
            place = service.environments[place].proven_in
        if place == name == next(each for each in service.environments if each in passed):  # once per circle
            others = " and ".join(f"`{each}`" for each in passed[1:])
            wrong = f"`{name}` waits for migrations to be tried in {others}, and that for `{name}`"
            yield Nonsense((*at, "environments", name, "proven-in"), wrong, "let one of them try them first")


def _unreachable(
    catalogue: Catalogue, at: tuple[str | int, ...], approval: Approval, askers: Collection[str]
) -> Iterator[Nonsense]:
    """Too few people for the approvals, where the catalogue itself lists them; nobody's own approval counts."""
    group = catalogue.groups[approval.group]
    if group.slack:
        return
    may_ask = [catalogue.groups[name] for name in askers]
    who = frozenset[str]().union(*(each.members for each in may_ask))
    open_ended = not who or any(each.slack for each in may_ask)
    best = len(group.members) if open_ended else max(len(group.members - {one}) for one in who)
    if best < approval.count:
        wanted = f"{approval.count} approval{'s' if approval.count > 1 else ''}"
        people = f"{best} {'person' if best == 1 else 'people'}" if best else "nobody"
        besides = " besides whoever asks, whose own does not count" if best < len(group.members) else ""
        wrong = f"`{approval.group}` can't give {wanted}: it has {people}{besides}"
        yield Nonsense((*at, "count"), wrong, "add people to it, or lower `count`")
