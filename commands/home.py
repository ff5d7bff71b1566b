"""The app's Home tab, made anew whenever somebody opens it; it records nothing."""

import logging
from typing import Any, Protocol

from slack_bolt.async_app import AsyncApp

from commands.deploy_form import ViewGone
from commands.edge import Edge, Payload
from commands.replies import not_read
from commands.views.drill_times import picture
from commands.views.home import Seen, home, unread, waited_for
from commands.views.plots import Picture
from runbooks.drills.state import Drills, stream_of
from runbooks.store import StoreUnavailable
from runbooks.vocabulary import Actor, Unreachable

LOOKED_AT = 200  # newest runs, which tell what runs where; newest of each kind that still ask for somebody
log = logging.getLogger(__name__)


class Homes(Protocol):
    """Slack's Home tabs."""

    async def picture(self, picture: Picture) -> Payload:
        """A block that shows it, uploaded once. Raises ViewGone where Slack will not take it, Unreachable."""
        ...

    async def publish(self, user: str, view: Payload) -> None:
        """Make this the person's Home. Raises ViewGone where Slack will not, Unreachable."""
        ...


def register(app: AsyncApp, edge: Edge, homes: Homes) -> None:
    """Listen for the tab being opened."""

    @app.event("app_home_opened")
    async def opened(event: Payload, body: Payload, ack: Any) -> None:
        await ack()
        if event.get("tab", "home") == "home":
            await show(edge, homes, Actor(f"{body['team_id']}/{event['user']}"))


async def show(edge: Edge, homes: Homes, me: Actor) -> None:
    """Publish the person's Home as things stand now."""
    user = me.rpartition("/")[2]
    try:
        seen = await look(edge, me)
    except StoreUnavailable as cause:
        await _publish(homes, user, unread(not_read(cause)))
        return
    plot = await _plot(homes, picture(seen.drills))
    if not await _publish(homes, user, home(edge.catalogue, seen, plot)) and plot is not None:
        await _publish(homes, user, home(edge.catalogue, seen))  # Slack reads a new picture for a moment


async def _publish(homes: Homes, user: str, view: Payload) -> bool:
    """Whether Slack took it."""
    try:
        await homes.publish(user, view)
    except (ViewGone, Unreachable) as cause:
        log.warning("a Home was not published: %s", cause)
        return False
    return True


async def _plot(homes: Homes, drawn: Picture | None) -> Payload | None:
    """The block; where Slack does not take the picture, its lines tell the same."""
    try:
        return await homes.picture(drawn) if drawn else None
    except (ViewGone, Unreachable) as cause:
        log.warning("the plot of drills was not uploaded: %s", cause)
        return None


async def look(edge: Edge, me: Actor) -> Seen:
    """Seven reads of the store, and who the person is to the catalogue. Raises StoreUnavailable."""
    places = [f"release/{name}/{place}" for name, s in edge.catalogue.services.items() for place in s.environments]
    releases = (await edge.store.read(places)).streams
    newest = [run for _, run in await edge.store.latest("run/", LOOKED_AT)]
    going = await edge.store.outstanding("run", LOOKED_AT)
    packs = await edge.store.outstanding("audit", LOOKED_AT)
    known = {run.id for run in newest}
    return Seen(
        me=me,
        groups=await _groups(edge, me, waited_for(edge.catalogue, going, packs)),
        runs=[*newest, *(run for run in going if run.id not in known)],
        releases=[releases[stream].state for stream in places],
        findings=await edge.store.outstanding("finding", LOOKED_AT),
        incidents=await edge.store.outstanding("incident", LOOKED_AT),
        packs=packs,
        drills=await _drills(edge),
    )


async def _drills(edge: Edge) -> list[Drills]:
    """Of every place that the catalogue has drills in, or that had some."""
    services = edge.catalogue.services.items()
    wanted = {stream_of(n, place): there for n, s in services for place, there in s.environments.items()}
    read = (await edge.store.read(list(wanted))).streams
    return [read[name].state for name, there in wanted.items() if there.drill or read[name].state.last]


async def _groups(edge: Edge, me: Actor, among: frozenset[str]) -> frozenset[str] | None:
    try:
        return await edge.reception.groups(me, among)
    except Unreachable:
        return None
