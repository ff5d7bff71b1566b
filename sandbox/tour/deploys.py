"""The acts of deploys: tried in staging, good in production; then a crash and a KPI that breaks, both taken back.

After the first of them somebody wants to deploy at once, and is told who may let deploys go on.
"""

from sandbox.service.traffic import plan_a_season
from sandbox.tour.players import Players, done, run_of
from sandbox.world import SERVICE

SCHEMA = "024_tenant_flags"


async def staging_first(players: Players) -> None:
    """v42 in staging, where its migration is tried."""
    players.act("Staging first", "v42 brings a migration. It is tried in staging, before production may have it.")
    card = await players.deploy("v42", "staging")
    players.show(await players.tick_until(card, done), "Deployed")
    await players.outside("v42", schema=SCHEMA, good="v42", environment="staging")


async def a_good_deploy(players: Players) -> None:
    """v42, approved by a colleague, becomes the last known good."""
    players.act("A good deploy", "v42 in production. A colleague approves it; it becomes the last known good.")
    card = await players.deploy("v42")
    card = await players.tick_until(card, done)
    await players.see("general", lambda m: "v42" in m.shown and "is deployed to production" in m.shown)
    players.show(card, "Deployed")
    await players.outside("v42", schema=SCHEMA, good="v42")


async def a_crash(players: Players) -> None:
    """v44 crashes at start: caught, and production goes back by itself."""
    players.act("A crash", "v44 can't start. It is caught, and production goes back by itself.")
    await players.deploy("v44")
    said = ("Deploy failed, rollback needed", "What changed in it", "is not set")
    finding = await players.see("incidents", lambda m: all(each in m.shown for each in said))
    players.show(finding, "S2")
    failed = await players.see("deploys", f"Deploy failed: {SERVICE} to production")
    players.show(failed, "Deploy failed")
    back = await players.see("deploys", f"since {run_of(failed)} failed")
    back = await players.until_card(back, lambda m: "announced" in m.shown or done(m))
    back = await players.tick_until(back, done)
    players.show(back, "Rolled back")
    await players.world.person("alex").click(finding, "Acknowledge")
    await players.see("incidents", "Acknowledged by")
    await players.outside("v42", schema=SCHEMA, good="v42")
    await players.told("riley", f"/deploy {SERVICE} v46", lambda m: "are held" in m.shown)
    await players.release_deploys(back, "v44 lacked a setting, and nobody deploys it again.")


async def a_kpi_that_breaks(players: Players) -> None:
    """v46 is healthy and its smoke tests pass, but has no room for a season's plans: the watch takes it back."""
    players.act("A KPI that breaks", "v46 is healthy, until a tenant plans a whole season. The watch sees it.")
    card = await players.deploy("v46")
    card = await players.until_card(card, lambda m: "all well so far" in m.shown)
    players.show(card, "is watched")
    await plan_a_season(players.world.urls["production"])
    card = await players.until_card(card, lambda m: "Deploy failed" in m.shown)
    players.show(card, "Deploy failed")
    finding = await players.see(
        "incidents", lambda m: f" {run_of(card)}" in m.shown and "failed plans" in m.shown.lower()
    )
    players.show(finding, "S2")
    back = await players.see("deploys", f"since {run_of(card)} failed")
    players.show(await players.tick_until(back, done), "Rolled back")
    await players.outside("v42", schema=SCHEMA, good="v42")
