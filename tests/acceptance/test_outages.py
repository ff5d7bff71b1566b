"""Slack, the cluster or the database gone in the middle, or not there at the start: nothing is lost or repeated."""

import asyncio

import pytest

from sandbox.waiting import until
from sandbox.world import World
from tests.acceptance.people import deploy
from tests.acceptance.stage import APPROVAL, CHANNEL, COMMAND, JOB, ROLLOUT, Stage, expected, service_name
from tests.acceptance.tending import tend

pytestmark = pytest.mark.asyncio(loop_scope="session")
PATCHES = "patches of the image"
AGAIN = "does not answer; trying again"


async def restart(world: World) -> None:
    """End the bot and start it anew."""
    assert world.bot
    world.bot.terminate()
    await world.bot.wait()
    await world.serve()


def still_up(world: World) -> bool:
    return world.bot is not None and world.bot.returncode is None


async def test_slack_gone_in_the_middle(stage: Stage, world: World) -> None:
    run = await deploy(stage, COMMAND)
    await run.approve()
    await run.begun()
    async with world.slack.outage():
        await run.succeeded()
    card = await run.card(lambda m: "✅ Done" in m.shown, seconds=30)
    assert "Deployed" in card.shown
    keys = await run.messages()
    assert sorted(keys) == sorted(set(keys))
    assert stage.effects(COMMAND, run.version) == expected(COMMAND)
    await world.slack.bot_connected(seconds=60)


async def test_slack_not_there_at_the_start(stage: Stage, world: World) -> None:
    told = world.log.count("Slack does not answer")
    async with world.slack.outage():
        await restart(world)
        await until(lambda: world.log.count("Slack does not answer") >= told + 2, seconds=30)
        assert still_up(world)
    await world.slack.bot_connected(seconds=60)
    run = await deploy(stage, APPROVAL)
    await run.approve()
    await run.succeeded()


async def test_the_cluster_gone_in_the_middle_and_not_there_at_the_start(stage: Stage, world: World) -> None:
    rollout, job = await deploy(stage, ROLLOUT), await deploy(stage, JOB)
    await rollout.approve()
    await rollout.begun()
    await asyncio.to_thread(world.cluster.stop)
    try:
        await rollout.card(lambda m: AGAIN in m.shown, seconds=30)
        await restart(world)
        await world.slack.bot_connected(seconds=60)
        await job.approve()
        await job.card(lambda m: AGAIN in m.shown, seconds=30)
        assert still_up(world)
    finally:
        await asyncio.to_thread(world.cluster.start)
    for run in (rollout, job):
        await run.succeeded(seconds=90)
        await run.card(lambda m: "✅ Done" in m.shown)
    assert stage.effects(JOB, job.version) == expected(JOB)
    # An API server that is killed may have stored the patch and not yet written its line of the audit log.
    assert stage.effects(ROLLOUT, rollout.version) in (expected(ROLLOUT), {**expected(ROLLOUT), PATCHES: 0})


async def test_the_database_gone_in_the_middle(stage: Stage, world: World) -> None:
    waiting, working = await deploy(stage, APPROVAL), await deploy(stage, COMMAND)
    card = await waiting.card(lambda m: "Approve" in m.buttons)
    await working.approve()
    await working.begun()
    alex, riley = world.person("alex"), world.person("riley")
    refused = [m.ts for m in await alex.messages(CHANNEL) if "Not recorded, nothing started" in m.shown]
    await asyncio.to_thread(world.postgres.stop)
    try:
        await alex.click(card, "Approve")
        await riley.command(CHANNEL, f"/deploy {service_name(JOB)} v41")
        for person in (alex, riley):
            await person.sees(
                CHANNEL, lambda m: "Not recorded, nothing started" in m.shown and m.ts not in refused, seconds=20
            )
        assert still_up(world)
    finally:
        await asyncio.to_thread(world.postgres.start)
    await waiting.approve()
    for run in (waiting, working):
        await tend(run)
        assert stage.effects(run.kind, run.version) == expected(run.kind)
    approvals = [event for event in await stage.records.events(waiting.id) if event["kind"] == "approved"]
    assert len(approvals) == 1
    started = await stage.records.rows(
        "select name from streams where state->>'service' = %(name)s and state->>'version' = 'v41'",
        name=service_name(JOB),
    )
    assert started == []
