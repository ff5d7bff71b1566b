"""The bot stands still, or ends, at its patch: after its intent and before the outcome is recorded."""

import asyncio
import signal
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest
from aiohttp import web

from sandbox.cluster.identities import OPSBOT_USER
from sandbox.service import manifests
from sandbox.waiting import until
from sandbox.world import World
from tests.acceptance.gate import Gate, Which, comparing_nothing, real_patch
from tests.acceptance.people import Deploy, deploy
from tests.acceptance.records import Json
from tests.acceptance.stage import CHANNEL, NAMESPACE, ROLLOUT, Stage, expected, service_name

pytestmark = pytest.mark.asyncio(loop_scope="session")
RELEASE = "Release deploys"
WITHIN = 15.0  # seconds from the click on a rollback until it has taken over


@asynccontextmanager
async def gated(world: World) -> AsyncIterator[tuple[Process, Gate]]:
    """The bot anew, with a gate before its API server; it is ended here, and another one is `world.bot` by then."""
    async with Gate(world.cluster, kubeconfig=world.folder / "gate.kubeconfig") as gate:
        assert world.bot
        world.bot.terminate()
        await world.bot.wait()
        bot = await world.serve(SANDBOX_KUBECONFIG=str(gate.kubeconfig))
        await world.slack.bot_connected(seconds=30)
        try:
            yield bot, gate
        finally:
            if bot.returncode is None:
                bot.send_signal(signal.SIGCONT)
                bot.terminate()
                await bot.wait()
            if world.bot is bot:  # what was tried did not come to a second one
                await world.serve()


async def stop(world: World, bot: Process) -> None:
    """Let it stand still, beside a second one that is there already."""
    await world.serve()
    await world.slack.journal.until(lambda: world.slack.proxy.sockets.count > 1, seconds=30)
    bot.send_signal(signal.SIGSTOP)
    world.slack.proxy.sockets.cut_oldest()


async def take_back(stage: Stage, run: Deploy) -> Deploy:
    """Casey goes back to the last known good while the run is under way: one command, one click."""
    casey = stage.world.person("casey")
    await casey.command(CHANNEL, f"/rollback {service_name(ROLLOUT)}")
    asked = await casey.sees(CHANNEL, lambda m: "Roll back now" in m.buttons, seconds=20)
    await casey.click(asked, "Roll back now")
    said = await casey.sees(CHANNEL, f"Stopped for it: {run.id}", seconds=20)
    return Deploy(stage, ROLLOUT, "", said.shown.split()[0])


async def let_on(stage: Stage, back: Deploy) -> None:
    """Casey says why deploys may go on after the rollback."""
    casey, card = stage.world.person("casey"), await back.card(lambda m: RELEASE in m.buttons)
    await casey.click(card, RELEASE)
    await until(casey.view, seconds=20, what="the form that releases deploys")
    await casey.submit({"reason": "What stood still is known."})
    await back.card(lambda m: "were released by" in m.shown)


def deployment(world: World) -> Json:
    found: Json = world.cluster.kubectl.json("get", "deployment", manifests.NAME, "-n", NAMESPACE)
    return found


def image(world: World) -> str:
    return str(deployment(world)["spec"]["template"]["spec"]["containers"][0]["image"])


async def one_commit(stage: Stage, old: Deploy, new: Deploy) -> set[tuple[str, ...]]:
    """The transactions that wrote the old run's end, the new run's beginning and its reservations."""
    return set(
        await stage.records.rows(
            """
            (select xmin::text from events where stream = %(old)s order by version desc limit 1)
            union all (select xmin::text from events where stream = %(new)s order by version limit 1)
            union all (select xmin::text from reservations where stream = %(new)s)
            """,
            old=f"run/{old.id}",
            new=f"run/{new.id}",
        )
    )


def refused(world: World, since: int) -> list[int]:
    """The status codes of the bot's patches that the API server has refused since then."""
    writes = world.cluster.audit.writes("deployments", namespace=NAMESPACE, user=OPSBOT_USER)[since:]
    return [write.code for write in writes if write.verb == "patch" and not write.effective and not write.dry_run]


