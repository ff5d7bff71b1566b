"""`opsbot audit SERVICE FROM TO --out FILE.zip`: an audit pack into a file, without Slack; its making is recorded."""

import os
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from bot.adapters.postgres.clock import SharedClock
from bot.adapters.postgres.pool import Pool
from bot.adapters.postgres.record import PostgresRecord, reading
from bot.adapters.postgres.store import PostgresStore
from bot.settings import Settings
from bot.shell import shell_user
from runbooks.audit.requests import FILE
from runbooks.catalogue import Catalogue
from runbooks.engine.audits import Audits, Made
from runbooks.folds import folds
from runbooks.gates import is_code
from runbooks.packs import period
from runbooks.packs.scope import Scope
from runbooks.store import Conflict


class NotAudited(Exception):
    """No pack was made; the sentence says why."""


@dataclass(frozen=True)
class Wanted:
    """What was typed."""

    service: str
    first: str
    last: str
    tenant: str
    out: Path


async def audit(settings: Settings, wanted: Wanted) -> str:
    """Make the pack; answers a sentence. Raises NotAudited, StoreUnavailable."""
    scope = _scope(wanted)
    _check_place(wanted.out)
    url = settings.database_url.get_secret_value()
    async with Pool(url) as pool, reading(url) as patient:
        # Nothing follows from a pack that the catalogue would decide, and a service that left it is still audited.
        nothing = Catalogue.model_construct(clusters={}, services={})
        clock = await SharedClock.of(pool)
        audits = Audits(PostgresStore(pool, folds(), here=clock), nothing, PostgresRecord(patient), clock)
        try:
            return await _made(audits, scope, wanted.out)
        except Conflict as cause:
            raise NotAudited("Others ask for packs of the same at this moment. Try again.") from cause


def _scope(wanted: Wanted) -> Scope:
    if wanted.tenant and not is_code(wanted.tenant):
        raise NotAudited(f"“{wanted.tenant[:60]}” can't be a tenant's code. Nothing was made.")
    try:
        return Scope(wanted.service, period.read(wanted.first, wanted.last, datetime.now(UTC).date()), wanted.tenant)
    except period.BadPeriod as fault:
        raise NotAudited(f"{fault.sentence} Nothing was made.") from fault


def _check_place(out: Path) -> None:
    """Before anything is read or recorded: the file can be written, as far as can be told."""
    if not out.parent.is_dir():
        raise NotAudited(f"There is no folder {out.parent}; nothing was made.")
    try:
        there = out.exists()
    except OSError as cause:
        raise NotAudited(f"{out} can't be a file: {cause.strerror}. Nothing was made.") from cause
    if there:
        raise NotAudited(f"{out} exists already; nothing was made. Name another file, or move it away.")


async def _made(audits: Audits, scope: Scope, out: Path) -> str:
    selection = await audits.select(scope)
    if not selection.moved:
        raise NotAudited(
            f"Nothing was recorded of “{scope.service[:60]}” from {scope.period}. Nothing was made; "
            "see that the service's name is right."
        )
    by = shell_user()
    request = await audits.ask(scope, by=by)
    made = await audits.make(scope, selection)
    await _write(audits, made, request, out)
    await audits.delivered(made, request, to=by, way=FILE)
    return _told(made, out)


async def _write(audits: Audits, made: Made, request: int, out: Path) -> None:
    """Into a new file that only its owner reads."""
    try:
        _write_new(out, made.archive)
    except OSError as cause:
        await audits.failed(made.scope, request, f"the file could not be written: {cause.strerror}")
        raise NotAudited(f"{out} could not be written: {cause.strerror}.") from cause


def _write_new(out: Path, data: bytes) -> None:
    with os.fdopen(os.open(out, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        try:
            file.write(data)
            file.flush()
        except OSError:
            out.unlink()  # half a pack is none
            raise


def _told(made: Made, out: Path) -> str:
    said = f"Wrote {out}: {made.events} events, SHA-256 {made.digest}."
    return (
        said if made.whole else f"{said}\nThe record does not hold: do not rely on this pack; its report says where."
    )
