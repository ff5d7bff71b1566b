"""The acts of rollbacks that people ask for: at once to an older version, and planned."""

from sandbox.tour.deploys import SCHEMA
from sandbox.tour.players import Players, asks_for_approval, done, run_of
from sandbox.world import SERVICE


async def by_hand(players: Players) -> None:
    """Casey takes production back to v41; not the last known good, so a colleague approves."""
    players.act("A rollback by hand", "v41 is older than the last known good, so it needs an approval of its own.")
    casey = players.world.person("casey")
    asked = await players.types(
        "casey", f"/rollback {SERVICE} production to v41", lambda m: "Roll back now" in m.buttons
    )
    players.show(asked, "only Casey sees this")
    await casey.click(asked, "Roll back now")
    card = await players.see(
        "deploys", lambda m: f"Roll back {SERVICE} production to v41" in m.shown and not m.ephemeral_to
    )
    await players.approve(card)
    card = await players.until_card(card, lambda m: "024 stays: v41 is known to run on it" in m.shown)
    players.show(await players.tick_until(card, done), "Rolled back")
    await players.outside("v41", schema=SCHEMA, good="v42")


async def without_hurry(players: Players) -> None:
    """A second rollback does not undo the first: Casey names v42, and plans the way there.

    The procedure is read, a colleague approves, nobody's run is stopped.
    """
    players.act("A planned rollback", "v42 was better after all. Nothing burns, so it goes back without hurry.")
    await players.told("casey", f"/rollback {SERVICE} production", lambda m: "and stays there" in m.shown)
    said = await players.told(
        "casey", f"/rollback {SERVICE} production to v42 planned", lambda m: "the planned rollback of" in m.shown
    )
    card = await players.card_of(run_of(said))
    await players.see("deploys", lambda m: m.thread_ts == card.ts and "Emergency rollback" in m.shown)
    card = await players.tick_until(card, asks_for_approval, by="casey")
    players.show(card, "waits for a colleague")
    await players.approve(card)
    players.show(await players.tick_until(card, done, by="casey"), "Rolled back")
    await players.outside("v42", schema=SCHEMA, good="v42")
