"""The rehearsal servers of all places, as the catalogue names them."""

from collections.abc import Callable, Sequence

from bot.adapters.rehearsal.acting import Acting, acting, let_migrate, refuse
from bot.adapters.rehearsal.addresses import with_database, with_options
from bot.adapters.rehearsal.roles import restore
from bot.adapters.rehearsal.running import run_file
from bot.adapters.rehearsal.scratch import STATEMENTS, Place, PlaceRehearsals, drop, give_up, mark_lent, prefix, unfit
from bot.adapters.rehearsal.server import Address, Addresses, Server
from bot.adapters.rehearsal.statements import statement
from runbooks.catalogue import Catalogue
from runbooks.rehearsal.scratch import File
from runbooks.steps.base import Site
from runbooks.steps.migrations.database import State
from runbooks.steps.migrations.files import Migration
from runbooks.steps.migrations.planning import MigrationPlanner


class RehearsalServers:
    """Makes the rehearsals of a place. `url_of` gives the address that a variable's name stands for."""

    def __init__(self, url_of: Callable[[str], str], catalogue: Catalogue, planner: MigrationPlanner) -> None:
        self._addresses = Addresses(url_of)
        self._catalogue = catalogue
        self._planner = planner

    def of(self, site: Site) -> PlaceRehearsals:
        """That of this site's environment. Raises RehearsalUnfit where it names none."""
        place, settings = place_of(self._catalogue, site, self._planner), site.service.migrations
        return PlaceRehearsals(self._addresses, place, settings.statement_timeout if settings else STATEMENTS)

    async def lend(self, site: Site, files: Sequence[File]) -> str:
        """Make a scratch database with the real schema and these files on top; its address, for a program to use.

        Where the environment names the service's role, the program acts as it, and files run as who migrates the real
        database. It stands until it is taken back. Raises RehearsalFailed, RehearsalUnfit, Unreachable.
        """
        rehearsals, who = self.of(site), await self._acting(site)
        async with rehearsals.alone() as (overseer, here):
            name, before = await rehearsals.made(overseer, here)
            try:
                if who is not None:
                    await self._let(rehearsals, name, here, who)
                await self._run(rehearsals, name, files, who.migrating if who else "")
                await mark_lent(overseer, name, before)
            except BaseException:
                await drop(overseer, name)
                await restore(overseer, before)
                raise
        address = with_database(self._addresses.url_of(rehearsals.place.rehearsal.variable), name)
        return with_options(address, who.options if who else "")

    async def _acting(self, site: Site) -> Acting | None:
        if site.environment.service_role is None:
            return None
        real = place_of(self._catalogue, site, self._planner).real
        async with self._addresses.connected(real) as connection:
            return await acting(connection, site.environment.service_role, real.what)

    async def _let(self, rehearsals: PlaceRehearsals, name: str, here: Server, who: Acting) -> None:
        async with self._addresses.connected(rehearsals.place.rehearsal, name) as scratch:
            await refuse(scratch, here, who)
            await let_migrate(scratch, name, here, who)

    async def _run(self, rehearsals: PlaceRehearsals, name: str, files: Sequence[File], options: str) -> None:
        where = rehearsals.place.rehearsal
        async with self._addresses.connected(where, name, options=options) as connection:
            for file in files:
                await run_file(connection, file.name, file.text, timeout=rehearsals.timeout)

    async def take_back(self, site: Site) -> None:
        """Drop what was lent to this site's run, if anything was."""
        place = place_of(self._catalogue, site, self._planner)
        async with self._addresses.connected(place.rehearsal) as overseer:
            for name, _, note, _ in await (await overseer.execute(statement("scratch_there"))).fetchall():
                if name.startswith(prefix(site.run)):
                    await give_up(overseer, name, note)


def place_of(catalogue: Catalogue, site: Site, planner: MigrationPlanner) -> Place:
    """Where this site's migrations are rehearsed. Raises RehearsalUnfit."""
    here = f"{site.service_name} {site.environment_name}"
    if site.environment.rehearsal is None or site.environment.database is None:
        raise unfit(here)

    async def applied() -> Sequence[Migration]:
        standing = {row.number for row in await planner.database.rows(site) if row.state is State.APPLIED}
        return [each for each in await planner.migrations(site) if each.number in standing]

    return Place(
        site.run,
        Address(site.environment.rehearsal, f"the rehearsal database of {here}"),
        Address(site.environment.database, f"the database of {here}"),
        productions(catalogue),
        applied,
    )


def productions(catalogue: Catalogue) -> tuple[Address, ...]:
    """The databases of every environment that is production, each variable once."""
    found: dict[str, Address] = {}
    for name, service in catalogue.services.items():
        for environment, place in service.environments.items():
            if place.production and place.database:
                found.setdefault(place.database, Address(place.database, f"the database of {name} {environment}"))
    return tuple(found.values())
