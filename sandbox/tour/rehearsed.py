"""The acts of a way back that is tried beforehand: refused, mended, and then gone."""

from sandbox.tour.players import Players, TourFailed, done
from sandbox.world import SERVICE

_BEFORE, _SCHEMA = "024_tenant_flags", "025_shift_labels"
_LEFT = "025_rollback.sql leaves index shifts_by_site on shifts"


async def a_way_back_that_forgets(players: Players) -> None:
    """v47 in staging: its rollback script leaves an index, so nothing is deployed."""
    players.act("A way back that forgets", "v47's rollback script leaves an index behind. It is found beforehand.")
    await players.told(
        "riley", f"/deploy {SERVICE} v47 staging", lambda m: f"started: {SERVICE} v47 in staging" in m.shown
    )
    finding = await players.see("deploys", lambda m: "Way back not proven" in m.shown)
    players.show(finding, "S3")
    failed = await players.see("deploys", lambda m: f"Deploy failed: {SERVICE} to staging" in m.shown)
    players.show(failed, "Not deployed")
    if _LEFT not in failed.shown:
        raise TourFailed(f"the card does not say what is left behind:\n{failed.shown}")
    await players.outside("v42", schema=_BEFORE, good="v42", environment="staging")


async def the_same_mended(players: Players) -> None:
    """v48 in staging: the script drops the index too."""
    players.act("The same, mended", "v48 drops the index on its way back. v42 is tried on the new schema, and runs.")
    card = await players.deploy("v48", "staging")
    players.show(await players.tick_until(card, done), "Deployed")
    await players.outside("v48", schema=_SCHEMA, good="v48", environment="staging")


async def back_with_a_clock(players: Players) -> None:
    """Staging goes back to v42; the card says how long it took, and deploys are held until they are released."""
    players.act("Back, with a clock", "Staging goes back to v42. The data stays: v42 is known to run on it.")
    casey = players.world.person("casey")
    asked = await players.types(
        "casey", f"/rollback {SERVICE} staging to v42", lambda m: "Roll back now" in m.buttons
    )
    players.show(asked, "only Casey sees this")
    if "025 stays: v42 is known to run on it" not in asked.shown:
        raise TourFailed(f"the question does not say that v42 runs on 025:\n{asked.shown}")
    await casey.click(asked, "Roll back now")
    card = await players.see(
        "deploys", lambda m: f"Roll back {SERVICE} staging to v42" in m.shown and not m.ephemeral_to
    )
    await players.approve(card)
    card = await players.tick_until(card, done)
    players.show(card, "Rolled back")
    await players.release_deploys(card, "v48 was only tried.")
    await players.outside("v42", schema=_SCHEMA, good="v48", environment="staging")
