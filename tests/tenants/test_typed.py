"""`/onboard` as people type it: what is begun, what is told privately, what is refused, and what the cards say."""

from itertools import count
from typing import Any

import pytest

from bot.adapters.postgres.pool import Pool
from bot.adapters.postgres.store import PostgresStore
from commands.edge import Edge
from commands.onboard import answer
from commands.replies import NOT_READ, NOT_RECORDED
from commands.views.lists import status as runs_status
from commands.views.messages import messages, streams_seen
from commands.views.tenants import HELP
from runbooks.engine import asks
from runbooks.folds import folds
from runbooks.runs.state import Run
from sandbox.slack.sizes import too_large
from tests.bad_input.desk import NothingKnown, shown
from tests.engine.world import ALEX, OUTSIDER, RILEY
from tests.fixtures.store import StoreDatabase
from tests.store.proxy import proxied
from tests.tenants.world import Onboarding

_GESTURES = count(1)
TEN = "24 Nov 2026 10:00 UTC>"


async def types(onboarding: Onboarding, text: str, by: str = RILEY) -> str:
    team, _, user = by.partition("/")
    payload = {"team_id": team, "user_id": user, "trigger_id": f"{next(_GESTURES)}.t", "text": text}
    world = onboarding.world
    said = await answer(
        Edge(world.reception, world.store, world.catalogue, NothingKnown(), lambda: world.now), payload
    )
    assert said
    assert "<!" not in said.replace("<!date", "")
    return said.replace("\u2003", " ")


def recorded(onboarding: Onboarding) -> list[tuple[Any, ...]]:
    return onboarding.rows("select name, version from streams where name like 'run/%' or name like 'tenant/%'")


@pytest.mark.parametrize("text", ["acme", "acme api", "acme production", "acme api production"])
async def test_with_one_service_its_name_may_be_left_out(onboarding: Onboarding, text: str) -> None:
    said = await types(onboarding, text)
    run = said.split()[0]
    assert said == (
        f"{run} started: acme to api in production, on v1. It goes live once people have ticked its first lines, "
        "all 4 gates are passed, and it is approved."
    )
    assert (await onboarding.world.run(run)).parameters == {"tenant": "acme"}


CODE_RULE = (
    "can't be a tenant's code. Give a code of 2 to 63 lower-case letters, digits, hyphens and underscores, that "
    "begins with a letter or a digit."
)


@pytest.mark.parametrize(
    ("typed", "begins"),
    [
        ("../x", "Not started. “../x” "),
        ("a;b api", "Not started. “a;b” "),
        ("Acme", "Not started. “Acme” "),
        ("'); drop", "Not started. “');” "),
        ("a" * 300, f"Not started. “{'a' * 59}…” "),
        ("<!channel> api production", "Not started. “&lt;!channel&gt;” "),
        ("status ../x", "Not started. “../x” "),
    ],
)
async def test_what_is_no_code_is_refused_with_the_rule(onboarding: Onboarding, typed: str, begins: str) -> None:
    assert await types(onboarding, typed) == begins + CODE_RULE
    assert recorded(onboarding) == []


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("acme apy", "There is no service “apy”. Did you mean api? Nothing was started."),
        ("acme prodution", "There is no environment “prodution”. Did you mean production? Nothing was started."),
        ("acme apy production", "There is no service “apy”. Did you mean api? Nothing was started."),
        (
            "acme api production now",
            "Not understood: “acme api production now”. `/onboard TENANT [SERVICE] [ENVIRONMENT]`, "
            "or `/onboard help`. Nothing was started.",
        ),
        ("status", "Say which tenant: `/onboard status TENANT`."),
        ("status acme", "Nothing is recorded of acme. `/onboard acme` begins."),
        ("list", "No tenant was begun yet. `/onboard TENANT` begins."),
        ("LIST", "No tenant was begun yet. `/onboard TENANT` begins."),
        ("", HELP.replace("\u2003", " ")),
        ("help", HELP.replace("\u2003", " ")),
    ],
)
async def test_what_begins_nothing_says_so(onboarding: Onboarding, typed: str, said: str) -> None:
    assert await types(onboarding, typed) == said
    assert recorded(onboarding) == []


async def test_with_two_services_it_must_be_said_which(onboarding: Onboarding) -> None:
    api = onboarding.world.catalogue.services["api"]
    onboarding.world.catalogue = onboarding.world.catalogue.model_copy(update={"services": {"api": api, "web": api}})
    assert await types(onboarding, "acme") == (
        "Say which service: `/onboard TENANT SERVICE [ENVIRONMENT]`. There are: api, web. Nothing was started."
    )
    assert (await types(onboarding, "acme production")).startswith("There is no service “production”.")


async def test_who_may_not_and_what_is_under_way_is_told(onboarding: Onboarding) -> None:
    assert await types(onboarding, "acme", OUTSIDER) == (
        "Not started. To onboard here you must be in @developers or @sre. Ask one of them."
    )
    run = (await types(onboarding, "acme")).split()[0]
    assert await types(onboarding, "acme", ALEX) == (
        f"Not started. {run} is onboarding acme to api in production "
        "(asked by <@URILEY> at <!date^1795514400^{time}|10:00 UTC>). "
        f"Wait for it, or abort it on its card or with `/deploy abort {run}`."
    )


