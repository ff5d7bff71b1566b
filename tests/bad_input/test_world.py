"""Releases and Deployments that can't be deployed, typed in Slack before a real cluster and a real database.

Each case looks at staging before and after: what is said, and that nothing was changed or is still under way.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from sandbox.service import manifests
from sandbox.service.database import MIGRATIONS
from sandbox.service.repository import git
from sandbox.slack import Message
from sandbox.tour.players import LEARNED
from sandbox.waiting import until
from sandbox.world import PLACES, SERVICE, World
from tests.bad_input.releases import release

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.cluster, pytest.mark.slack]

NAMESPACE = PLACES["staging"]
DEPLOYMENT = f"deployment/{SERVICE}"
SOURCE = f"the source of {SERVICE} and 5 others"  # those of the acceptance stage
LEDGER = "select name, state, checksum from opsbot.migrations order by number"
COLUMNS = "select table_name, column_name from information_schema.columns where table_schema = 'public' order by 1, 2"


async def kubectl(world: World, *arguments: str) -> None:
    """In a thread: the node, which does the work, runs in this one."""
    await asyncio.to_thread(world.cluster.kubectl, *arguments, "-n", NAMESPACE)


def standing(world: World) -> list[Any]:
    """What outsiders see of staging, and who holds something of it."""
    deployments = world.cluster.kubectl.json("get", "deployments", "-n", NAMESPACE)["items"]
    held = world.sql(
        "opsbot", "select target, stream from reservations where target like %(of)s", of=f"%{NAMESPACE}%"
    )
    return [
        [(one["metadata"]["generation"], one["spec"]) for one in deployments],
        world.sql("staging", LEDGER),
        world.sql("staging", COLUMNS),
        held,
    ]


async def deploys(world: World, version: str) -> str:
    """Riley types it; the run that was started."""
    riley = world.person("riley")
    old = {m.ts for m in await riley.messages("deploys")}
    await riley.command("deploys", f"/deploy {SERVICE} {version} staging")
    started = await message(
        world, "deploys", lambda m: m.ts not in old and f"started: {SERVICE} {version}" in m.shown
    )
    return started.shown.split()[0]


async def message(world: World, channel: str, fits: Callable[[Message], bool]) -> Message:
    return await world.person("riley").sees(channel, fits, seconds=40)


async def card(world: World, run: str, fits: Callable[[Message], bool]) -> Message:
    """The run's card, once it is like this."""
    key = f"run/{run}/card"
    return await message(world, "deploys", lambda m: _key(m) == key and fits(m))


LESSONS = "Write lessons"
OPEN = {"Done", LESSONS}


async def ticked_until(world: World, run: str, fits: Callable[[Message], bool]) -> Message:
    """Riley ticks every line that opens, and writes the lessons, until the card is like this."""
    riley = world.person("riley")
    while True:
        now = await card(world, run, lambda m: fits(m) or bool(OPEN & set(m.buttons)))
        if fits(now):
            return now
        open_now = [label for label in now.buttons if label in OPEN]
        await riley.click(now, open_now[0])
        if open_now[0] == LESSONS:
            await until(riley.view, what="the form of the lessons")
            await riley.submit(LEARNED)
        await card(world, run, lambda m, left=open_now: fits(m) or [b for b in m.buttons if b in OPEN] != left)


def _key(message: Message) -> str:
    return str(message.blocks[0].get("block_id", "")) if message.blocks else ""


async def told(world: World, version: str) -> str:
    """Deploy a version that can't be; the line that its card ends with. Nothing may have been changed."""
    before = standing(world)
    run = await deploys(world, version)
    ended = await card(world, run, lambda m: "❌" in m.shown)
    assert ended.shown.startswith(f"Not started: deploy of {SERVICE} to staging")
    assert ended.buttons == []
    assert standing(world) == before
    return ended.shown.splitlines()[-1]


async def test_a_version_that_is_not_in_the_source_gets_the_nearest(world: World) -> None:
    assert await told(world, "v40") == (
        f"❌ There is no version “v40” in {SOURCE}: no tag, branch or commit is called that. "
        "Did you mean v49, v48 or v47? Nothing was changed."
    )


async def test_a_version_like_no_other_gets_the_newest(world: World) -> None:
    line = await told(world, "0123abc")
    assert line.startswith(f"❌ There is no version “0123abc” in {SOURCE}: no tag, branch or commit is")
    assert " called that. The newest tags are " in line
    assert line.endswith(". Nothing was changed.")


async def test_a_migration_without_rollback_script_is_a_finding(world: World) -> None:
    assert await told(world, "v45") == (
        "❌ Migration 025_shift_notes.sql has no rollback script. Create 025_rollback.sql before deploying. "
        "Nothing was changed."
    )
    run = world.sql("opsbot", "select name from streams where name like 'finding/D-%%' order by name desc")
    [finding] = [n for (n,) in run if str(n).endswith(".migration-without-rollback")][:1]
    found = await message(world, "deploys", lambda m: _key(m) == finding)
    assert found.shown.splitlines()[0] == "S3 · Missing rollback script"
    assert (
        "Migration 025_shift_notes.sql has no rollback script. Create 025_rollback.sql before deploying. "
        "Nothing was changed." in found.shown
    )
    assert "*Do:* Create before deploying." in found.shown
    assert found.buttons == ["Acknowledge", "Open incident"]


