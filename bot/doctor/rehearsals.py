"""The rehearsal server of each environment: it answers, is not production's, is of its version, and lets us work."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

from bot.adapters.rehearsal.acting import acting, refuse
from bot.adapters.rehearsal.copying import missing_roles
from bot.adapters.rehearsal.server import Address, Addresses, Server, refuse_production, refuse_version, server
from bot.adapters.rehearsal.servers import productions
from bot.adapters.rehearsal.writing import Connection
from bot.doctor.finding import Check, Finding, Subject, listed
from bot.doctor.sites import place_of, sites
from runbooks.catalogue import Catalogue
from runbooks.rehearsal.scratch import RehearsalUnfit


@dataclass(frozen=True)
class RehearsalChecks:
    """Asks by these."""

    addresses: Addresses

    def checks(self, catalogue: Catalogue) -> Iterator[Check]:
        """All of it."""
        for site in sites(catalogue):
            variable, real = site.environment.rehearsal, site.environment.database
            if variable and real:
                where = Address(variable, f"the rehearsal database of {place_of(site)}")
                its = _Checks(
                    self.addresses,
                    where,
                    Address(real, f"the database of {place_of(site)}"),
                    productions(catalogue),
                    site.environment.service_role,
                )
                yield from its.checks(f"rehearsal of {place_of(site)}")


@dataclass(frozen=True)
class _Checks:
    addresses: Addresses
    where: Address
    real: Address
    production: tuple[Address, ...]
    service_role: str | None

    def checks(self, part: str) -> Iterator[Check]:
        there, role = Subject(part, "server"), Subject(part, "role")
        mend = f"see that the server runs and lets this host in, and that {self.where.variable} is right"
        yield Check(there, partial(self._server, there), mend, (Check(role, partial(self._role, role), mend),))

    async def _server(self, subject: Subject) -> Finding:
        here = await self.addresses.server(self.where)
        try:
            for known in self.production:
                refuse_production(here, self.where, await self.addresses.server(known), known.what)
            refuse_version(here, self.where, await self.addresses.server(self.real))
        except RehearsalUnfit as cause:
            says, _, mend = str(cause).partition(". ")
            return subject.wrong(says, mend.rstrip("."))
        return subject.ok(f"PostgreSQL {here.version}, as the real database is on, and no production's server")

    async def _role(self, subject: Subject) -> Finding:
        async with self.addresses.connected(self.where) as there, self.addresses.connected(self.real) as real:
            here, missing = await server(there), await missing_roles(there, real)
            unfit = await self._unfit(there, real, here, missing)
        administrator = "run there, as its administrator"
        if not here.may_make_databases:
            told = f"the role {here.role} may not make databases"
            return subject.wrong(told, f"{administrator}: ALTER ROLE {here.role} CREATEDB;")
        if missing and not here.may_make_roles:
            told = f"the role {here.role} may not make the roles that are missing there: {listed(missing)}"
            return subject.wrong(told, f"{administrator}: ALTER ROLE {here.role} CREATEROLE;")
        if unfit:
            says, _, mend = unfit.partition(". ")
            return subject.wrong(says, mend.rstrip("."))
        return subject.ok(f"{here.role} may make scratch databases")

    async def _unfit(self, there: Connection, real: Connection, here: Server, missing: list[str]) -> str:
        """Why the last known good could not be tried with the rights of the service's role, with what mends it."""
        if self.service_role is None:
            return ""
        try:
            who = await acting(real, self.service_role, self.real.what)
            if not {who.role, who.migrates} & set(missing):  # else the first rehearsal makes them, as its own
                await refuse(there, here, who)
        except RehearsalUnfit as cause:
            return str(cause)
        return ""
