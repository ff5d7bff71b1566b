"""The act of an audit pack: it comes to one person alone, and holds against the database and against itself."""

import hashlib
from datetime import UTC, datetime, timedelta

import httpx

from sandbox.outsiders import conversation, handed_over, holders_of, runs_of
from sandbox.slack import Message
from sandbox.tour.archive import NotWhole, Unpacked, unpack
from sandbox.tour.players import Players, TourFailed
from sandbox.waiting import until
from sandbox.world import SERVICE

ASKS = "alex"


async def an_audit_pack(players: Players) -> None:
    """Alex asks for what was done to the service, and checks it without the bot."""
    players.act(
        "An audit pack", "Everything that was played, for an auditor, with the proof that nothing was changed."
    )
    world, before = players.world, await _packs(players)
    today = datetime.now(UTC).date()
    typed = f"/audit {SERVICE} {today - timedelta(days=1)} {today}"
    await players.told(ASKS, typed, lambda m: "Making the audit pack" in m.shown)

    async def came() -> list[Message]:
        return [message for message in await _packs(players) if message not in before]

    message = (await until(came, seconds=players.patience, what="an audit pack in a direct message"))[-1]
    players.show(message, f"a direct message to {ASKS.capitalize()}")
    [file] = message.files
    async with httpx.AsyncClient() as client:
        data = (await client.get(file["permalink"])).content
    pack = _whole(data)
    players.tell("".join(f"  | {pack.folder}/{name}\n" for name in sorted(pack.files)))
    _compare(players, pack)
    digest, alone = hashlib.sha256(data).hexdigest(), frozenset({ASKS})
    given = (f"{world.slack.workspace.team_id}/{world.slack.users[ASKS]}", digest)
    await until(lambda: handed_over(world, SERVICE) == given, seconds=players.patience, what="its delivery recorded")
    found = (await holders_of(world, str(file["name"])), digest in message.text)
    told = (
        f"the archive is whole by its MANIFEST, {len(pack.events)} events in their chains as in the database, "
        f"{len(runs_of(world, SERVICE))} runs in a report that needs no network, in nobody's hands but Alex's"
    )
    await players.agree(found, (alone, True), told)


async def _packs(players: Players) -> list[Message]:
    """The direct messages with a file."""
    person = players.world.person(ASKS)
    return [m for m in await person.messages(await conversation(players.world, person.id)) if m.files]


def _whole(data: bytes) -> Unpacked:
    try:
        return unpack(data)
    except NotWhole as fault:
        raise TourFailed(f"the audit pack is not what it says: {fault}") from fault


def _compare(players: Players, pack: Unpacked) -> None:
    """Every event of every run that the database has, and the run in the report. Raises TourFailed."""
    for run, hashes in runs_of(players.world, SERVICE).items():
        if pack.hashes(f"run/{run}") != hashes:
            raise TourFailed(f"the audit pack has other events of {run} than the database")
        if not pack.names(run):
            raise TourFailed(f"the audit pack's report does not name {run}")
