"""Pods first or schema first: what a deploy tried beforehand decides, on a real database."""

from dataclasses import replace

import pytest

from runbooks.schema_fit import SchemaFit
from runbooks.steps.base import Site, Turn
from runbooks.steps.migrations.files import checksum
from runbooks.steps.migrations.staying import stays
from runbooks.vocabulary import Choice, Done, InDoubt, Means, NotDone, Waiting
from tests.fixtures.schemas import SHIFTS, TENANTS, Schema
from tests.steps import places
from tests.steps.half_way import OWN, held_up

RENAMED = {
    "022_codes.sql": "alter table tenants rename column code to id;\n",
    "022_rollback.sql": "alter table tenants rename column id to code;\n",
}


def tried(parts: dict[str, str], *, commit: str, runs: bool) -> SchemaFit:
    """As D-107 tried v41 on the migrations among these files."""
    migrations = {name: checksum(text) for name, text in parts.items() if "rollback" not in name}
    return SchemaFit("D-107", "v41", commit, migrations, runs, "12 passed" if runs else "column code is missing")


async def back(schema: Schema, commit: str, *, parts: dict[str, str], runs: bool | None) -> Site:
    """R-12, back to 021, where this is known of v41."""
    site = schema.back_to("021_tenants", schema.site(commit))
    assert site.target is not None
    fits = () if runs is None else (tried(parts, commit=site.target.commit, runs=runs),)
    return replace(site, fits=fits)


async def turns(schema: Schema, site: Site) -> tuple[Turn, Turn]:
    """The line before the pods, and the one after them."""
    first, last = [await places.turn(schema.rollback, {"first": first}, site) for first in (True, False)]
    return replace(first, epoch=9), replace(last, epoch=9)


async def test_it_runs_on_it_so_the_schema_stays_and_nobody_is_asked(schema: Schema) -> None:
    site = await back(schema, await schema.applied(TENANTS, SHIFTS), parts=SHIFTS, runs=True)
    first, last = await turns(schema, site)
    assert (first.step.shows, last.step.shows) == (
        (),
        ("Schema: 022 stays: v41 is known to run on it (D-107 tried it)",),
    )
    assert await schema.rollback.start(first) == Done("the pods go first: v41 is known to run on 022")
    assert await schema.rollback.start(last) == Done("022 stays: v41 is known to run on it (D-107 tried it)")
    assert await schema.tables() == {"tenants", "shifts"}


async def test_it_does_not_so_the_schema_goes_back_first_by_itself(schema: Schema) -> None:
    site = await back(schema, await schema.applied(TENANTS, RENAMED), parts=RENAMED, runs=False)
    first, last = await turns(schema, site)
    why = "Database first: v41 does not run on 022_codes, as D-107 found (column code is missing)"
    assert (first.step.shows, last.step.shows) == ((why,), ())
    done = await schema.rollback.start(first)
    assert done == Done("022_codes.sql taken back", {"reverted": ["022_codes.sql"], "stands_at": "021_tenants"})
    assert await schema.ask("select column_name from information_schema.columns where table_name = 'tenants'") == [
        ("code",)
    ]
    assert await schema.rollback.start(first) == done
    assert await schema.rollback.settle(first) == done
    assert await schema.rollback.start(last) == Done("taken back before the pods")


async def test_a_script_that_loses_data_is_asked_about_even_then(schema: Schema) -> None:
    site = await back(schema, await schema.applied(TENANTS, SHIFTS), parts=SHIFTS, runs=False)
    first, _ = await turns(schema, site)
    asked = await schema.rollback.start(first)
    assert isinstance(asked, Waiting)
    assert Choice("leave", "Leave the schema as it is", Means.DONE) in asked.choices
    assert "022_rollback.sql, the way back of 022_shifts.sql: drops table shifts" in asked.detail
    assert await schema.rollback.settle(first) == NotDone()
    assert await schema.tables() == {"tenants", "shifts"}


@pytest.mark.parametrize("other", ["another release", "another text", "one more", "nothing tried"])
async def test_what_was_not_tried_just_so_is_not_known(schema: Schema, other: str) -> None:
    commit = await schema.applied(TENANTS, SHIFTS)
    site = await back(schema, commit, parts=SHIFTS, runs=None if other == "nothing tried" else True)
    if other == "another release":
        site = replace(site, fits=(tried(SHIFTS, commit="f" * 40, runs=True),))
    if other == "another text":
        site = replace(site, fits=(tried({"022_shifts.sql": "select 1"}, commit=commit, runs=True),))
    if other == "one more":
        site = replace(site, fits=(tried({**SHIFTS, **RENAMED}, commit=commit, runs=True),))
    first, last = await turns(schema, site)
    assert await schema.rollback.start(first) == Done("the pods go first: it is not known whether v41 runs on 022")
    assert isinstance(await schema.rollback.start(last), Waiting)


async def test_the_newest_trial_counts(schema: Schema) -> None:
    commit = await schema.applied(TENANTS, SHIFTS)
    site = await back(schema, commit, parts=SHIFTS, runs=False)
    site = replace(site, fits=(*site.fits, tried(SHIFTS, commit=commit, runs=True)))
    assert await schema.rollback.start((await turns(schema, site))[0]) == Done(
        "the pods go first: v41 is known to run on 022"
    )


async def test_cut_off_half_way_it_is_still_the_schema_that_goes_first(schema: Schema) -> None:
    halved = {
        "022_codes.sql": "alter table tenants rename column code to id;\n",
        "022_rollback.sql": OWN["022_shifts.sql"].replace("create table shifts ()", RENAMED["022_rollback.sql"][:-2]),
    }
    site = await back(schema, await schema.applied(TENANTS, halved), parts=halved, runs=False)
    first, _ = await turns(schema, site)
    async with held_up(schema, schema.rollback.start(first)) as task:
        task.cancel()
    doubt = await schema.rollback.settle(replace(first, epoch=10))
    assert isinstance(doubt, InDoubt)


async def test_it_is_said_before_the_click(schema: Schema) -> None:
    commit = await schema.applied(TENANTS, SHIFTS)
    said = {
        runs: await stays(schema.database, await back(schema, commit, parts=SHIFTS, runs=runs))
        for runs in (True, False, None)
    }
    assert said == {
        True: ["Database: 022 stays: v41 is known to run on it (D-107 tried it)"],
        False: ["Database first: v41 does not run on 022_shifts, as D-107 found (column code is missing)"],
        None: ["Database: 022 stays; it is not known whether v41 runs on 022_shifts"],
    }
