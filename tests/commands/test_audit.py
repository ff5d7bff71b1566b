"""`/audit` as people use it: typed in the local Slack, delivered by the real application from a real database."""

import hashlib
import io
import json
import zipfile
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import aiohttp
import pytest

from bot.adapters.postgres.pool import Pool
from bot.adapters.postgres.record import PostgresRecord
from bot.adapters.postgres.store import PostgresStore
from commands.audit import HELP, Office, take
from commands.edge import Edge
from runbooks.engine.audits import Audits
from runbooks.folds import folds as rooms
from runbooks.store import Fold
from runbooks.vocabulary import Actor
from sandbox.slack import Fault, Kind, LocalSlack, Message, Person
from sandbox.waiting import until
from tests.commands.seat import CHANNEL, Seat, edge_of, serving
from tests.engine.world import World
from tests.fixtures.store import StoreDatabase
from tests.packs.keeping import keep
from tests.packs.month import month
from tests.store.proxy import proxied

NOVEMBER = "api 2026-11-01 2026-11-30"
DECEMBER = datetime(2026, 12, 3, 9, tzinfo=UTC)


@dataclass
class Desk:
    """Riley at a seat, and what Opsbot sends them directly."""

    seat: Seat
    slack: LocalSlack
    events: PostgresStore

    @property
    def riley(self) -> Person:
        return self.seat.person

    async def direct(self, person: Person | None = None) -> list[Message]:
        """The direct messages of Opsbot to somebody, without opening any."""
        state = (person or self.riley).id
        opened = [call for call in self.slack.journal.calls("conversations.open") if call.args.get("users") == state]
        if not opened or not isinstance(opened[0].response, Mapping):
            return []
        return await (person or self.riley).messages(opened[0].response["channel"]["id"])

    async def pack(self) -> tuple[Message, bytes]:
        """The one pack that came, with its message."""

        async def came() -> list[Message]:
            return [message for message in await self.direct() if message.files]

        (message,) = await until(came, what="a pack")
        async with aiohttp.ClientSession() as session, session.get(message.files[0]["permalink"]) as answer:
            return message, await answer.read()

    async def recorded(self, stream: str = "audit/api") -> list[dict[str, object]]:
        return [json.loads(each.data) for each in await self.events.history(stream)]

    async def ended(self, stream: str = "audit/api") -> dict[str, object]:
        """The event that ends the newest request."""

        async def end() -> dict[str, object]:
            last = (await self.recorded(stream))[-1]
            return last if last["kind"] != "asked" else {}

        found: dict[str, object] = await until(end, what="the end of a request")
        return found


@pytest.fixture
async def desk(
    store: PostgresStore, store_pool: Pool, folds: Mapping[str, Fold], local_slack: LocalSlack
) -> AsyncIterator[Desk]:
    await keep(store, [each for each in month() if not each.stream.startswith("audit/")])
    world = World(store)
    world.now = DECEMBER
    world.use(PostgresStore(store_pool, folds, now=lambda: world.now))
    riley = Actor(f"{local_slack.workspace.team_id}/{local_slack.users['riley']}")
    world.members.groups["sre"] = {riley}
    async with serving(with_audits(world, store_pool), local_slack):
        yield Desk(Seat(world, local_slack.person("riley")), local_slack, store)


def with_audits(world: World, pool: Pool) -> Edge:
    audits = Audits(world.store, world.catalogue, PostgresRecord(pool), lambda: world.now)
    return replace(edge_of(world), audits=audits)


