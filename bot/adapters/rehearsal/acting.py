"""A scratch database as a service's own role has it: files run as whoever migrates, programs act as that role.

So what is made there belongs to whom it belongs in the real database, and rights that are given by default are given.
"""

from dataclasses import dataclass

from psycopg import errors

from bot.adapters.rehearsal.copying import quoted
from bot.adapters.rehearsal.server import Server
from bot.adapters.rehearsal.statements import statement
from bot.adapters.rehearsal.writing import Connection, written
from runbooks.rehearsal.scratch import RehearsalUnfit

_ADMINISTRATOR = "Run there, as its administrator:"


@dataclass(frozen=True)
class Acting:
    """The service's role, and who migrates the real database."""

    role: str
    superuser: bool
    bypasses: bool  # row security
    settings: tuple[str, ...]  # what its sessions begin with: "search_path=app"
    migrates: str
    owns: bool  # who migrates acts for the owner of the database

    @property
    def options(self) -> str:
        """For a connection that acts as the role; a login would begin with the same settings."""
        return " ".join(f"-c {_escaped(each)}" for each in (f"role={self.role}", *self.settings))

    @property
    def migrating(self) -> str:
        """For a connection that runs files."""
        return f"-c {_escaped(f'role={self.migrates}')}"


async def acting(real: Connection, role: str, what: str) -> Acting:
    """What the real database says of the role. Raises RehearsalUnfit where it has none of that name."""
    row = await (await real.execute(statement("real_service_role"), {"role": role})).fetchone()
    if row is None:
        raise RehearsalUnfit(
            f"{what[:1].upper()}{what[1:]} has no role {role}. "
            "Name the role that the service connects as in `service-role`."
        )
    superuser, bypasses, settings, migrates, owns = row
    return Acting(role, superuser, bypasses, tuple(settings), migrates, owns)


async def refuse(scratch: Connection, here: Server, who: Acting) -> None:
    """Raises RehearsalUnfit where the rehearsal role can't act as these, or where the role may more or less here."""
    row = await (await scratch.execute(statement("acting_rights"), {"role": who.role})).fetchone()
    if row != (who.superuser, who.bypasses):
        rights = f"{'' if who.superuser else 'NO'}SUPERUSER {'' if who.bypasses else 'NO'}BYPASSRLS"
        raise RehearsalUnfit(
            f"On the rehearsal server the role {who.role} does not have the rights of the real one. "
            f"{_ADMINISTRATOR} ALTER ROLE {quoted(who.role)} {rights};"
        )
    for role in (who.role, who.migrates):
        try:
            async with scratch.transaction(force_rollback=True):
                await scratch.execute(written("acting_role", role=quoted(role)).encode())
        except (errors.InsufficientPrivilege, errors.InvalidParameterValue) as cause:
            raise RehearsalUnfit(
                f"On the rehearsal server the role {here.role} may not act as {role}. "
                f"{_ADMINISTRATOR} GRANT {quoted(role)} TO {quoted(here.role)};"
            ) from cause


async def let_migrate(scratch: Connection, name: str, here: Server, who: Acting) -> None:
    """Who migrates the real database may migrate this one as well, as far as that follows from owning it."""
    if who.migrates == here.role:
        return
    await scratch.execute(written("acting_migrates", name=quoted(name), role=quoted(who.migrates)).encode())
    if who.owns:
        found = await scratch.execute(statement("acting_owner"), {"role": who.migrates})
        for (text,) in await found.fetchall():
            await scratch.execute(text.encode())


def _escaped(setting: str) -> str:
    return setting.replace("\\", "\\\\").replace(" ", "\\ ")
