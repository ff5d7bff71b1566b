"""The Home's "Waits for you": audit packs, for whoever may approve them."""

import pytest

from bot.adapters.postgres.pool import Pool
from bot.adapters.postgres.record import PostgresRecord
from runbooks.catalogue import Approval
from runbooks.engine.audits import Audits
from runbooks.engine.pack_requests import PackRequests
from runbooks.packs.period import read
from runbooks.packs.scope import Scope
from runbooks.vocabulary import Actor
from tests.commands.test_home import part, seen_by
from tests.engine.world import ALEX, OUTSIDER, RILEY, SAM, World

KIM = Actor("T1/UKIM")


@pytest.fixture
def world(small_world: World) -> World:
    made = small_world
    service = made.catalogue.services["api"].model_copy(update={"audit_approval": Approval(group="sre", count=2)})
    made.catalogue = made.catalogue.model_copy(update={"services": {"api": service}})
    made.members.groups["sre"] = {ALEX, SAM, KIM}
    made.use(made.store)
    return made


@pytest.fixture
def packs(world: World, store_pool: Pool) -> PackRequests:
    return PackRequests(
        Audits(world.store, world.catalogue, PostgresRecord(store_pool), lambda: world.now), world.members
    )


async def waiting(world: World, me: Actor) -> list[str]:
    return part(await seen_by(world, me), "Waits for you")


async def test_a_pack_waits_for_those_who_may_approve_it_and_have_not(world: World, packs: PackRequests) -> None:
    period = read("2026-11-01", "2026-11-20", world.now.date())
    wanted = await packs.ask(Scope("api", period, "acme"), by=ALEX, key="1")
    assert wanted is not None
    [line] = await waiting(world, SAM)
    what = "audit pack of api, tenant acme, 2026-11-01 to 2026-11-20, for <@UALEX>"
    assert line.startswith(f"🗂️ {what}: to approve, until <!date^")
    assert line.endswith(" · in Opsbot's direct message to you")
    for nobody in (ALEX, RILEY, OUTSIDER):
        assert await waiting(world, nobody) == ["Nothing."], "asked for it, or may not"

    await packs.judge("audit/api/acme", 1, by=SAM, approves=True, key="2")
    assert await waiting(world, SAM) == ["Nothing."]
    assert what in (await waiting(world, KIM))[0]
    await packs.judge("audit/api/acme", 1, by=KIM, approves=True, key="3")
    assert await waiting(world, KIM) == ["Nothing."]