async def test_status_tells_each_gate_and_what_is_lacking(onboarding: Onboarding) -> None:
    onboarding.fails({"acme": {"determinism-proof": "chance decides"}})
    run = (await onboarding.goes_on(await onboarding.begins())).id
    said = (await types(onboarding, "status acme")).splitlines()
    assert said[0] == "*acme* · api production"
    assert said[1].startswith(f" ✅ RLS harness: passed on v1 `1111111` · {run} <!date^")
    assert said[2].startswith(f" ❌ Determinism proof: failed on v1 `1111111` · {run} <!date^")
    assert said[2].endswith("Determinism proof failed: 1 of 1 check. contract: chance decides.")
    assert said[3:] == [
        " ⬜ Golden path E2E: not tried",
        " ⬜ Integrations contract: not tried",
        " Not live. 3 of 4 gates not passed on 1111111: Determinism proof, Golden path E2E, Integrations contract.",
    ]
    assert await types(onboarding, "list") == (
        "*Tenants, the newest first*\n⬜ *acme* · api production · not live: Determinism proof failed"
    )


async def test_status_and_list_tell_who_is_live_since_when(onboarding: Onboarding) -> None:
    run = (await onboarding.live()).id
    last = (await types(onboarding, "status acme")).splitlines()[-1]
    assert last.startswith(" ✅ Live since <!date^1795514400^")
    assert last.endswith(f"on v1 `1111111`, {run}, approved by <@UALEX>.")
    assert "✅ *acme* · api production · live since <!date^1795514400^" in await types(onboarding, "list")
    assert (await types(onboarding, "acme")).startswith(
        f"Not started. acme is live in production already, since {run}"
    )


async def test_status_names_the_run_under_way(onboarding: Onboarding) -> None:
    run = await onboarding.at_the_gate()
    said = (await types(onboarding, "status acme")).splitlines()
    assert said[0] == f"*acme* · api production · {run} is under way"
    assert said[-1] == " Not live yet: all 4 gates are passed, the approval is lacking."


async def test_without_a_database_nothing_is_begun_and_nothing_is_read(
    onboarding: Onboarding, store_database: StoreDatabase
) -> None:
    async with proxied(store_database.url) as line, Pool(line.url) as pool:
        line.refuse = True
        onboarding.world.store = PostgresStore(pool, folds())
        onboarding.use()
        assert await types(onboarding, "acme") == NOT_RECORDED
        assert await types(onboarding, "list") == NOT_READ
        assert await types(onboarding, "status acme") == NOT_READ


# ---------------------------------------------------------------- cards


async def card(onboarding: Onboarding, stream: str) -> str:
    """All that is read on the first message of a stream, its one-line form first."""
    store, catalogue = onboarding.world.store, onboarding.world.catalogue
    state = (await store.read([stream])).streams[stream].state
    seen = (await store.read(streams_seen(state))).streams
    found = messages(catalogue, state, lambda name: seen[name].state)
    assert all(too_large({"blocks": list(each.blocks)}) == "" for each in found)
    return f"{found[0].text}\n{shown(found[0].blocks)}"


async def of(onboarding: Onboarding, run: Run | str) -> str:
    return await card(onboarding, f"run/{run if isinstance(run, str) else run.id}")


async def test_the_card_of_an_onboarding_tells_of_the_tenant(onboarding: Onboarding) -> None:
    waiting = await onboarding.at_the_gate()
    said = await of(onboarding, waiting)
    assert said.startswith(f"Onboard acme to api production · v1 · {waiting}\nOnboard acme to api production\n")
    assert f"*S3* · {waiting} · *v1* `1111111` · asked by <@URILEY>" in said
    assert "Waits for 1 approval of @sre, not by <@URILEY>" in said
    assert "acme goes live in api production, all 4 gates passed on v1 1111111" in said
    assert (
        runs_status([await onboarding.world.run(waiting)])
        .splitlines()[1]
        .startswith(f"⏸ *{waiting}* onboarding of acme to api in production, on v1")
    )
    said = await of(onboarding, await onboarding.approved(waiting))
    assert "Onboarded acme to api production" in said
    assert "✅ Done at <!date^1795514400^{time}|10:00 UTC>. acme is live." in said.splitlines()


async def test_the_card_and_the_finding_of_a_gate_that_failed(onboarding: Onboarding) -> None:
    onboarding.fails({"acme": {"golden-path": "no shift to plan"}})
    run = await onboarding.goes_on(await onboarding.begins())
    said = await of(onboarding, run)
    assert "Onboarding failed: acme to api production" in said
    assert "Golden path E2E failed: 1 of 1 check. contract: no shift to plan." in said
    assert (
        "❌ Failed at “Gate 3: Golden Path E2E” at <!date^1795514400^{time}|10:00 UTC>. acme did not go live. "
        "When it is mended, `/onboard acme api production` tries all 4 gates again."
    ) in said.splitlines()
    finding = await card(onboarding, f"finding/{run.id}.tenant-gate-failed")
    assert "S3 · Tenant onboarding gate failed" in finding
    assert "*Do:* Block go-live. Fix issues first." in finding
    assert "Roll back" not in finding


async def test_the_card_of_an_aborted_one_says_whether_it_is_live(onboarding: Onboarding) -> None:
    waiting = await onboarding.at_the_gate()
    await onboarding.world.hears(asks.Abort(waiting))
    await onboarding.world.works()
    ending = "⏹ Aborted by <@URILEY> at <!date^1795514400^{time}|10:00 UTC>. acme did not go live."
    assert ending in (await of(onboarding, waiting)).splitlines()