LATE = {
    "its patch on the way": f"since Deployment {manifests.NAME} is not as it was when that was decided",
    "its patch on the way, comparing nothing": f"since Deployment {manifests.NAME} was taken over by holder ",
}
"""What the API server refuses by the patch's own tests, and by the policy alone."""


async def told_as_late(world: World, run: Deploy, why: str) -> None:
    """What the API server refused stands in the log and on the card."""
    said = f"the cluster refused the change, {why}"
    await until(lambda: f"of {run.id} came too late: {said}" in world.log, seconds=20, what="the refusal in the log")
    await run.card(lambda m: "came too late from a process that had stood still" in m.shown and said in m.shown)


def last_read(run: Deploy) -> Which:
    """The reading on which the patch is built: that of the Deployment, once the intent is recorded."""

    async def is_it(request: web.Request) -> bool:
        reads = request.method == "GET" and "/deployments/" in request.path
        return reads and "effect" in (await run.state())["steps"]

    return is_it


HELD: dict[str, Callable[[Gate, Deploy], None]] = {
    "its patch on the way": lambda gate, _: gate.hold_request(real_patch),
    "its patch on the way, comparing nothing": lambda gate, _: gate.hold_request(
        real_patch, rewritten=comparing_nothing
    ),
    "read but not yet sent": lambda gate, run: gate.hold_answer(last_read(run)),
}


@pytest.mark.parametrize("held", HELD)
async def test_the_good_version_stays(stage: Stage, world: World, held: str) -> None:
    await world.opsbot("adopt", service_name(ROLLOUT), "here")
    good = image(world)
    writes = len(world.cluster.audit.writes("deployments", namespace=NAMESPACE, user=OPSBOT_USER))
    async with gated(world) as (bot, gate):
        run = await deploy(stage, ROLLOUT)
        HELD[held](gate, run)
        await run.approve()
        async with asyncio.timeout(20):
            await gate.held.wait()
        await stop(world, bot)
        if held == "read but not yet sent":
            gate.open()  # the answer lies in the stopped process's own socket
        back = await take_back(stage, run)
        assert len(await one_commit(stage, run, back)) == 1
        await back.until(lambda state: "revert" in state["steps"], seconds=WITHIN, what="takes over")
        await back.succeeded()
        stands = deployment(world)["metadata"]["generation"]

        bot.send_signal(signal.SIGCONT)
        gate.open()
        await until(lambda: f"run/{run.id} lost" in world.log or f"run/{run.id} dropped" in world.log, seconds=20)
        if held in LATE:
            assert await gate.passed == 422
            assert refused(world, writes) == [422]
            await told_as_late(world, run, LATE[held])
    assert image(world) == good
    assert deployment(world)["metadata"]["generation"] == stands
    assert stage.effects(ROLLOUT, run.version) == {"patches of the image": 0, "ReplicaSets": 0}
    assert f"for {back.id}" in (await run.card(lambda m: "Deploy stopped" in m.shown)).shown
    told = await back.card(lambda m: "✅ Done" in m.shown)
    assert f"{run.id} stopped: no pod was changed" in told.shown, told.shown
    await let_on(stage, back)


CUT: dict[str, Callable[[Gate], None]] = {
    "patch on the way": lambda gate: gate.hold_request(real_patch),
    "answer on the way": lambda gate: gate.hold_answer(real_patch),
}


@pytest.mark.parametrize("cut", CUT)
async def test_killed_at_the_patch_it_is_not_done_twice(stage: Stage, world: World, cut: str) -> None:
    async with gated(world) as (bot, gate):
        run = await deploy(stage, ROLLOUT)
        CUT[cut](gate)
        await run.approve()
        async with asyncio.timeout(20):
            await gate.held.wait()
        bot.kill()
        await bot.wait()
        await world.serve()
        await run.succeeded()
        gate.open()
        assert await gate.passed == (422 if cut == "patch on the way" else 200)
    assert stage.effects(ROLLOUT, run.version) == expected(ROLLOUT)
    await run.card(lambda m: "✅ Done" in m.shown and "was interrupted and taken up again" in m.shown)
