"""What is typed and can't be done: each gets a sentence, and nothing is started or recorded."""

import pytest

from bot.adapters.postgres.pool import Pool
from bot.adapters.postgres.store import PostgresStore
from commands.replies import NOT_READ, NOT_RECORDED
from runbooks.folds import folds
from runbooks.runs.state import Status
from runbooks.vocabulary import Failed
from tests.bad_input.conftest import Refusal
from tests.bad_input.desk import Desk, shown
from tests.engine.world import ALEX, OUTSIDER, SAM
from tests.fixtures.store import StoreDatabase
from tests.store.proxy import proxied

TEN = "at <!date^1795514400^{time}|10:00 UTC>"


async def test_an_unknown_service_gets_the_nearest(desk: Desk, refused: Refusal) -> None:
    said = await refused(desk.types("/deploy apy v2"))
    assert said == "There is no service “apy”. Did you mean api? Nothing was started."


async def test_a_service_like_no_other_gets_the_list(desk: Desk, refused: Refusal) -> None:
    said = await refused(desk.types("/deploy warehouse v2"))
    assert said == "There is no service “warehouse”. There are: api. Nothing was started."


async def test_an_unknown_environment_gets_the_nearest(desk: Desk, refused: Refusal) -> None:
    said = await refused(desk.types("/deploy api v2 prodution"))
    assert said == "There is no environment “prodution”. Did you mean production? Nothing was started."


async def test_a_rollback_of_an_unknown_service_gets_the_nearest_too(desk: Desk, refused: Refusal) -> None:
    said = await refused(desk.types("/rollback apy"))
    assert said == "There is no service “apy”. Did you mean api? Nothing was started."


async def test_a_rollback_to_a_version_that_was_never_good_names_those_that_were(
    desk: Desk, refused: Refusal
) -> None:
    await desk.world.adopted("v1")
    said = await refused(desk.types("/rollback api to v7", ALEX))
    assert said == (
        "Not started. v7 was never recorded as good for api in production. "
        "Recorded: v1. Another version goes by `/deploy`."
    )


async def test_a_rollback_before_anything_was_good_says_how_to_begin(desk: Desk, refused: Refusal) -> None:
    said = await refused(desk.types("/rollback api", ALEX))
    assert said == (
        "Not started. No last known good is recorded for api in production. "
        "Record what runs now with `opsbot adopt api production`, or deploy a version that you trust."
    )


async def test_a_second_deploy_while_one_runs_names_the_first(desk: Desk, refused: Refusal) -> None:
    first = await desk.world.at_the_gate("v2")
    said = await refused(desk.types("/deploy api v3", ALEX))
    assert said == (
        f"Not started. {first} is deploying api to production (v2, asked by <@URILEY> {TEN}). "
        f"Wait for it, or abort it on its card or with `/deploy abort {first}`."
    )


async def test_a_deploy_while_a_rollback_runs_names_it(desk: Desk, refused: Refusal) -> None:
    await desk.world.adopted("v1")
    blocks = await desk.offered("/rollback api")
    accepted, said = await desk.clicks(blocks, "Roll back now", ALEX)
    assert accepted
    back = said.split()[0]
    assert said == f"{back} started: api in production goes back to v1."
    busy = await desk.types("/deploy api v3")
    assert busy == (
        f"Not started. {back} is rolling back api in production to v1 (asked by <@UALEX> {TEN}). "
        f"Wait for it, or abort it on its card or with `/deploy abort {back}`."
    )
    assert await desk.clicks(blocks, "Roll back now", SAM) == (
        False,
        f"{back} is already rolling back api in production to v1, asked by <@UALEX> {TEN}. Nothing more was started. "
        "Its card shows how far it is.",
    )


async def test_a_deploy_under_a_lock_says_who_locked_it_and_why(desk: Desk, refused: Refusal) -> None:
    assert await desk.types("/deploy lock api production the market is open", ALEX) == (
        "Locked deploys of api to production: “the market is open”. `/deploy unlock api production` releases them."
    )
    said = await refused(desk.types("/deploy api v2"))
    assert said == (
        f"Not started. <@UALEX> locked deploys of api to production {TEN}: “the market is open”. "
        "When that is over: `/deploy unlock api production`."
    )
    again = await refused(desk.types("/deploy lock api production me too"))
    assert again == (
        f"Locked already, by <@UALEX> {TEN}: “the market is open”. Nothing was changed. "
        "`/deploy unlock api production` releases it."
    )
    assert await desk.types("/deploy unlock api production") == "Deploys of api to production are unlocked."
    none = await refused(desk.types("/deploy unlock api production"))
    assert none == "Nothing was changed: deploys of api to production are not locked, so they can start."
    assert (await desk.types("/deploy api v2")).endswith(" started: api v2 in production.")


async def test_somebody_who_may_not_deploy_is_told_who_may(desk: Desk, refused: Refusal) -> None:
    said = await refused(desk.types("/deploy api v2", OUTSIDER))
    assert said == "Not started. To deploy here you must be in @developers or @sre. Ask one of them."


async def test_while_slack_does_not_say_who_is_in_a_group_nobody_is(desk: Desk, refused: Refusal) -> None:
    desk.world.members.silent = True
    said = await refused(desk.types("/deploy api v2"))
    assert said == (
        "Not started. Slack did not say who is in which group, so nobody can be let through. Try again in a minute."
    )


