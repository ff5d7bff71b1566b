"""The form of `/deploy`: drawn from what is known, opened and submitted in the local Slack, kept open by a fault."""

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pytest

from bot.adapters.postgres.pool import Pool
from bot.adapters.postgres.store import PostgresStore
from commands.deploy_form import NO_VERSIONS, look, submit
from commands.edge import Edge
from commands.replies import NOT_READ, NOT_RECORDED
from commands.views.deploy_form import (
    ENVIRONMENT,
    KNOWN,
    MOST,
    SERVICE,
    SUBMITTED,
    TYPED,
    Chosen,
    Seen,
    block_of,
    chosen_in,
    form,
)
from runbooks.catalogue import Catalogue
from runbooks.folds import folds as rooms
from runbooks.store import Fold
from runbooks.vocabulary import Actor, Commits, Unreachable
from sandbox.browser import Browser
from sandbox.slack import Fault, Kind, LocalSlack
from sandbox.waiting import until
from tests.commands.seat import CHANNEL, Seat, edge_of, serving
from tests.commands.stages import KNOWN as TWO_PLACES
from tests.engine.world import ALEX, CATALOGUE, OUTSIDER, RILEY, History, World
from tests.fixtures.store import StoreDatabase
from tests.store.proxy import proxied


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


def menu(view: Mapping[str, Any], action: str) -> Mapping[str, Any]:
    [element] = [b["element"] for b in view["blocks"] if b.get("element", {}).get("action_id") == action]
    return dict(element)


def names(view: Mapping[str, Any], action: str) -> list[str]:
    return [each["value"] for each in menu(view, action)["options"]]


# ---------------------------------------------------------------- how it looks


def test_before_a_service_is_chosen_the_places_of_all_are_offered_and_no_version() -> None:
    view = form(TWO_PLACES, Chosen(), Seen(lines=()))
    assert names(view, ENVIRONMENT) == ["production", "staging"]
    assert [b["element"]["action_id"] for b in view["blocks"]] == [SERVICE, ENVIRONMENT, TYPED]
    assert (view["type"], view["callback_id"], view["submit"]["text"]) == ("modal", SUBMITTED, "Deploy")


def test_of_a_service_its_default_place_is_chosen_and_what_depends_on_it_is_another_field() -> None:
    service = next(iter(TWO_PLACES.services))
    view = form(TWO_PLACES, Chosen(service), Seen(["v42", "v41"]))
    assert menu(view, ENVIRONMENT)["initial_option"]["value"] == "production"
    assert [b["block_id"] for b in view["blocks"] if "element" in b] == [
        *(SERVICE, f"{ENVIRONMENT}/{service}", f"{KNOWN}/{service}", TYPED)
    ]


def test_what_was_chosen_stays_chosen_where_it_is_still_offered() -> None:
    service = next(iter(TWO_PLACES.services))
    view = form(TWO_PLACES, Chosen(service, "staging", "v41"), Seen(["v42", "v41"]))
    assert menu(view, ENVIRONMENT)["initial_option"]["value"] == "staging"
    assert menu(view, KNOWN)["initial_option"]["value"] == "v41"
    gone = form(TWO_PLACES, Chosen(service, "nowhere", "v9"), Seen(["v42"]))
    assert menu(gone, ENVIRONMENT)["initial_option"]["value"] == "production"
    assert "initial_option" not in menu(gone, KNOWN)


def test_it_keeps_slacks_sizes_with_very_many_services_and_versions() -> None:
    api = CATALOGUE["services"]["api"]
    many = Catalogue.model_validate({**CATALOGUE, "services": {f"api-{n}": api for n in range(150)}})
    view = form(many, Chosen("api-7"), Seen([f"v{n}" for n in range(300)] + ["x" * 76], ["a line"] * 3))
    assert len(names(view, SERVICE)) == len(names(view, KNOWN)) == MOST
    assert len(json.dumps(view)) < 250_000
    long = form(many, Chosen("api-7"), Seen(["x" * 76]))
    assert block_of(long, KNOWN) == TYPED, "a version too long for a menu can still be typed"


def test_what_slack_says_of_the_fields_is_read_whatever_the_blocks_are_called() -> None:
    values: dict[str, Any] = {
        "form-service": {SERVICE: {"type": "static_select", "selected_option": {"value": "api"}}},
        "form-environment/api": {ENVIRONMENT: {"type": "static_select", "selected_option": None}},
        "form-typed": {TYPED: {"type": "plain_text_input", "value": "  v7 "}},
    }
    assert chosen_in(values) == Chosen("api", "", "", "v7")
    assert chosen_in({}) == Chosen()


# ---------------------------------------------------------------- what would change


@pytest.fixture
def world(store: PostgresStore, store_pool: Pool, folds: Mapping[str, Fold]) -> World:
    made = World(store)
    made.use(PostgresStore(store_pool, folds, now=lambda: made.now))
    return made


