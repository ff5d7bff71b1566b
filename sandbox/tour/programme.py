"""What is played, in this order, and how it fails."""

from collections.abc import Awaitable, Callable, Sequence

from sandbox.slack import NotThere
from sandbox.tour.audit import an_audit_pack
from sandbox.tour.deploys import a_crash, a_good_deploy, a_kpi_that_breaks, staging_first
from sandbox.tour.drilled import a_drill
from sandbox.tour.players import Players, TourFailed, lost_messages
from sandbox.tour.rehearsed import a_way_back_that_forgets, back_with_a_clock, the_same_mended
from sandbox.tour.tenant import a_tenant
from sandbox.tour.ways_back import by_hand, without_hurry

Act = Callable[[Players], Awaitable[object]]
ACTS: tuple[Act, ...] = (
    staging_first,
    a_good_deploy,
    a_crash,
    a_kpi_that_breaks,
    a_way_back_that_forgets,
    the_same_mended,
    back_with_a_clock,
    a_drill,
    by_hand,
    without_hurry,
    a_tenant,
    an_audit_pack,
)


async def play(players: Players, acts: Sequence[Act] = ACTS) -> None:
    """One act after the other. Raises TourFailed where something that is expected is not seen."""
    try:
        for act in acts:
            await act(players)
    except (NotThere, TimeoutError) as missing:
        lost = await lost_messages(players.world)
        raise TourFailed(
            f"not seen: {missing}\n{lost}\nThe bot's log ends:\n{players.world.log[-2000:]}"
        ) from missing