def unpacked(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as zipped:
        assert zipped.testzip() is None
        return {name.partition("/")[2]: zipped.read(name) for name in zipped.namelist()}


@pytest.mark.slack
async def test_a_pack_comes_privately_whole_and_is_recorded(desk: Desk) -> None:
    said = await desk.seat.types(f"/audit {NOVEMBER}")
    assert said.shown == (
        "Making the audit pack of api, 2026-11-01 to 2026-11-30. It comes to you alone, as a direct message. "
        "Should it not come within a minute, ask again."
    )
    message, data = await desk.pack()
    digest = hashlib.sha256(data).hexdigest()
    assert message.files[0]["name"] == "audit-api-2026-11-01-2026-11-30.zip"
    assert digest in message.text
    files = unpacked(data)
    manifest = [line.split("  ") for line in files["MANIFEST"].decode().splitlines()]
    assert {name: digest for digest, name in manifest} == {
        name: hashlib.sha256(content).hexdigest() for name, content in files.items() if name != "MANIFEST"
    }
    stored = [json.loads(line) for line in files["events.jsonl"].decode().splitlines()]
    assert {(each["stream"], each["version"], each["hash"]) for each in stored} == {
        (each.stream, each.version, each.hash) for each in month() if not each.stream.startswith("audit/")
    }
    await desk.ended()
    asked, delivered = await desk.recorded()
    riley = f"{desk.slack.workspace.team_id}/{desk.riley.id}"
    assert (asked["kind"], asked["by"], asked["first"], asked["last"]) == ("asked", riley, "2026-11-01", "2026-11-30")
    assert (delivered["to"], delivered["way"], delivered["archive"]) == (riley, "Slack", digest)
    assert len(await desk.riley.messages(CHANNEL)) == 1, "nothing else was said in the channel"
    assert [m for m in await desk.slack.person("alex").messages(CHANNEL) if m.files] == []


@pytest.mark.slack
async def test_a_tenants_pack_holds_nothing_of_another(desk: Desk) -> None:
    await desk.seat.types(f"/audit {NOVEMBER} acme")
    message, data = await desk.pack()
    assert message.files[0]["name"] == "audit-api-acme-2026-11-01-2026-11-30.zip"
    whole = b"".join(unpacked(data).values())
    assert b"acme" in whole
    assert b"globex" not in whole
    assert (await desk.ended("audit/api/acme"))["kind"] == "delivered"
    assert await desk.recorded("audit/api") == []


@pytest.mark.slack
async def test_a_later_pack_tells_who_got_the_earlier_one(desk: Desk) -> None:
    await desk.seat.types(f"/audit {NOVEMBER}")
    await desk.ended()
    first = (await desk.recorded())[-1]["archive"]
    await desk.seat.types("/audit api 2026-11-01 2026-12-03")

    async def both() -> list[Message]:
        found = [message for message in await desk.direct() if message.files]
        return found if len(found) == 2 else []

    found: list[Message] = await until(both, what="the second pack")
    async with aiohttp.ClientSession() as session, session.get(found[-1].files[0]["permalink"]) as answer:
        report = unpacked(await answer.read())["report.html"].decode()
    assert f"SHA-256 <code>{first}</code>" in report
    assert "asked for 2026-11-01 to 2026-11-30" in report


# ---------------------------------------------------------------- what is not made


@pytest.mark.slack
async def test_who_may_not_is_told_whom_to_ask_and_nothing_is_recorded(desk: Desk) -> None:
    desk.seat.world.members.groups["sre"] = set()
    said = await desk.seat.types(f"/audit {NOVEMBER}")
    assert said.shown == (
        "Not made. To get an audit pack of api you must be in @developers or @sre. Ask one of them."
    )
    assert await desk.recorded() == []


@pytest.mark.slack
async def test_nobody_is_let_through_while_slack_does_not_say_who_they_are(desk: Desk) -> None:
    desk.seat.world.members.silent = True
    said = await desk.seat.types(f"/audit {NOVEMBER}")
    assert said.shown.startswith("Not made. Slack did not say who is in which group, so nobody can be let through.")
    assert await desk.recorded() == []


BAD = [
    ("api 2026-11-30 2026-11-01", "Not made. The period ends before it starts: 2026-11-01 is before 2026-11-30."),
    ("api 2027-01-01 2027-01-31", "Not made. The period lies in the future: it starts on 2027-01-01, and today is"),
    ("api 2026-11-01 2026-12-31", "Not made. The period ends in the future: on 2026-12-31, and today is 2026-12-03"),
    ("api last week", "Not made. “last” is not a date. Dates are written as 2026-11-24: year, month, day."),
    ("api <!channel> 2026-11-30", "Not made. “&lt;!channel&gt;” is not a date."),
    ("apy 2026-11-01 2026-11-30", "Not made. There is no service “apy”. Did you mean api?"),
    ("api 2026-11-01 2026-11-30 ../x", "Not made. “../x” can't be a tenant's code."),
    ("api 2026-11-01 2026-11-30 a;b", "Not made. “a;b” can't be a tenant's code."),
    (f"api 2026-11-01 2026-11-30 {'x' * 300}", "Not made. “xxxxx"),
    ("api 2026-11-01", "Not made. Not understood.\n`/audit SERVICE FROM TO`"),
    ("api 2026-11-01 2026-11-30 acme more", "Not made. Not understood."),
    ("", HELP),
    ("help", HELP),
]


@pytest.mark.parametrize(("line", "said"), BAD)
async def test_what_can_not_be_made_gets_a_sentence(
    store: PostgresStore, store_pool: Pool, line: str, said: str
) -> None:
    world = World(store)
    world.now = DECEMBER
    edge = with_audits(world, store_pool)
    assert edge.audits is not None
    office = Office(edge, edge.audits, Nobody())
    command = {"text": line, "user_id": "UALEX", "team_id": "T1", "trigger_id": "1"}
    text, order = await take(office, command)
    assert text.startswith(said)
    assert order is None
    assert await store.history("audit/api") == []


class Nobody:
    """A courier that is never called."""

    async def hand(self, *, to: Actor, name: str, data: bytes, text: str) -> None:
        raise AssertionError("handed over")

    async def names(self, people: object) -> Mapping[Actor, str]:
        raise AssertionError("asked for names")


async def test_the_same_gesture_twice_asks_once(store: PostgresStore, store_pool: Pool) -> None:
    world = World(store)
    world.now = DECEMBER
    edge = with_audits(world, store_pool)
    assert edge.audits is not None
    office = Office(edge, edge.audits, Nobody())
    command = {"text": NOVEMBER, "user_id": "UALEX", "team_id": "T1", "trigger_id": "1"}
    first, order = await take(office, command)
    again, nothing = await take(office, command)
    assert first == again
    assert order is not None
    assert nothing is None
    assert len(await store.history("audit/api")) == 1


@pytest.mark.slack
async def test_a_period_without_events_is_said_and_recorded(desk: Desk) -> None:
    await desk.seat.types("/audit api 2026-10-01 2026-10-19")
    said = await desk.seat.answer()
    assert said.shown == (
        "No pack was made: nothing was recorded of api from 2026-10-01 to 2026-10-19. "
        "`/deploy history api` shows its runs."
    )
    assert (await desk.ended())["why"] == "no events in the period"
    assert await desk.direct() == []


# ---------------------------------------------------------------- what goes wrong on the way


@pytest.mark.slack
async def test_slack_refuses_the_file(desk: Desk) -> None:
    desk.slack.proxy.inject(Fault("files.getUploadURLExternal", Kind.ERROR, error="missing_scope"))
    await desk.seat.types(f"/audit {NOVEMBER}")
    said = await desk.seat.answer()
    assert said.shown == (
        "The audit pack of api was made, but Slack would not take the file (missing_scope). Tell whoever keeps the "
        "Slack app; meanwhile `opsbot audit` on the command line makes the pack."
    )
    assert (await desk.ended())["why"] == "Slack would not take the file (missing_scope)"


@pytest.mark.slack
async def test_slack_takes_the_file_and_does_not_say_so(desk: Desk) -> None:
    desk.slack.proxy.inject(Fault("files.completeUploadExternal", Kind.LOST_ANSWER))
    await desk.seat.types(f"/audit {NOVEMBER}")
    said = await desk.seat.answer()
    assert said.shown == (
        "The audit pack of api was made, but Slack did not confirm that it took the file. If it is not among "
        "Opsbot's direct messages to you, ask again."
    )
    assert (await desk.ended())["kind"] == "failed"


@pytest.mark.slack
async def test_names_that_slack_does_not_tell_are_no_reason_to_fail(desk: Desk) -> None:
    desk.slack.proxy.inject(Fault("users.info", Kind.ERROR, times=9, error="user_not_found"))
    await desk.seat.types(f"/audit {NOVEMBER}")
    _, data = await desk.pack()
    assert "URILEY" in unpacked(data)["report.html"].decode()


async def test_without_a_database_nothing_is_recorded(store_database: StoreDatabase) -> None:
    async with proxied(store_database.url) as line, Pool(line.url) as pool:
        line.refuse = True
        world = World(PostgresStore(pool, rooms()))
        world.now = DECEMBER
        edge = with_audits(world, pool)
        assert edge.audits is not None
        command = {"text": NOVEMBER, "user_id": "UALEX", "team_id": "T1", "trigger_id": "1"}
        text, order = await take(Office(edge, edge.audits, Nobody()), command)
        assert (text.startswith("Not recorded, nothing started"), order) == (True, None)
