"""The form of `/deploy` in a small world: what it offers, and how Slack sends it back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from commands.edge import Edge
from commands.views.deploy_form import OTHER, Chosen, Seen, form
from runbooks.commits import Commits
from runbooks.vocabulary import Actor, Unreachable
from tests.commands.seat import edge_of
from tests.engine.world import RILEY, History, World


class Versions(History):
    """A source with three tags and a branch."""

    async def newest(self, repository: str, most: int) -> Sequence[str]:
        if self.silent:
            raise Unreachable("The source repository")
        return ["v3", "v2", "v1", "main"][:most]

    async def between(self, repository: str, base: str, head: str) -> Commits | None:
        return Commits(4, ("Ada", "Bodo"))


def with_versions(world: World) -> Edge:
    return replace(edge_of(world), revisions=Versions())


@dataclass(frozen=True)
class Filled:
    """A view as Slack sends it back: with the state of its fields."""

    view: Mapping[str, Any]

    def body(self, by: Actor = RILEY, **given: str) -> dict[str, Any]:
        """What Slack sends when it is submitted; what was not filled in is null."""
        values: dict[str, Any] = {}
        for block in self.view["blocks"]:
            if (element := block.get("element")) is None:
                continue
            value = given.get(element["action_id"].removeprefix("form-"))
            chosen = {"value": value} if value is not None else None
            is_menu = element["type"] == "static_select"
            said = {"selected_option": chosen or element.get("initial_option")} if is_menu else {"value": value}
            values[block["block_id"]] = {element["action_id"]: {"type": element["type"], **said}}
        team, _, user = by.partition("/")
        state = {"state": {"values": values}}
        return {"user": {"id": user, "team_id": team}, "trigger_id": f"{id(self)}.x", "view": {**self.view, **state}}


API = Chosen("api")


def of(world: World, chosen: Chosen = API) -> Filled:
    return Filled(form(world.catalogue, chosen, Seen(("v3", "v2"))))


def typing(world: World) -> Filled:
    """The form of somebody who types the version."""
    return of(world, replace(API, known=OTHER))


def menu(view: Mapping[str, Any], action: str) -> Mapping[str, Any]:
    [element] = [b["element"] for b in view["blocks"] if b.get("element", {}).get("action_id") == action]
    return dict(element)


def names(view: Mapping[str, Any], action: str) -> list[str]:
    return [each["value"] for each in menu(view, action)["options"]]
