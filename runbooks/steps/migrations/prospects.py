"""What pending migrations will meet in the database: what they lock, how large that is, what a linter says of them.

It is shown, and nothing of it enters the plan's digest: sizes move by themselves.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from runbooks.catalogue import Migrations
from runbooks.steps.base import Site
from runbooks.steps.migrations.database import DatabaseUnfit
from runbooks.steps.migrations.files import Migration
from runbooks.steps.migrations.lint import BY_ITSELF, Flaw, Linter, NotLinted, flaw_lines
from runbooks.steps.migrations.lock_lines import lock_lines
from runbooks.steps.migrations.locks import locks_of
from runbooks.steps.migrations.names import mentioned
from runbooks.steps.migrations.relations import Catalogs, Relations
from runbooks.steps.migrations.sql import Kind, Sql, analyse
from runbooks.vocabulary import PlanningFailed, Unreachable

_PAGE = 2200  # characters of one message in the thread


@dataclass(frozen=True)
class Prospect:
    """Lines for the plan, and texts for the thread of its card."""

    lines: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()


@dataclass(frozen=True)
class Prospects:
    """Looks at migrations before they are approved."""

    catalogs: Catalogs
    linter: Linter

    async def of(self, site: Site, migrations: Sequence[Migration]) -> Prospect:
        """What these meet, in the order in which they are applied.

        Raises PlanningFailed where the catalogue refuses what the linter finds.
        """
        settings = site.service.migrations
        if settings is None or not migrations:
            return Prospect()
        files = [(each, analyse(each.name, each.text)) for each in migrations]
        facts = await self._facts(site, [sql for _, sql in files])
        held = zip([each.name for each in migrations], locks_of([sql for _, sql in files], facts), strict=True)
        locks = tuple(lock_lines(list(held), facts, large=settings.large_table))
        try:
            flaws = await self._flaws(files, settings, facts.server)
        except NotLinted as cause:
            _refuse(settings, f"The migrations were not linted: {cause}.")
            return Prospect((*locks, f"⚠️ Not linted: {cause}"))
        if flaws:
            _refuse(settings, f"{flaws[0].full} {_more(flaws)}")
        return Prospect((*locks, *flaw_lines(flaws)), tuple(_pages(flaws)))

    async def _facts(self, site: Site, sqls: Sequence[Sql]) -> Relations:
        relations, functions, types = mentioned(sqls)
        try:
            return await self.catalogs.relations(site, relations, functions=functions, types=types)
        except (Unreachable, DatabaseUnfit) as cause:
            return Relations(why_not=str(cause))

    async def _flaws(
        self, files: Sequence[tuple[Migration, Sql]], settings: Migrations, server: str
    ) -> tuple[Flaw, ...]:
        exclude = sorted(BY_ITSELF | set(settings.lint.exclude))
        found: list[Flaw] = []
        for migration, sql in files:
            plain = sql.kind is Kind.PLAIN
            found += await self.linter.lint(
                migration.name, migration.text, server=server, in_transaction=plain, exclude=exclude
            )
        return tuple(found)


def _refuse(settings: Migrations, sentence: str) -> None:
    """Where the catalogue wants migrations that the linter has nothing against."""
    if settings.lint.findings == "refuse":
        text = " ".join(sentence.split())
        raise PlanningFailed(f"{text} The catalogue refuses it (`migrations.lint.findings`).")


def _more(flaws: Sequence[Flaw]) -> str:
    more = len(flaws) - 1
    return f"And {more} more like this." if more else ""


def _pages(flaws: Sequence[Flaw]) -> Iterator[str]:
    """All findings in full, as many to a message as it takes."""
    page: list[str] = []
    for text in (flaw.full[:_PAGE] for flaw in flaws):
        if page and len("\n\n".join([*page, text])) > _PAGE:
            yield "\n\n".join(page)
            page = []
        page.append(text)
    if page:
        yield "\n\n".join(page)
