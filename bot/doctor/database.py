"""Opsbot's own database: it answers, its tables are there, its role may do its work and no more, it notifies."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from psycopg.conninfo import conninfo_to_dict

from bot.adapters.postgres import inspection
from bot.adapters.postgres.preflight import NotReady, assert_migrated, assert_restricted, wait_until_reachable
from bot.doctor.clocks import differing
from bot.doctor.finding import Check, Finding, Look, Subject
from runbooks.store import StoreUnavailable

_PATIENCE = 4.0  # seconds
_SEE = "see that PostgreSQL runs and lets this host in, and that OPSBOT_DATABASE_URL is right"
_POOLER = (
    "connect to PostgreSQL itself, or through a pooler in session mode; "
    "until then work begins seconds later than it could"
)


@dataclass(frozen=True)
class DatabaseChecks:
    """Asks the database at `url`; `now` is this host's clock; `last` is asked once its role may do the bot's work."""

    url: str
    now: Callable[[], datetime]
    last: tuple[Check, ...] = ()

    @property
    def _user(self) -> str:
        return str(conninfo_to_dict(self.url).get("user"))

    def checks(self) -> Check:
        """All of it."""
        role = _check("role", self._role, _check("privileges", self._privileges, *self.last))
        migrated = _check("migrations", self._migrations, role)
        notified, clock = _check("notifications", self._notifications), _check("clock", self._clock)
        return _check("server", self._server, migrated, notified, clock)

    async def _server(self) -> Finding:
        try:
            await wait_until_reachable(self.url, deadline=_PATIENCE)
            return _subject("server").ok(f"PostgreSQL {await inspection.version(self.url)} answers")
        except StoreUnavailable as cause:
            return _subject("server").missing(str(cause), _SEE)

    async def _migrations(self) -> Finding:
        try:
            await assert_migrated(self.url)
        except NotReady as cause:
            return _told("migrations", cause)
        return _subject("migrations").ok("every migration is applied, as its file says")

    async def _role(self) -> Finding:
        try:
            await assert_restricted(self.url)
        except NotReady as cause:
            return _told("role", cause)
        return _subject("role").ok("it is restricted: it may not change or delete what is recorded")

    async def _privileges(self) -> Finding:
        if lacking := await inspection.lacking(self.url):
            statements = " ".join(f"{grant};" for grant in lacking)
            told = "the role may not do all of the bot's work"
            return _subject("privileges").missing(told, f"run as the tables' owner: {statements}")
        if exceeding := await inspection.exceeding(self.url):
            statements = " ".join(f"{each.taken_from(self._user)};" for each in exceeding)
            told = "the role may change more than the bot's work needs"
            return _subject("privileges").wrong(told, f"run as the tables' owner: {statements}")
        return _subject("privileges").ok("the role may do all of the bot's work, and change no more")

    async def _clock(self) -> Finding:
        asked = self.now()
        there = await inspection.time_at(self.url)
        ahead = (there - min(max(there, asked), self.now())).total_seconds()
        mend = "set both by NTP; every time of a run is the database's"
        return differing(_subject("clock"), ahead, clock="its clock", other="this host's", mend=mend)

    async def _notifications(self) -> Finding:
        if await inspection.hears(self.url):
            return _subject("notifications").ok("what is notified is heard")
        told = "LISTEN hears nothing, as behind a pooler that shares sessions"
        return _subject("notifications").wrong(told, _POOLER)


def _subject(check: str) -> Subject:
    return Subject("database", check)


def _check(name: str, look: Look, *then: Check) -> Check:
    return Check(_subject(name), look, _SEE, then)


def _told(check: str, cause: NotReady) -> Finding:
    """What the start would say; after its colon stands what to do."""
    says, _, mend = str(cause).partition(": ")
    return _subject(check).wrong(says, mend)