async def test_it_says_from_what_to_what_and_what_comes(world: World) -> None:
    await world.adopted("v1")
    seen = await look(with_versions(world), Chosen("api", "production", "v2"))
    assert seen.versions == ["v3", "v2", "v1", "main"]
    assert seen.lines == (
        "*api production*: last known good v1 `1111111` → *v2* · 4 commits by 2 authors (Ada, Bodo) since the last "
        "known good",
    )


async def test_it_says_who_is_at_work_there_and_that_deploys_are_locked(world: World) -> None:
    run_id = await world.at_the_gate("v2")
    seen = await look(with_versions(world), Chosen("api"))
    assert seen.lines == (
        "*api production*: no last known good is recorded",
        f"⏳ {run_id} is deploying it (v2). Another would not start before it ends.",
    )


async def test_a_source_that_does_not_answer_leaves_the_field(world: World) -> None:
    edge = with_versions(world)
    assert isinstance(edge.revisions, Versions)
    edge.revisions.silent = True
    seen = await look(edge, Chosen("api", typed="v2"))
    assert (seen.versions, seen.lines[-1]) == ([], NO_VERSIONS)


async def test_without_a_database_it_says_so_and_still_offers_versions(store_database: StoreDatabase) -> None:
    async with proxied(store_database.url) as line, Pool(line.url) as pool:
        edge = with_versions(World(PostgresStore(pool, rooms())))
        line.refuse = True
        seen = await look(edge, Chosen("api"))
        assert (seen.lines, seen.versions[0]) == ((NOT_READ,), "v3")
        said = await submit(edge, of(World(PostgresStore(pool, rooms()))).body(known="v2"))
        assert said == {"response_action": "errors", "errors": {f"{ENVIRONMENT}/api": NOT_RECORDED}}


async def test_a_service_that_is_not_chosen_yet_costs_no_reading(world: World) -> None:
    assert (await look(with_versions(world), Chosen())).versions == ()


# ---------------------------------------------------------------- what is submitted


async def test_it_is_the_same_ask_as_typed(world: World) -> None:
    said = await submit(edge_of(world), of(world).body(known="v2"))
    assert said["response_action"] == "update"
    assert said["view"]["blocks"][0]["text"]["text"].endswith("\nIts card stands in <#C1>.")
    run = await world.run("D-1")
    assert (run.command, run.service, run.environment, run.version) == ("deploy", "api", "production", "v2")


async def test_sent_twice_it_starts_one_run(world: World) -> None:
    body = of(world).body(typed="v2")
    assert await submit(edge_of(world), body) == await submit(edge_of(world), body)
    assert [name for name, _ in await world.store.latest("run/", 5)] == ["run/D-1"]


@pytest.mark.parametrize(
    ("given", "block", "says"),
    [
        ({}, TYPED, "Say which version: choose one, or type a tag, a branch or a commit. Nothing was started."),
        (
            {"known": "v2", "typed": "v3"},
            TYPED,
            "Two versions are given. Choose one or type one, not both. Nothing was started.",
        ),
        (
            {"typed": "v2; rm -rf /"},
            TYPED,
            "This can't be a version: a tag, a branch or a commit, in 200 characters at most.",
        ),
        (
            {"typed": "x" * 201},
            TYPED,
            "This can't be a version: a tag, a branch or a commit, in 200 characters at most.",
        ),
        (
            {"typed": "v2", "service": "apy"},
            f"{ENVIRONMENT}/api",
            "There is no service “apy”. Did you mean api? Nothing was started.",
        ),
    ],
)
async def test_half_filled_or_wrong_it_stays_open_and_says_why(
    world: World, given: dict[str, str], block: str, says: str
) -> None:
    said = await submit(edge_of(world), of(world).body(RILEY, **given))
    assert said == {"response_action": "errors", "errors": {block: says}}
    assert await world.store.latest("run/", 5) == []


async def test_an_outsider_is_told_in_the_form(world: World) -> None:
    said = await submit(edge_of(world), of(world).body(OUTSIDER, known="v2"))
    assert said["errors"] == {
        f"{ENVIRONMENT}/api": "Not started. To deploy here you must be in @developers or @sre. Ask one of them."
    }


async def test_while_another_deploy_is_under_way_it_stays_open(world: World) -> None:
    await world.at_the_gate("v2")
    said = await submit(edge_of(world), of(world).body(ALEX, known="v3"))
    assert said["errors"][f"{ENVIRONMENT}/api"].startswith("Not started. D-1 is deploying api to production (v2")


async def test_without_a_service_it_says_so(world: World) -> None:
    said = await submit(edge_of(world), of(world, Chosen()).body(typed="v2"))
    assert said["errors"] == {SERVICE: "Choose the service. Nothing was started."}


# ---------------------------------------------------------------- in Slack


