"""How these tests read findings."""

from collections.abc import Iterable, Sequence

from bot.doctor.asking import ask
from bot.doctor.finding import Check, Finding, Verdict


async def found(checks: Iterable[Check], *, within: float = 20) -> list[Finding]:
    """What the checks find; patient, since a busy machine is no fault."""
    return await ask(checks, within=within)


def faults(findings: Sequence[Finding]) -> list[Finding]:
    """Those that do not hold; each of them says how to mend it."""
    not_holding = [each for each in findings if each.verdict is not Verdict.OK]
    assert all(each.mend for each in not_holding), not_holding
    return not_holding


def only_fault(findings: Sequence[Finding]) -> Finding:
    """The one that does not hold."""
    [fault] = faults(findings)
    return fault
