"""`/audit` as people use it: typed in the local Slack, delivered by the real application from a real database."""

import hashlib
import io
import json
import zipfile
from collections.abc import AsyncIterator, Mapping

import pytest

from bot.adapters.postgres.pool import Pool
from bot.adapters.postgres.store import PostgresStore
from commands.audit import HELP, take
from runbooks.folds import folds as rooms
from runbooks.store import Fold
from sandbox.slack import Fault, Kind, LocalSlack
from tests.commands.audit_desk import DECEMBER, NOVEMBER, Desk, content, desk_of, with_packs
from tests.commands.seat import CHANNEL, serving
from tests.engine.world import World
from tests.fixtures.store import StoreDatabase
from tests.packs.keeping import keep
from tests.packs.month import month
from tests.store.proxy import proxied


@pytest.fixture
async def desk(
    store: PostgresStore, store_pool: Pool, folds: Mapping[str, Fold], local_slack: LocalSlack
) -> AsyncIterator[Desk]:
    await keep(store, [each for each in month() if not each.stream.startswith("audit/")])
    made = desk_of(store_pool, folds, local_slack)
    async with serving(with_packs(made.world, store_pool), local_slack):
        yield made


def unpacked(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as zipped:
        assert zipped.testzip() is None
        return {name.partition("/")[2]: zipped.read(name) for name in zipped.namelist()}


@pytest.mark.slack
async def test_a_pack_comes_privately_whole_and_is_recorded(desk: Desk) -> None:
    said = await desk.seat.types(f"/audit {NOVEMBER}")
    assert said.shown == (
        "Making the audit pack of api, 2026-11-01 to 2026-11-30. It comes to you alone, as a direct message."
    )
    await desk.works()
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
    asked, made, delivered = await desk.recorded()
    riley = desk.actor("riley")
    assert (made["kind"], made["archive"]) == ("made", digest)
    assert (asked["kind"], asked["by"], asked["first"], asked["last"]) == ("asked", riley, "2026-11-01", "2026-11-30")
    assert (delivered["to"], delivered["way"], delivered["archive"]) == (riley, "Slack", digest)
    assert len(await desk.riley.messages(CHANNEL)) == 1, "nothing else was said in the channel"
    assert [m for m in await desk.slack.person("alex").messages(CHANNEL) if m.files] == []


@pytest.mark.slack
async def test_a_tenants_pack_holds_nothing_of_another(desk: Desk) -> None:
    await desk.seat.types(f"/audit {NOVEMBER} acme")
    await desk.works()
    message, data = await desk.pack()
    assert message.files[0]["name"] == "audit-api-acme-2026-11-01-2026-11-30.zip"
    whole = b"".join(unpacked(data).values())
    assert b"acme" in whole
    assert b"globex" not in whole
    assert await desk.kinds("audit/api/acme") == ["asked", "made", "delivered"]
    assert await desk.recorded("audit/api") == []


@pytest.mark.slack
async def test_a_later_pack_tells_who_got_the_earlier_one(desk: Desk) -> None:
    await desk.seat.types(f"/audit {NOVEMBER}")
    await desk.works()
    first = (await desk.recorded())[-1]["archive"]
    await desk.seat.types("/audit api 2026-11-01 2026-12-03")
    await desk.works()
    found = [message for message in await desk.direct() if message.files]
    assert len(found) == 2
    report = unpacked(await content(found[-1]))["report.html"].decode()
    assert f"SHA-256 <code>{first}</code>" in report
    assert "asked for 2026-11-01 to 2026-11-30" in report


# ---------------------------------------------------------------- what is not made


@pytest.mark.slack
async def test_who_may_not_is_told_whom_to_ask_and_nothing_is_recorded(desk: Desk) -> None:
    desk.world.members.groups["developers"] = set()
    said = await desk.seat.types(f"/audit {NOVEMBER}")
    assert said.shown == (
        "Not made. To ask for audit packs here you must be in @developers or @sre. Ask one of them."
    )
    assert await desk.recorded() == []


@pytest.mark.slack
async def test_nobody_is_let_through_while_slack_does_not_say_who_they_are(desk: Desk) -> None:
    desk.world.members.silent = True
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
    command = {"text": line, "user_id": "UALEX", "team_id": "T1", "trigger_id": "1"}
    assert (await take(with_packs(world, store_pool), command)).startswith(said)
    assert await store.history("audit/api") == []


async def test_the_same_gesture_twice_asks_once(store: PostgresStore, store_pool: Pool) -> None:
    world = World(store)
    world.now = DECEMBER
    edge = with_packs(world, store_pool)
    command = {"text": NOVEMBER, "user_id": "UALEX", "team_id": "T1", "trigger_id": "1"}
    assert await take(edge, command) == await take(edge, command)
    assert len(await store.history("audit/api")) == 1


@pytest.mark.slack
async def test_a_period_without_events_is_said_and_recorded(desk: Desk) -> None:
    await desk.seat.types("/audit api 2026-10-01 2026-10-19")
    await desk.works()
    (said,) = await desk.direct()
    assert said.shown == (
        "Not delivered: the audit pack of api, 2026-10-01 to 2026-10-19. The reason: nothing was recorded in this "
        "period. `/audit api 2026-10-01 2026-10-19` asks again; `opsbot audit` on the command line makes it without "
        "Slack."
    )
    assert (await desk.recorded())[-1]["why"] == "nothing was recorded in this period"


# ---------------------------------------------------------------- what goes wrong on the way


@pytest.mark.slack
async def test_slack_refuses_the_file(desk: Desk) -> None:
    desk.slack.proxy.inject(Fault("files.getUploadURLExternal", Kind.ERROR, error="missing_scope"))
    await desk.seat.types(f"/audit {NOVEMBER}")
    await desk.works()
    (said,) = await desk.direct()
    assert "The reason: Slack would not take the file (missing_scope)." in said.shown
    assert (await desk.recorded())[-1]["why"] == "Slack would not take the file (missing_scope)"


@pytest.mark.slack
async def test_slack_takes_the_file_and_does_not_say_so(desk: Desk) -> None:
    desk.slack.proxy.inject(Fault("files.completeUploadExternal", Kind.LOST_ANSWER))
    await desk.seat.types(f"/audit {NOVEMBER}")
    await desk.works()
    assert await desk.kinds() == ["asked", "made"]
    desk.world.later(seconds=5)
    await desk.works()
    assert await desk.kinds() == ["asked", "made", "delivered"]
    _, data = await desk.pack()
    assert hashlib.sha256(data).hexdigest() == (await desk.recorded())[-1]["archive"]


@pytest.mark.slack
async def test_slack_is_away_for_a_while(desk: Desk) -> None:
    desk.slack.proxy.inject(Fault("files.getUploadURLExternal", Kind.DROP_REQUEST))
    await desk.seat.types(f"/audit {NOVEMBER}")
    await desk.works()
    assert [message for message in await desk.direct() if message.files] == []
    desk.world.later(seconds=5)
    await desk.works()
    await desk.pack()


@pytest.mark.slack
async def test_names_that_slack_does_not_tell_are_no_reason_to_fail(desk: Desk) -> None:
    desk.slack.proxy.inject(Fault("users.info", Kind.ERROR, times=9, error="user_not_found"))
    await desk.seat.types(f"/audit {NOVEMBER}")
    await desk.works()
    _, data = await desk.pack()
    assert "URILEY" in unpacked(data)["report.html"].decode()


async def test_without_a_database_nothing_is_recorded(store_database: StoreDatabase) -> None:
    async with proxied(store_database.url) as line, Pool(line.url) as pool:
        line.refuse = True
        world = World(PostgresStore(pool, rooms()))
        world.now = DECEMBER
        command = {"text": NOVEMBER, "user_id": "UALEX", "team_id": "T1", "trigger_id": "1"}
        assert (await take(with_packs(world, pool), command)).startswith("Not recorded, nothing started")
