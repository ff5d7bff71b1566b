"""`/ops` and `/lkg` as people use them: typed and clicked in the local Slack, answered by the real application."""

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from bot.adapters.postgres.pool import Pool
from bot.adapters.postgres.store import PostgresStore
from commands.clicks import NOT_UNDERSTOOD
from commands.edge import Edge
from commands.lkg import answer as lkg_answer
from commands.ops import HELP, answer, press
from commands.replies import NOT_READ
from runbooks.folds import folds as rooms
from runbooks.vocabulary import Actor
from sandbox.slack import LocalSlack
from tests.bad_input.desk import NothingKnown
from tests.commands.seat import CHANNEL, Seat, edge_of, serving
from tests.engine.world import World
from tests.fixtures.store import StoreDatabase
from tests.store.proxy import proxied


@pytest.fixture
async def seat(world: World, local_slack: LocalSlack) -> AsyncIterator[Seat]:
    async with serving(edge_of(world), local_slack):
        yield Seat(world, local_slack.person("riley"))


# ---------------------------------------------------------------- the questions


@pytest.mark.slack
async def test_four_times_no_and_all_the_way_back(seat: Seat) -> None:
    message = await seat.types("/ops")
    assert "1. Is this an emergency rollback?" in message.shown
    for asked in ("2. Are you deploying", "3. Are you onboarding", "4. Do you need", "General operations guidance"):
        message = await seat.clicks(message, "No")
        assert f"*{asked}" in message.shown
    assert "Security review needed?" in message.shown
    message = await seat.clicks(message, "Read rls-enforcement")
    assert "☐ *Every table of a tenant has it, bound for its owner too*" in message.shown
    message = await seat.clicks(message, "Back")
    assert "General operations guidance" in message.shown
    for number in (4, 3, 2, 1):
        message = await seat.clicks(message, "Back")
        assert f"question {number} of 4" in message.shown
    assert message.buttons == ["Yes", "No"]
    assert len(await seat.person.messages(CHANNEL)) == 1, "each click replaced the one message"


@pytest.mark.slack
async def test_an_emergency_is_two_clicks_from_its_confirmation(seat: Seat, local_slack: LocalSlack) -> None:
    await seat.world.adopted("v1")
    message = await seat.clicks(await seat.types("/ops"), "Yes")
    assert "Read `rollback-procedures.md` IMMEDIATELY" in message.shown
    assert "• `/rollback api production`" in message.shown
    read = await seat.clicks(message, "Read it")
    assert "⚙️ _Opsbot does take-over" in read.shown
    message = await seat.clicks(read, "Back")
    riley = Actor(f"{local_slack.workspace.team_id}/{local_slack.users['riley']}")
    seat.world.members.groups["sre"] = {riley}
    confirmation = await seat.clicks(message, "Roll back api production")
    assert "*Roll back api production to v1*" in confirmation.shown
    assert "Roll back now" in confirmation.buttons
    assert seat.world.outside.effects == []


@pytest.mark.slack
async def test_a_tenant_and_a_report_lead_to_their_documents(seat: Seat) -> None:
    message = await seat.types("/ops")
    for _ in range(2):
        message = await seat.clicks(message, "No")
    tenant = await seat.clicks(message, "Yes")
    assert "tenant-onboarding.md" in tenant.shown
    message = await seat.clicks(await seat.clicks(tenant, "Back"), "No")
    report = await seat.clicks(message, "Yes")
    assert "audit-report-gen.md" in report.shown
    assert "Then type `/audit SERVICE FROM TO [TENANT]`." in report.shown


@pytest.mark.slack
async def test_the_table_of_files_and_a_document_from_it(seat: Seat) -> None:
    table = await seat.types("/ops read")
    assert "*`deployment-checklist.md`* · Production deployment procedures" in table.shown
    block = next(b for b in table.blocks if "capacity-planning.md" in str(b))
    await seat.person.click(table, block["accessory"]["action_id"])
    message = await seat.answer()
    assert "Capacity planning" in message.shown
    assert "Files in this branch" in (await seat.clicks(message, "Back")).shown


@pytest.mark.slack
async def test_a_mistyped_document_gets_the_nearest_as_a_button(seat: Seat) -> None:
    message = await seat.types("/ops read roleback-procedure")
    assert message.shown.startswith("There is no document “roleback-procedure”. Did you mean rollback-procedures?")
    message = await seat.clicks(message, "Read rollback-procedures")
    assert "☐ *Revert to previous deployment*" in message.shown


