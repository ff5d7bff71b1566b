"""The form of `/deploy`: drawn from what is known, what it says would change, and what comes of it."""

import json
from dataclasses import replace
from typing import Any

import pytest

from bot.adapters.postgres.pool import Pool
from bot.adapters.postgres.store import PostgresStore
from commands.deploy_form import NO_VERSIONS, look, submit
from commands.replies import NOT_READ, NOT_RECORDED
from commands.views.deploy_form import (
    ENVIRONMENT,
    KNOWN,
    MOST,
    OTHER,
    SERVICE,
    SUBMITTED,
    TYPED,
    Chosen,
    Seen,
    block_of,
    chosen_in,
    form,
)
from commands.views.sent import form_of
from runbooks.catalogue import Catalogue
from runbooks.folds import folds as rooms
from sandbox.slack.sizes import too_large
from tests.commands.form import Versions, menu, names, of, typing, with_versions
from tests.commands.seat import edge_of
from tests.commands.stages import KNOWN as TWO_PLACES
from tests.engine.world import ALEX, CATALOGUE, OUTSIDER, RILEY, World
from tests.fixtures.store import StoreDatabase
from tests.store.proxy import proxied

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
    blocks = [SERVICE, f"{ENVIRONMENT}/{service}", f"{KNOWN}/{service}"]
    assert [b["block_id"] for b in view["blocks"] if "element" in b] == blocks


@pytest.mark.parametrize(
    ("chosen", "versions", "fields", "at"),
    [
        (Chosen(), ["v42"], [KNOWN], ""),
        (Chosen(known="v42"), ["v42"], [KNOWN], "v42"),
        (Chosen(known=OTHER), ["v42"], [KNOWN, TYPED], OTHER),
        (Chosen(typed="v4"), ["v42"], [KNOWN, TYPED], OTHER),  # begun to type while they were read
        (Chosen(known="v42", typed="v4"), ["v42"], [KNOWN], "v42"),  # chosen after that
        (Chosen(typed="v4"), [], [TYPED], ""),
    ],
)
def test_a_version_is_chosen_or_typed_and_each_field_there_is_needed(
    chosen: Chosen, versions: list[str], fields: list[str], at: str
) -> None:
    service = next(iter(TWO_PLACES.services))
    asked = form(TWO_PLACES, replace(chosen, service=service), Seen(versions))["blocks"][2:-1]
    assert [b["element"]["action_id"] for b in asked] == fields
    assert not any(b.get("optional") for b in asked)
    assert asked[0]["element"].get("initial_option", {}).get("value", "") == at


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
    view = form(many, Chosen("api-149"), Seen([f"v{n}" for n in range(300)] + ["x" * 76], ["a line"] * 3))
    assert len(names(view, KNOWN)) == MOST
    assert too_large({"view": view}) == ""
    assert len(json.dumps(view)) < 250_000


def test_where_services_are_more_than_a_menu_takes_each_can_be_chosen_in_a_group() -> None:
    api = CATALOGUE["services"]["api"]
    many = Catalogue.model_validate({**CATALOGUE, "services": {f"api-{n}": api for n in range(250)}})
    view = form(many, Chosen("api-249"), Seen())
    offered = menu(view, SERVICE)
    groups = {group["label"]["text"]: group["options"] for group in offered["option_groups"]}
    assert {label: len(options) for label, options in groups.items()} == {
        "api-0 … api-99": MOST,
        "api-100 … api-199": MOST,
        "api-200 … api-249": 50,
    }
    assert [option["value"] for group in groups.values() for option in group] == list(many.services)
    assert offered["initial_option"]["value"] == "api-249"
    assert too_large({"view": view}) == ""


def test_a_version_that_is_too_long_for_a_menu_can_still_be_typed() -> None:
    service = next(iter(TWO_PLACES.services))
    long = form(TWO_PLACES, Chosen(service), Seen(["x" * 76]))
    sent = form_of({**long, "state": {"values": {}}})
    assert block_of(sent, KNOWN, TYPED) == TYPED


def test_what_slack_says_of_the_fields_is_read_whatever_the_blocks_are_called() -> None:
    values: dict[str, Any] = {
        "form-service": {SERVICE: {"type": "static_select", "selected_option": {"value": "api"}}},
        "form-environment/api": {ENVIRONMENT: {"type": "static_select", "selected_option": None}},
        "form-typed": {TYPED: {"type": "plain_text_input", "value": "  v7 "}},
    }
    assert chosen_in(form_of({"state": {"values": values}})) == Chosen("api", "", "", "v7")
    assert chosen_in(form_of({"state": {"values": {}}})) == Chosen()


# ---------------------------------------------------------------- what would change


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
    body = typing(world).body(typed="v2")
    assert await submit(edge_of(world), body) == await submit(edge_of(world), body)
    assert [name for name, _ in await world.store.latest("run/", 5)] == ["run/D-1"]


@pytest.mark.parametrize(
    ("given", "block", "says"),
    [
        (
            {},
            f"{KNOWN}/api",
            "Say which version: choose one, or type a tag, a branch or a commit. Nothing was started.",
        ),
        (
            {"known": OTHER},  # sent before the field was there
            f"{KNOWN}/api",
            "Say which version: choose one, or type a tag, a branch or a commit. Nothing was started.",
        ),
        (
            {"typed": ""},
            TYPED,
            "Say which version: choose one, or type a tag, a branch or a commit. Nothing was started.",
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
    filled = typing(world) if "typed" in given else of(world)
    said = await submit(edge_of(world), filled.body(RILEY, **given))
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
