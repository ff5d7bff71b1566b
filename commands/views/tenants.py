"""Private answers to `/onboard help`, `status` and `list`: which gates a tenant passed, and whether it is live."""

from collections.abc import Sequence
from dataclasses import dataclass

from commands.views import words
from commands.views.steps import AHEAD, DONE, FAILED
from runbooks.gates import Gate
from runbooks.tenants.decide import refusal
from runbooks.tenants.state import Tenant, Tried
from runbooks.vocabulary import KnownGood

HELP = "\n".join(
    f"`{typed}`{words.INDENT}{what}"
    for typed, what in {
        "/onboard TENANT [SERVICE] [ENVIRONMENT]": "tries the four gates, and goes live once they are approved",
        "/onboard status TENANT": "which gates it passed on which release, and what is lacking",
        "/onboard list": "all tenants that were ever begun",
        "/onboard help": "this",
    }.items()
)
_REASON = 200  # characters
_MOST = 40  # tenants of a list


@dataclass(frozen=True)
class Standing:
    """A tenant, the run that onboards it just now ("" for none), and the last known good of the place.

    `astray`: why that is not known to be what runs there, as a sentence; "" where it is.
    """

    tenant: Tenant
    run: str = ""
    running: KnownGood | None = None
    astray: str = ""


def status(found: Sequence[Standing], code: str) -> str:
    """Everything that is recorded of one tenant, place by place."""
    known = [each for each in found if each.tenant.known or each.run]
    if not known:
        return f"Nothing is recorded of {words.line(code, 90)}. `/onboard {words.line(code, 90)}` begins."
    return "\n".join(line for each in known for line in _of_one(each))


def _of_one(standing: Standing) -> list[str]:
    tenant = standing.tenant
    under_way = f" · {standing.run} is under way" if standing.run else ""
    gates = [f"{words.INDENT}{_gate(gate, tenant.gates.get(gate))}" for gate in Gate]
    return [
        f"{_name(tenant)} · {_place(tenant)}{under_way}",
        *gates,
        f"{words.INDENT}{_so(standing)}",
    ]


def _gate(gate: Gate, tried: Tried | None) -> str:
    if tried is None:
        return f"{AHEAD} {gate.called}: not tried"
    on = f"{words.line(tried.release, 60)} {words.commit(tried.commit)} · {tried.run} {words.moment(tried.at)}"
    if tried.passed:
        return f"{DONE} {gate.called}: passed on {on}"
    return f"{FAILED} {gate.called}: failed on {on} · {words.line(tried.reason, _REASON)}"


def _so(standing: Standing) -> str:
    """What follows from all that."""
    tenant, running = standing.tenant, standing.running
    if tenant.live is not None:
        return f"{DONE} {_live(tenant)}"
    if running is None:
        return "Not live: no last known good is recorded there."
    again = f"`/onboard {words.line(tenant.code, 90)} {_place(tenant)}` tries all 4 gates again."
    if standing.astray:
        return (
            f"Not live. {words.line(standing.astray)} Nobody goes live there before that is put right; then {again}"
        )
    why = refusal(tenant, commit=_passed_on(tenant) or running.commit, running=running.commit)
    if why:
        return f"Not live. {words.line(why)}"
    if standing.run:
        return "Not live yet: all 4 gates are passed, the approval is lacking."
    return f"Not live: all 4 gates are passed, but no run is under way that could be approved. {again}"


def _passed_on(tenant: Tenant) -> str:
    """The one release that all gates were passed on; "" where there is none."""
    commits = {tried.commit if tried.passed else "" for tried in tenant.gates.values()}
    return commits.pop() if len(tenant.gates) == len(Gate) and len(commits) == 1 else ""


def _live(tenant: Tenant) -> str:
    live = tenant.live
    assert live is not None  # noqa: S101  # asked by its callers
    by = f", approved by {words.people(live.approved_by)}" if live.approved_by else ""
    on = f"{words.line(live.release, 60)} {words.commit(live.commit)}"
    return f"Live since {words.moment(live.at)} on {on}, {live.run}{by}."


def listed(tenants: Sequence[Tenant]) -> str:
    """A line each, the newest first."""
    if not tenants:
        return "No tenant was begun yet. `/onboard TENANT` begins."
    lines = [f"{DONE if each.live else AHEAD} {_name(each)} · {_place(each)} · {_brief(each)}" for each in tenants]
    more = [f"{len(lines) - _MOST} more; `/onboard status TENANT` tells of each."] if len(lines) > _MOST else []
    return "\n".join(["*Tenants, the newest first*", *lines[:_MOST], *more])


def _brief(tenant: Tenant) -> str:
    if tenant.live is not None:
        return f"live since {words.moment(tenant.live.at)}"
    if failed := [gate.called for gate, tried in tenant.gates.items() if not tried.passed]:
        return f"not live: {', '.join(failed)} failed"
    passed = len(tenant.gates)
    return f"not live: {passed} of {len(Gate)} gates passed"


def _name(tenant: Tenant) -> str:
    return f"*{words.line(tenant.code, 90)}*"


def _place(tenant: Tenant) -> str:
    return f"{words.line(tenant.service, 90)} {words.line(tenant.environment, 90)}"