# ---------------------------------------------------------------- what is typed


@pytest.fixture
def edge(store: PostgresStore) -> Edge:
    return edge_of(World(store))


NAMES = ["incident-triage", "incident-triage.md", "Incident Triage", "ours/incident-triage.md", "INCIDENT-triage"]


@pytest.mark.parametrize("name", NAMES)
async def test_a_document_by_any_of_its_names(edge: Edge, name: str) -> None:
    assert answer(edge, f"read {name}")["text"] == "Incident triage"


async def test_a_part_that_runs_on_its_own_is_read_in_its_document(edge: Edge) -> None:
    assert answer(edge, "read rollback-procedures/planned")["text"] == "Rollback procedures"


async def test_a_document_like_no_other_gets_the_list_and_no_button(edge: Edge) -> None:
    said = answer(edge, "read <!channel>")

    assert said["text"].startswith("There is no document “&lt;!channel&gt;”. There are: audit-report-gen, ")
    assert len(said["blocks"]) == 1


async def test_an_empty_library_is_said(store: PostgresStore) -> None:
    world = World(store)
    empty = Edge(world.reception, world.store, world.catalogue, NothingKnown(), lambda: world.now)

    assert answer(empty, "read anything")["text"] == "There is no document “anything”. There is none at all."


@pytest.mark.parametrize("line", ["help", "help me", "HELP"])
async def test_help(edge: Edge, line: str) -> None:
    assert answer(edge, line) == {"text": HELP}


@pytest.mark.parametrize("line", ["please deploy", "x" * 4000, "<!channel>", "reed operations", "1"])
async def test_free_text_gets_help(edge: Edge, line: str) -> None:
    assert answer(edge, line) == {"text": f"Not understood; nothing was done.\n{HELP}"}


BAD_VALUES: list[Any] = [
    None,
    "",
    "{",
    "[]",
    '"x"',
    "{}",
    '{"to": 7}',
    *(
        json.dumps({"to": place})
        for place in (
            *("", "question", "question/0", "question/5", "question/-1", "question/x", "question/²", "yes/9"),
            *("read", "read/none/1", "read/operations/x", "read/operations", "files/1", "guidance/1", "a/b/c/d"),
        )
    ),
]


@pytest.mark.parametrize("value", BAD_VALUES)
async def test_a_button_that_says_nothing_known_is_refused_privately_and_replaces_nothing(
    edge: Edge, value: Any
) -> None:
    said = press(edge, {"actions": [{"action_id": "ops:x", "value": value}]})

    assert said == {"text": NOT_UNDERSTOOD, "replace_original": False}


@pytest.mark.parametrize("number", ["0", "-3", "99", "999999999999"])
async def test_a_part_that_is_not_there_is_the_nearest(edge: Edge, number: str) -> None:
    value = json.dumps({"to": f"read/operations/{number}"})
    assert press(edge, {"actions": [{"action_id": "ops:x", "value": value}]})["text"] == "Operations"


# ---------------------------------------------------------------- /lkg


@pytest.mark.slack
async def test_lkg_of_everything_and_of_one_service(seat: Seat) -> None:
    assert "*api production* · none is recorded; `opsbot adopt api production`" in (await seat.types("/lkg")).shown
    await seat.world.adopted("v1")
    run = await seat.world.at_the_gate("v2")
    await seat.world.approves(run)
    await seat.world.works()
    message = await seat.types("/lkg api")
    assert message.shown.startswith("Last known good of api\n*api production* · v2 `2222222`\n")
    assert f"brought by {run}" in message.shown
    assert "✅ v1 `1111111`" in message.shown
    assert "*api production* · v2 `2222222`" in (await seat.types("/lkg api production")).shown
    assert (await seat.types("/lkg apy")).shown == "There is no service “apy”. Did you mean api?"
    assert (await seat.types("/lkg api prod")).shown == "There is no environment “prod”. Did you mean production?"
    assert (await seat.types("/lkg api production now")).shown.startswith("Not understood.")


@pytest.mark.slack
async def test_lkg_without_a_database_says_so(local_slack: LocalSlack, store_database: StoreDatabase) -> None:
    async with proxied(store_database.url) as line, Pool(line.url) as pool:
        world = World(PostgresStore(pool, rooms()))
        line.refuse = True
        for words in ([], ["api"]):
            assert await lkg_answer(edge_of(world), words) == {"text": NOT_READ}
