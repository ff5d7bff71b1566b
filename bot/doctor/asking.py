"""Asks all checks side by side: each bounded in time, and none hides another that does not depend on it."""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import replace

from bot.doctor.finding import Check, Finding
from bot.settings import SettingsError
from runbooks.vocabulary import Unreachable

_AT_ONCE = 8


async def ask(checks: Iterable[Check], *, within: float) -> list[Finding]:
    """What all of them find, in their order."""
    slots = asyncio.Semaphore(_AT_ONCE)
    found = await asyncio.gather(*(_one(check, slots=slots, within=within) for check in checks))
    return [finding for each in found for finding in each]


async def _one(check: Check, *, slots: asyncio.Semaphore, within: float) -> Sequence[Finding]:
    async with slots:
        finding = await _look(check, within)
    if not finding.holds:
        return [_with_rest(finding, check.size - 1)]
    then = await asyncio.gather(*(_one(each, slots=slots, within=within) for each in check.then))
    return [finding, *(inner for each in then for inner in each)]


async def _look(check: Check, within: float) -> Finding:
    try:
        async with asyncio.timeout(within):
            return await check.look()
    except TimeoutError:
        return check.subject.missing(f"there was no answer within {within:g} s", check.mend)
    except (Unreachable, SettingsError) as cause:
        return check.subject.missing(str(cause), check.mend)
    except Exception as cause:  # one check that breaks hides no other; its message may hold a secret
        return check.subject.wrong(f"it could not be looked at ({type(cause).__name__})", check.mend)


def _with_rest(finding: Finding, waiting: int) -> Finding:
    if not waiting:
        return finding
    rest = "another check waits" if waiting == 1 else f"{waiting} more checks wait"
    return replace(finding, says=f"{finding.says.rstrip('.')} ({rest} for this one)")
