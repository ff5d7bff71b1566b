"""What the good end of a run makes known of what it brought: its KPIs once it ran, and who approved it."""

from dataclasses import replace

from runbooks.folds import folds
from runbooks.promotion import promote
from runbooks.release_facts import KpiValue
from runbooks.releases import events as e
from runbooks.releases.bundle import bundle_of
from runbooks.vocabulary import Done, Json
from tests.engine.world import ALEX, World
from tests.runs.stories import STEPS, Story, step

ERRORS: Json = {"name": "errors", "title": "error rate", "unit": "%", "direction": "up-is-bad", "window": 300.0}


def measured(*kpis: Json) -> tuple[KpiValue, ...]:
    """What is kept of a run whose step `kpis` read these."""
    story = Story().requested().planned(*STEPS, step("kpis", "kpi.baseline")).done("tests").ticked("told")
    found = Done("", {"kpis": list(kpis)})
    run = replace(story.run, steps={**story.run.steps, "kpis": replace(story.run.steps["tests"], outcome=found)})
    assert run.evidence["kpis"] == {"kpis": list(kpis)}
    return promote(run).kpis


def test_its_kpis_are_those_after_the_deploy_beside_those_before() -> None:
    assert measured(ERRORS | {"now": 0.2, "was": 0.3, "before": [[1, 0.3]], "after": [[2, 0.2]]}) == (
        KpiValue("errors", "error rate", 0.2, 0.3, "%", 300.0),
    )


def test_what_could_not_be_read_is_no_value() -> None:
    assert measured(ERRORS | {"now": None, "was": 0.3}, ERRORS | {"now": 0.2, "was": None}) == ()
    assert promote(Story().requested().planned().run).kpis == ()


async def test_who_approved_it_and_its_bundles_name_are_kept(small_world: World) -> None:
    run_id = await small_world.at_the_gate()
    await small_world.approves(run_id)
    await small_world.works()
    good = (await small_world.release()).known_good
    assert good is not None
    assert good.approved_by == (ALEX,)
    told = [each.data for each in await small_world.store.history("release/api/production")]
    promoted = next(p for data in told if isinstance(p := _event(data), e.Promoted))
    assert promoted.bundle == bundle_of("api", "production", good).digest


def _event(data: str) -> object:
    return folds()["release"].event_type.validate_json(data)
