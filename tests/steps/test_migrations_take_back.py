"""A drill takes back what it applied itself, by the scripts that its plan named; on a real database."""

from dataclasses import replace

import pytest

from runbooks.schema_fit import SchemaFit
from runbooks.steps.base import RoundTrip, Site, Turn
from runbooks.steps.migrations.files import checksum
from runbooks.steps.migrations.take_back import MigrationsTakeBack
from runbooks.vocabulary import Done, Failed, PlanningFailed
from tests.fixtures.schemas import FLAGS, SHIFTS, TENANTS, Schema
from tests.steps import places

CODES = {
    "022_codes.sql": "alter table tenants rename column code to id;\n",
    "022_rollback.sql": "alter table tenants rename column id to code;\n",
}
ONE_WAY = {"022_gone.sql": "drop table tenants;\n", "022_rollback.sql": "create table tenants (code text);\n"}
NO_WAY = {"022_shifts.sql": "create table shifts (id int);\n"}


def drilled(schema: Schema, commit: str, stands: str = "021_tenants") -> tuple[Site, Site]:
    """E-7, forward to v42 at this commit and back to v41: the way there, and the way back."""
    back = schema.back_to(stands, schema.site(commit, run="E-7"), run="E-7")
    assert back.target is not None
    trip = RoundTrip("v42", commit, replace(back.target, commit="f" * 40))
    back = replace(back, commit="f" * 40, target=trip.back_to, trip=trip)
    return replace(back, version="v42", commit=commit, target=None), back


async def planned(schema: Schema, site: Site, *, first: bool = False) -> tuple[MigrationsTakeBack, Turn]:
    step = MigrationsTakeBack(schema.planner)
    return step, replace(await places.turn(step, {"first": first}, site), epoch=9)


async def forward(schema: Schema, there: Site) -> None:
    assert (await schema.apply.start(await schema.turn(schema.apply, there, epoch=8))).kind == "done"


async def test_what_it_applied_goes_back_and_nobody_is_asked(schema: Schema) -> None:
    await schema.applied(TENANTS)
    there, back = drilled(schema, schema.release(TENANTS, SHIFTS, FLAGS))
    step, turn = await planned(schema, back)
    assert turn.step.shows == (
        "023_rollback.sql takes 023_flags.sql back: drops table flags",
        "022_rollback.sql takes 022_shifts.sql back: drops table shifts",
    )
    await forward(schema, there)
    assert await schema.tables() == {"tenants", "shifts", "flags"}
    reverted = {"reverted": ["023_flags.sql", "022_shifts.sql"], "stands_at": "021_tenants"}
    assert await step.start(turn) == Done("2 migrations taken back", reverted)
    assert await schema.tables() == {"tenants"}
    assert await step.start(turn) == Done("taken back before the pods")
    assert await step.settle(turn) == Done("2 migrations taken back", reverted)


async def test_what_stood_before_stays(schema: Schema) -> None:
    """It came after the release that runs, as after a rollback that left the schema: that is not the drill's."""
    await schema.applied(TENANTS, SHIFTS)
    there, back = drilled(schema, schema.release(TENANTS, SHIFTS, FLAGS))
    step, turn = await planned(schema, back)
    await forward(schema, there)
    assert (await step.start(turn)).kind == "done"
    assert await schema.tables() == {"tenants", "shifts"}


async def test_where_there_is_nothing_new(schema: Schema) -> None:
    commit = await schema.applied(TENANTS)
    step, turn = await planned(schema, drilled(schema, commit)[1])
    assert (turn.step.shows, turn.step.changes) == ((), False)
    assert await step.start(turn) == Done("no migration to take back")


@pytest.mark.parametrize("runs", [True, False, None])
async def test_it_goes_before_the_pods_only_where_the_release_is_known_not_to_run(
    schema: Schema, runs: bool | None
) -> None:
    await schema.applied(TENANTS)
    there, back = drilled(schema, schema.release(TENANTS, CODES))
    first, before = await planned(schema, back, first=True)
    assert before.step.shows == ()
    await forward(schema, there)
    tried = {"022_codes.sql": checksum(CODES["022_codes.sql"])}
    fits = () if runs is None else (SchemaFit("E-7", "v41", "f" * 40, tried, runs, "as it was tried"),)
    outcome = await first.start(replace(before, site=replace(before.site, fits=fits)))
    assert isinstance(outcome, Done)
    assert (
        outcome.line
        == {
            True: "the pods go first: v41 is known to run on 022",
            False: "022_codes.sql taken back",
            None: "the pods go first: it is not known whether v41 runs on 022",
        }[runs]
    )
    columns = await schema.ask("select column_name from information_schema.columns where table_name = 'tenants'")
    assert columns == [("code",) if runs is False else ("id",)]


@pytest.mark.parametrize(
    ("brought", "why"),
    [
        (NO_WAY, "Migration 022_shifts.sql has no rollback script. Create 022_rollback.sql before deploying."),
        (
            ONE_WAY,
            "022_gone.sql can't be taken back whole (destructive: drops table tenants). So v42 is no version for a "
            "drill: name another.",
        ),
    ],
)
async def test_what_can_not_go_back_is_refused_before_anybody_approves(
    schema: Schema, brought: dict[str, str], why: str
) -> None:
    await schema.applied(TENANTS)
    with pytest.raises(PlanningFailed) as refused:
        await planned(schema, drilled(schema, schema.release(TENANTS, brought))[1])
    assert refused.value.sentence == why


async def test_a_script_that_fails_says_what_stands(schema: Schema) -> None:
    await schema.applied(TENANTS)
    broken = {**SHIFTS, "022_rollback.sql": "drop table shift;\n"}
    there, back = drilled(schema, schema.release(TENANTS, broken))
    step, turn = await planned(schema, back)
    await forward(schema, there)
    outcome = await step.start(turn)
    assert isinstance(outcome, Failed)
    assert "022_rollback.sql failed at line 1" in outcome.reason
    assert "The database stands at 022; nothing of 022_rollback.sql was kept." in outcome.reason


async def test_an_abort_fences_and_says_what_stands(schema: Schema) -> None:
    await schema.applied(TENANTS)
    there, back = drilled(schema, schema.release(TENANTS, SHIFTS))
    step, turn = await planned(schema, back)
    await forward(schema, there)
    assert await step.abandon(turn) == "the schema was not changed"
    assert (await step.start(turn)).kind == "done"
    assert await step.abandon(turn) == "022_shifts.sql is taken back"


async def test_no_other_run_takes_back_so(schema: Schema) -> None:
    commit = await schema.applied(TENANTS)
    with pytest.raises(PlanningFailed, match="Only a drill"):
        await planned(schema, schema.site(commit))