async def test_a_changed_checksum_of_an_applied_migration(world: World) -> None:
    name = "023_policy_profiles.sql"
    text = git(world.repository, "show", f"v41:{MIGRATIONS}/{name}")
    release(world.repository, "changed", base="v41", migrations={name: f"{text}\n-- one line more\n"})
    assert await told(world, "changed") == (
        f"❌ {name} is applied to {SERVICE} staging and was changed since. Restore it and put the change in a new "
        "migration. changed was not planned. Nothing was changed."
    )


@asynccontextmanager
async def paused(world: World) -> AsyncIterator[None]:
    await kubectl(world, "rollout", "pause", DEPLOYMENT)
    try:
        yield
    finally:
        await kubectl(world, "rollout", "resume", DEPLOYMENT)


@asynccontextmanager
async def scaled_down(world: World) -> AsyncIterator[None]:
    await kubectl(world, "scale", DEPLOYMENT, "--replicas=0")
    try:
        yield
    finally:
        await kubectl(world, "scale", DEPLOYMENT, "--replicas=3")
        await kubectl(world, "rollout", "status", DEPLOYMENT, "--timeout=60s")


@asynccontextmanager
async def removed(world: World) -> AsyncIterator[None]:
    """Without its Deployment; its pods stay, and are the Deployment's again when it is back."""
    template = world.cluster.kubectl.json("get", DEPLOYMENT, "-n", NAMESPACE)
    version = template["spec"]["template"]["spec"]["containers"][0]["image"].rpartition(":")[2]
    await kubectl(world, "delete", DEPLOYMENT, "--cascade=orphan")
    try:
        yield
    finally:
        world.cluster.kubectl.apply([manifests.deployment(NAMESPACE, version=version)])


async def test_a_paused_deployment(world: World) -> None:
    async with paused(world):
        line = await told(world, "v42")
    assert line == (
        f"❌ Deployment {SERVICE} in namespace {NAMESPACE} is paused, so new pods would never come. "
        f"Resume it (kubectl rollout resume deployment/{SERVICE}), then try again. Nothing was changed."
    )


async def test_a_deployment_with_zero_replicas(world: World) -> None:
    async with scaled_down(world):
        line = await told(world, "v42")
    assert line == (
        f"❌ Deployment {SERVICE} in namespace {NAMESPACE} has zero replicas (scaled down by a person or by an "
        "autoscaler), so no new pod would show whether the release works. Scale it up, then try again. "
        "Nothing was changed."
    )


async def test_no_deployment_of_that_name(world: World) -> None:
    async with removed(world):
        line = await told(world, "v42")
    assert line == (
        f"❌ There is no Deployment {SERVICE} in namespace {NAMESPACE} of cluster sandbox. "
        "Create it, or correct the service's workloads in the catalogue. Nothing was changed."
    )


HALF = {  # a rehearsal's rows are none of these; no other test has tried v41 on its 024
    "024_berths.sql": "alter table shifts add column berths integer;\n",
    "024_rollback.sql": "alter table shifts drop column berths;\n",
    "025_note.sql": "alter table shifts add column note text;\n"
    "alter table shifts add constraint elsewhere check (site <> 'Harbour');\n",
    "025_rollback.sql": "alter table shifts drop constraint elsewhere;\nalter table shifts drop column note;\n",
}


async def test_a_migration_that_fails_half_way(world: World) -> None:
    version = release(world.repository, "half-way", base="v41", migrations=HALF)
    deployments, ledger, columns, _ = standing(world)
    run = await deploys(world, version)
    waiting = await ticked_until(world, run, lambda m: "Approve" in m.buttons)
    await world.person("alex").click(waiting, "Approve")
    ended = await card(world, run, lambda m: "❌" in m.shown)
    said = (
        '025_note.sql failed at line 2: check constraint "elsewhere" of relation "shifts" is violated by some row. '
        "The database stands at 024; "
        "nothing of 025_note.sql was kept. Mend it and deploy again."
    )
    back = run.replace("D-", "R-")
    assert said in ended.shown
    assert f"{back} takes staging back to v41." in ended.shown
    found = await message(world, "incidents", lambda m: _key(m) == f"finding/{run}.deploy-failed")
    assert said in found.shown
    assert "Migration 024_berths.sql is applied; it is not known whether v41 runs on it." in found.shown
    asked = await ticked_until(world, back, lambda m: "Run 024_rollback.sql" in m.buttons)
    assert ("note",) not in [row[1:] for row in standing(world)[2]]
    await world.person("casey").click(asked, "Run 024_rollback.sql")
    asked = await card(world, back, lambda m: "Take it away: run 024_rollback.sql" in m.buttons)
    await world.person("casey").click(asked, "Take it away: run 024_rollback.sql")
    await ticked_until(world, back, lambda m: "✅ Done" in m.shown)
    now = standing(world)
    assert [spec for _, spec in now[0]] == [spec for _, spec in deployments]
    assert (now[2], now[3]) == (columns, [])
    assert [row for row in now[1] if row[1] == "applied"] == ledger
