"""The act of a drill: staging goes forward and back with everything real, and is what it was before."""

from sandbox.outsiders import look
from sandbox.tour.players import Players, TourFailed, asks_for_approval, done, run_of
from sandbox.world import SERVICE

_FORWARD = "v48"


async def a_drill(players: Players) -> str:
    """Begun on the command line, approved by Alex on its card; the name of its run."""
    players.act("A drill", f"Staging goes forward to {_FORWARD} and back, to see that the way back works.")
    before = await look(players.world, "staging")
    players.tell(f"In a terminal: opsbot drill {SERVICE} staging {_FORWARD}")
    printed = await players.world.opsbot("drill", SERVICE, "staging", _FORWARD)
    players.tell(f"  | {printed.strip()}\n")
    card = await players.see("deploys", lambda m: m.shown.startswith(f"Drill {SERVICE} staging"))
    card = await players.until_card(card, asks_for_approval)
    players.show(card, "waits for somebody")
    await players.approve(card)
    card = await players.until_card(card, done)
    players.show(card, "Drilled")
    if "Back and healthy in" not in card.shown:
        raise TourFailed(f"the card does not say how long the way back took:\n{card.shown}")
    told = f"staging is what it was before, {' and '.join(sorted(before.images))}, schema at {before.schema}"
    await players.agree(await look(players.world, "staging"), before, told)
    return run_of(card)
