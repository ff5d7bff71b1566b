"""One rehearsal: each migration up, back and up again, on an empty scratch database and on one with rows. Pure.

What it asks of a scratch database stands in `runbooks/rehearsal/scratch.py`, what comes of it in
`runbooks/rehearsal/verdict.py`.
"""

from collections.abc import Mapping, Sequence

from runbooks.rehearsal.blame import blame
from runbooks.rehearsal.catalogs import differences
from runbooks.rehearsal.losses import in_part, losses, written
from runbooks.rehearsal.scratch import (
    Contents,
    File,
    Filled,
    Pair,
    RehearsalFailed,
    Rehearsals,
    RehearsalUnfit,
    Scratch,
)
from runbooks.rehearsal.sheet import AGAIN, Sheet, judged
from runbooks.rehearsal.things import Difference, Fingerprint
from runbooks.rehearsal.touched import touched
from runbooks.rehearsal.verdict import Verdict

__all__ = [
    "Contents",
    "File",
    "Filled",
    "Pair",
    "RehearsalFailed",
    "RehearsalUnfit",
    "Rehearsals",
    "Scratch",
    "rehearse",
]

_UP, _BACK, _SINCE = "up", "back", "back, after rows were written"
_ALL_BACK, _ALL_UP = "all back, newest first", "all up again"


async def rehearse(pairs: Sequence[Pair], rehearsals: Rehearsals) -> Verdict:
    """Try the way back of these new migrations, oldest first. Raises Unreachable, RehearsalUnfit."""
    turns = []
    for with_rows in (False, True):
        async with rehearsals.scratch() as scratch:
            turn = _Turn(scratch, pairs, with_rows=with_rows)
            await turn.take()
            turns.append(turn.sheets)
    return Verdict(tuple(judged(empty, filled) for empty, filled in zip(*turns, strict=True)))


class _Stop(Exception):
    """The chain can't go on from here: what stands is neither before nor after."""


class _Turn:
    """All migrations on one scratch database."""

    def __init__(self, scratch: Scratch, pairs: Sequence[Pair], *, with_rows: bool) -> None:
        self._scratch = scratch
        self._with_rows = with_rows
        self.sheets = [Sheet(pair, with_rows) for pair in pairs]

    async def take(self) -> None:
        """Each by itself, then all together."""
        before = await self._scratch.fingerprint()
        for at, sheet in enumerate(self.sheets):
            try:
                await self._alone(sheet)
            except _Stop:
                for later in self.sheets[at + 1 :]:
                    later.skipped = sheet.up
                return
        if len(self.sheets) > 1 and all(s.pair.back and not s.findings and not s.failures for s in self.sheets):
            await self._together(before)

    async def _alone(self, sheet: Sheet) -> None:
        await self._fill(sheet)
        before, rows = await self._scratch.fingerprint(), await self._rows(sheet)
        between = await self._up(sheet, before, _UP)
        sheet.look_at_indexes(before, between)
        if sheet.pair.back is None:
            sheet.compare(before, between, between, notes=False)
            return
        if not await self._back(sheet, between, _BACK):
            return
        sheet.compare(before, await self._scratch.fingerprint(), between)
        if rows:
            found = await self._scratch.contents(rows)
            sheet.compared_in_part(in_part(rows, found))
            sheet.lose(*losses(rows, found))
        sheet.compare_again(between, await self._up(sheet, before, AGAIN))
        if self._with_rows:
            await self._since(sheet, before)

    async def _since(self, sheet: Sheet, before: Fingerprint) -> None:
        """Once more back, with rows as the new schema admits them."""
        already = await self._rows(sheet)
        await self._fill(sheet)
        between, rows = await self._scratch.fingerprint(), await self._rows(sheet)
        if not await self._back(sheet, between, _SINCE):
            return
        sheet.compare(before, await self._scratch.fingerprint(), between, notes=False)
        found = await self._scratch.contents(rows)
        sheet.compared_in_part(in_part(rows, found))
        since = {table: written(already.get(table), all_rows) for table, all_rows in rows.items() if table in found}
        sheet.lose(*losses(since, found, since=True))  # what the way forward made goes back with it
        await self._up(sheet, before, AGAIN)

    async def _up(self, sheet: Sheet, before: Fingerprint, turn: str) -> Fingerprint:
        try:
            await self._scratch.run(sheet.pair.up.name, sheet.pair.up.text)
        except RehearsalFailed as cause:
            after = await self._scratch.fingerprint()
            sheet.fail(cause, turn, differences(before, after) if turn == _UP else ())
            raise _Stop from cause
        return await self._scratch.fingerprint()

    async def _back(self, sheet: Sheet, between: Fingerprint, turn: str) -> bool:
        """Run the way back; False where it failed and nothing of it stands, so that the chain can go on."""
        back = sheet.pair.back
        assert back is not None  # noqa: S101 # asked by all callers
        try:
            await self._scratch.run(back.name, back.text)
        except RehearsalFailed as cause:
            half = [each for each in differences(between, await self._scratch.fingerprint()) if not each.note]
            sheet.fail(cause, turn, half)
            if half:
                raise _Stop from cause
            return False
        return True

    async def _together(self, before: Fingerprint) -> None:
        between = await self._scratch.fingerprint()
        try:
            for sheet in reversed(self.sheets):
                if not await self._back(sheet, between, _ALL_BACK):
                    return
            after = await self._scratch.fingerprint()
            for difference in differences(before, after):
                if not difference.note:
                    self._find(difference, between)
            for sheet in self.sheets:
                await self._up(sheet, before, _ALL_UP)
        except _Stop:
            return

    def _find(self, difference: Difference, between: Fingerprint) -> None:
        """What only all together leave, with the newest that names it."""
        found = [(sheet, blame(difference, sheet.pair, between)) for sheet in reversed(self.sheets)]
        sheet, fault = next((each for each in found if each[1].line), found[0])
        sheet.find(difference, fault)

    async def _fill(self, sheet: Sheet) -> None:
        if self._with_rows and (tables := await self._tables(sheet)):
            sheet.not_filled((await self._scratch.fill(tables)).unfilled)

    async def _rows(self, sheet: Sheet) -> Mapping[str, Contents]:
        return await self._scratch.contents(await self._tables(sheet)) if self._with_rows else {}

    async def _tables(self, sheet: Sheet) -> tuple[str, ...]:
        return touched((sheet.pair.up, sheet.pair.back), await self._scratch.fingerprint())
