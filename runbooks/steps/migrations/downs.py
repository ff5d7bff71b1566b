"""The ways back of applied migrations: fetched from the commits that brought them, told to whoever decides."""

from collections.abc import Sequence
from dataclasses import dataclass

from runbooks.digests import digest_of
from runbooks.steps.base import Site
from runbooks.steps.migrations.database import BASELINE, Row, Script, State
from runbooks.steps.migrations.files import ChainBroken, Migration, chain, number_of
from runbooks.steps.migrations.losses import Loss, data_losses, losses
from runbooks.steps.migrations.sql import SqlRefused, analyse
from runbooks.steps.source import Source, UnknownVersion

CONSENT = "take-back-"
LOSING = "lose-"
"""Of the choices that agree to what one script takes away; they come after the consent, one after the other."""


class NoWayBack(Exception):
    """The down-scripts can't be had; the message is a sentence."""


def newer(rows: Sequence[Row], site: Site) -> tuple[Row, ...]:
    """What was applied since the release that is gone back to, newest first.

    What this run has taken back already stays among them, so that the set is the same after a cut.
    """
    if site.target is None or site.service.migrations is None:
        return ()
    floor = number_of(site.target.migrations_version)
    found = (row for row in rows if row.number > floor and row.kind != BASELINE)
    standing = (row for row in found if row.state is not State.REVERTED or row.run == site.run)
    return tuple(sorted(standing, key=lambda row: row.number, reverse=True))


@dataclass(frozen=True)
class Down:
    """One migration's way back."""

    row: Row
    script: Script
    text: str

    @property
    def losses(self) -> tuple[Loss, ...]:
        """The data that it takes away, or may."""
        return data_losses(self.script.sql)

    @property
    def told(self) -> str:
        """What it is, what it takes away, and its text."""
        half = f", left half-way by {self.row.run}" if not self.row.state.settled else ""
        lost = ", ".join(losses(self.script.sql)) or "takes no data away"
        return f"{self.script.file}, the way back of {self.row.name}{half}: {lost}\n{self.text.strip()}"


@dataclass(frozen=True)
class Downs:
    """All ways back to the target, newest first."""

    downs: tuple[Down, ...]

    @property
    def scripts(self) -> tuple[Script, ...]:
        """As they are run."""
        return tuple(down.script for down in self.downs)

    @property
    def consent(self) -> str:
        """The choice that agrees to exactly these texts."""
        return CONSENT + digest_of([[d.script.file, d.text] for d in self.downs])[:12]

    @property
    def lossy(self) -> tuple[Down, ...]:
        """Those that take data away, as they are run."""
        return tuple(down for down in self.downs if down.losses)

    def losing(self, number: int) -> str:
        """The choice that agrees to what the script of this number (from 1) among the lossy ones takes away."""
        return f"{LOSING}{number}-{self.consent.removeprefix(CONSENT)}"

    def asked_next(self, choice: str, *, at_once: bool = False) -> int | None:
        """Which lossy script is to be asked about after this choice: its number from 1; 0 where all are agreed to.

        None where the choice agrees to nothing, or to other texts. `at_once`: to run them needs no word beforehand.
        """
        agreed = [self.consent, *(self.losing(number) for number in range(1, len(self.lossy) + 1))]
        if choice not in agreed and not at_once:
            return None
        number = agreed.index(choice) + 1 if choice in agreed else 1
        return number if number <= len(self.lossy) else 0

    @property
    def label(self) -> str:
        """What the button says."""
        return f"Run {self.scripts[0].file}" if len(self.downs) == 1 else f"Run {len(self.downs)} rollback scripts"

    @property
    def told(self) -> str:
        """All of them, as they would be run."""
        return "\n\n".join(down.told for down in self.downs)


async def fetch(source: Source, site: Site, rows: Sequence[Row]) -> Downs:
    """The ways back of these migrations. Raises NoWayBack, Unreachable."""
    chains: dict[str, dict[int, Migration]] = {}
    for commit in {row.commit for row in rows}:
        chains[commit] = {m.number: m for m in await _chain(source, site, commit)}
    return Downs(tuple(_down(row, chains[row.commit].get(row.number)) for row in rows))


async def _chain(source: Source, site: Site, commit: str) -> tuple[Migration, ...]:
    settings = site.service.migrations
    if settings is None:
        return ()
    try:
        return chain(await source.files(site.service.source.repository, commit, settings.folder))
    except UnknownVersion as cause:
        raise NoWayBack(cause.sentence) from cause
    except ChainBroken as cause:
        raise NoWayBack(str(cause)) from cause


def _down(row: Row, migration: Migration | None) -> Down:
    if migration is None or not migration.rollback:
        raise NoWayBack(f"{row.name} has no rollback script in {row.commit[:7]}, the commit it was applied from.")
    try:
        sql = analyse(migration.rollback, migration.rollback_text)
    except SqlRefused as cause:
        raise NoWayBack(str(cause)) from cause
    script = Script(
        migration=row.name,
        number=row.number,
        checksum=row.checksum,
        commit=row.commit,
        file=migration.rollback,
        sql=sql,
        goal=State.REVERTED,
    )
    return Down(row, script, migration.rollback_text)