@pytest.fixture
async def seat(world: World, local_slack: LocalSlack) -> AsyncIterator[Seat]:
    riley = Actor(f"{local_slack.workspace.team_id}/{local_slack.users['riley']}")
    world.members.groups["developers"] = {riley}
    await world.adopted("v1")
    async with serving(with_versions(world), local_slack):
        yield Seat(world, local_slack.person("riley"))


async def opened(seat: Seat) -> Mapping[str, Any]:
    """The form, once it is filled in."""
    await seat.person.command(CHANNEL, "/deploy")

    async def look_at_it() -> list[Mapping[str, Any]]:
        view = await seat.person.view()
        return [view] if view and "last known good v1" in json.dumps(view) else []

    return dict((await until(look_at_it, what="the form with what there is to choose"))[0])


@pytest.mark.slack
async def test_deploy_alone_opens_the_form_and_it_starts_a_run(seat: Seat, local_slack: LocalSlack) -> None:
    view = await opened(seat)
    assert names(view, KNOWN) == ["v3", "v2", "v1", "main"]
    await seat.person.submit({f"{KNOWN}/api": "v2"})

    async def closed() -> list[Mapping[str, Any]]:
        now = await seat.person.view()
        return [now] if now and "D-1 started: api v2 in production." in json.dumps(now) else []

    [end] = await until(closed, what="what came of it")
    assert "submit" not in end
    assert (await seat.world.run("D-1")).version == "v2"
    first = next(call for call in local_slack.journal.entries if call.method.startswith("views."))
    assert first.method == "views.open"
    assert "Reading which versions there are" in json.dumps(dict(first.args)), "it opens before anything is read"


@pytest.mark.slack
async def test_a_version_may_be_typed(seat: Seat) -> None:
    await opened(seat)
    await seat.person.submit({TYPED: "hotfix/orders"})

    async def started() -> bool:
        return (await seat.world.run("D-1")).version == "hotfix/orders"

    await until(started, what="the run")


@pytest.mark.slack
async def test_half_filled_it_stays_open(seat: Seat, local_slack: LocalSlack) -> None:
    await opened(seat)
    await seat.person.submit({TYPED: "not a version"})
    envelope = await local_slack.journal.until(
        lambda: [e for e in local_slack.journal.envelopes if e.payload.get("type") == "view_submission" and e.ack]
    )
    assert envelope[0].ack is not None
    assert list(envelope[0].ack["errors"]) == [TYPED]
    assert await seat.person.view() is not None


@pytest.mark.slack
async def test_a_choice_shows_what_it_would_change(seat: Seat) -> None:
    await opened(seat)
    await seat.person.pick(f"{KNOWN}/api", "v2")

    async def shows() -> bool:
        now = json.dumps(await seat.person.view(), ensure_ascii=False)
        return "last known good v1 `1111111` → *v2* · 4 commits by 2 authors" in now

    await until(shows, what="what v2 would change")


@pytest.mark.slack
async def test_where_it_can_not_be_opened_the_help_says_what_to_type(seat: Seat, local_slack: LocalSlack) -> None:
    local_slack.proxy.inject(Fault("views.open", Kind.ERROR, error="expired_trigger_id"))
    assert "`/deploy SERVICE VERSION [ENVIRONMENT]`" in (await seat.types("/deploy")).shown


@pytest.mark.slack
async def test_closed_before_it_is_filled_in_nothing_is_lost(seat: Seat, local_slack: LocalSlack) -> None:
    local_slack.proxy.inject(Fault("views.update", Kind.ERROR, error="not_found"))
    await seat.person.command(CHANNEL, "/deploy")
    await local_slack.journal.until(lambda: local_slack.journal.calls("views.update"))
    assert "`/deploy SERVICE VERSION [ENVIRONMENT]`" in (await seat.types("/deploy help")).shown


@pytest.mark.slack
@pytest.mark.browser
async def test_on_the_page_it_is_filled_in_sent_and_corrected(
    seat: Seat, local_slack: LocalSlack, browser: Browser
) -> None:
    riley = await browser.person(local_slack, "riley")
    await riley.open(CHANNEL)
    await riley.type("/deploy")
    await riley.dialog("last known good v1")
    assert await riley.page.locator(".modal .bk-unknown").count() == 0
    assert [await riley.picked(label) for label in ("Service", "Environment")] == ["api", "production"]
    await riley.confirm()
    await riley.dialog("Say which version")
    await riley.fill("Or another version", "v2")
    await riley.pick("Version", "v3")
    await riley.dialog("→ v2")
    await riley.confirm()
    await riley.dialog("Two versions are given")
    await riley.fill("Or another version", "")
    await riley.pick("Version", "v3")
    await riley.dialog("→ v3")
    await riley.confirm()
    await riley.dialog("D-1 started: api v3 in production.")
    assert (await seat.world.run("D-1")).version == "v3"