async def test_a_run_that_is_not_there_can_not_be_aborted(desk: Desk, refused: Refusal) -> None:
    said = await refused(desk.types("/deploy abort d-9"))
    assert said == "There is no run D-9. Nothing was changed. `/deploy history` lists them."


async def test_what_is_no_run_is_not_looked_for(desk: Desk, refused: Refusal) -> None:
    said = await refused(desk.types(f"/deploy abort <!channel>{'x' * 300}"))
    assert said == (
        f"“&lt;!channel&gt;{'x' * 43}…” is no run. Runs are called D-107 or R-12; "
        "`/deploy status` lists those under way. Nothing was aborted."
    )


async def test_an_outsider_sees_no_confirmation(desk: Desk, refused: Refusal) -> None:
    await desk.world.adopted("v1")
    said = await refused(desk.types("/rollback api", OUTSIDER))
    assert said == "Not started. To roll back here you must be in @sre. Ask one of them."


async def test_nobody_sees_a_confirmation_while_slack_does_not_say_who_may(desk: Desk, refused: Refusal) -> None:
    await desk.world.adopted("v1")
    desk.world.members.silent = True
    said = await refused(desk.types("/rollback api", ALEX))
    assert said == (
        "Not started. Slack did not say who is in which group, so nobody can be let through. Try again in a minute."
    )


@pytest.mark.parametrize("asked", ["/rollback", "/rollback help", "/rollback HELP"])
async def test_help_on_going_back_is_given(desk: Desk, refused: Refusal, asked: str) -> None:
    assert (await refused(desk.types(asked))).startswith("*Roll back*\n`/rollback SERVICE [ENVIRONMENT]`")


@pytest.mark.parametrize("asked", ["/rollback api production to", "/rollback api to", "/rollback api a b c"])
async def test_words_after_rollback_that_mean_nothing(desk: Desk, refused: Refusal, asked: str) -> None:
    assert (await refused(desk.types(asked, ALEX))).startswith("Not understood. `/rollback SERVICE")


async def test_to_is_understood_in_any_case(desk: Desk) -> None:
    await desk.world.adopted("v1")
    assert "Roll back api production to v1" in shown(await desk.offered("/rollback api TO v1"))
    assert "Roll back api production to v1" in shown(await desk.offered("/rollback api production To v1"))


async def test_commands_are_understood_in_any_case(desk: Desk) -> None:
    assert (await desk.types("/deploy HELP")).startswith("*Deploy and roll back*")
    assert await desk.types("/deploy Status") == "Nothing is under way."
    run_id = await desk.world.deploys()
    assert (await desk.types(f"/deploy Abort {run_id.lower()}")).startswith(f"Aborting {run_id}.")


@pytest.mark.parametrize("what", ["status", "history"])
async def test_a_mistyped_name_is_told_not_answered_with_nothing(desk: Desk, what: str) -> None:
    await desk.world.deploys()
    assert await desk.types(f"/deploy {what} apy") == ("There is no service or environment “apy”. Did you mean api?")
    assert await desk.types(f"/deploy {what} api prodution") == (
        "There is no service or environment “prodution”. Did you mean production?"
    )
    assert await desk.types(f"/deploy {what} warehouse") == (
        "There is no service or environment “warehouse”. There are: api, production."
    )
    assert "D-1" in await desk.types(f"/deploy {what} api production")


@pytest.mark.parametrize(
    "version", ["v42;rm -rf", "v" * 201, "../x", "-x", "a..b", "a.lock", "/a", "a/", "v1.", "@{0}"]
)
async def test_what_can_not_be_a_version_costs_no_run(desk: Desk, refused: Refusal, version: str) -> None:
    said = await refused(desk.types(f"/deploy api {version}"))
    assert said.startswith("Not started. “")
    assert said.endswith("can't be a version. Give a tag, a branch or a commit, in 200 characters at most.")
    assert (await desk.types("/deploy api v2")).startswith("D-1 started"), "no number was taken"


async def test_a_run_that_began_by_itself_was_asked_by_nobody(desk: Desk) -> None:
    await desk.world.adopted("v1")
    run_id = await desk.world.at_the_gate("v2")
    desk.world.outside.answers = [Failed("New pods crash.")]
    await desk.world.approves(run_id)
    while (await desk.world.run(run_id)).status is not Status.FAILED:
        lease = await desk.world.claim()
        assert lease is not None
        await desk.world.store.finish(lease, await desk.world.engine.advance(lease))
    assert await desk.types("/deploy api v3", ALEX) == (
        f"Not started. R-1 is rolling back api in production to v1 (begun by itself after {run_id} failed, {TEN}). "
        "Wait for it, or abort it on its card or with `/deploy abort R-1`."
    )


async def test_a_database_that_does_not_answer_is_said_and_the_next_try_starts_one_run(
    desk: Desk, store_database: StoreDatabase
) -> None:
    async with proxied(store_database.url) as line, Pool(line.url) as pool:
        desk.world.use(PostgresStore(pool, folds(), now=lambda: desk.world.now))
        line.refuse = True
        before = desk.records()
        assert await desk.types("/deploy api v2") == NOT_RECORDED
        assert await desk.types("/deploy status") == NOT_READ
        assert await desk.types("/rollback api", ALEX) == NOT_READ
        assert desk.records() == before
        line.refuse = False
        run_id = (await desk.types("/deploy api v2")).split()[0]
        assert (await desk.world.run(run_id)).status is Status.PLANNING
        assert (await desk.types("/deploy status")).count("*D-") == 1
