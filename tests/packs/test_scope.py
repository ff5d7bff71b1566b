"""Which events belong to a pack, and that a tenant's holds nothing of another."""

from dataclasses import replace
from datetime import timedelta

import pytest

from runbooks.drills.events import Wanted
from runbooks.packs import pack, told
from runbooks.packs.scope import Scope, select
from runbooks.runs import events as e
from runbooks.store import Recorded
from runbooks.vocabulary import OPSBOT
from tests.packs.month import ACME, NOVEMBER, SECRET, WHOLE, day, deployed, finding, incident, month, stream


def everything(scope: Scope, events: list[Recorded], *tenants: str) -> str:
    """All that an archive says, in one text."""
    files = pack.files(told.read(select(scope, events, tenants)))
    return "\n".join(data.decode() for data in files.values())


def noted(run: str, text: str) -> list[Recorded]:
    """A deploy of which a note says this."""
    events = deployed(run, day(14), waits=timedelta(minutes=1), takes=timedelta(minutes=1))
    return stream(f"run/{run}", [*events, e.Noted(OPSBOT, day(15), text)])


def test_the_whole_service_has_everything_of_it_and_nothing_of_another() -> None:
    other = [
        replace(each, stream=each.stream.replace("/api/", "/web/")) for each in month() if "/api/" in each.stream
    ]
    picked = select(WHOLE, [*month(), *other])
    assert set(picked.streams) == {each.stream for each in month()}
    assert select(Scope("web", NOVEMBER), month()).streams == {}


def test_the_drills_of_the_service_concern_all_of_its_tenants() -> None:
    drills = stream("drill/api/staging", [Wanted(OPSBOT, day(14), 604_800)])
    others = stream("drill/web/staging", [Wanted(OPSBOT, day(14), 604_800)])
    for scope in (WHOLE, ACME):
        picked = set(select(scope, [*month(), *drills, *others]).streams)
        assert ("drill/api/staging" in picked, "drill/web/staging" in picked) == (True, False)
    assert "wanted" in everything(WHOLE, [*month(), *drills])


def test_a_tenants_pack_has_its_own_and_what_concerns_all() -> None:
    streams = set(select(ACME, month()).streams)
    assert {"run/D-120", "tenant/api/production/acme", "run/D-101", "release/api/production"} <= streams
    assert "finding/D-107.deploy-failed" in streams


def test_a_tenants_pack_holds_nothing_of_another() -> None:
    assert "globex" in everything(WHOLE, month())
    found = everything(ACME, month(), "globex")
    assert "acme" in found
    for foreign in ("globex", "D-121", "tenant-gate-failed", SECRET, "I-121"):
        assert foreign not in found


def test_a_tenants_pack_has_the_incidents_of_all_and_none_of_another() -> None:
    events = [*month(), *stream("incident/I-131", incident("", day(18), f"Only globex saw it: {SECRET}"))]
    assert SECRET in everything(WHOLE, events)
    assert SECRET not in everything(ACME, events)
    of_all = {"incident/I-107", "incident/I-132"}
    assert {name for name in select(ACME, events).streams if name.startswith("incident/")} == of_all
    assert "incident/I-131" in select(ACME, events).withheld
    both = stream("incident/I-140", [*incident("D-121.gate", day(18)), *incident("D-120.gate", day(18, 11))])
    assert both[0].stream not in select(ACME, [*events, *both]).streams
    own = stream("incident/I-141", incident("D-120.gate", day(18)))
    assert own[0].stream in select(ACME, [*events, *own]).streams


def test_an_incident_goes_the_way_of_its_finding_and_its_run() -> None:
    text = "globex was slow"
    of_it = stream("incident/I-130", incident("D-130.deploy-failed", day(15)))
    assert select(ACME, [*month(), *noted("D-130", text), *of_it]).withheld == ("incident/I-130", "run/D-130")
    lonely = stream("incident/I-9", incident("D-9.health-failing", day(9)))
    assert select(ACME, lonely).streams == {}
    outdated = stream("incident/I-8", incident("L-8.lkg-outdated", day(9)))
    assert select(ACME, outdated).streams.keys() == {"incident/I-8"}


def test_a_run_of_all_that_names_another_tenant_is_kept_out_and_that_is_said() -> None:
    for text in ("globex was slow", "see https://api.example/Globex/plans", "checked: acme,globex", "(GLOBEX)"):
        events = [*month(), *noted("D-130", text), *stream("finding/D-130.deploy-failed", finding("D-130", day(15)))]
        picked = select(ACME, events)
        assert picked.withheld == ("finding/D-130.deploy-failed", "run/D-130")
        found = everything(ACME, events)
        assert "globex" not in found.casefold()
        assert "Kept out, since their record tells of others too: D-130.deploy-failed, D-130." in found


def test_a_tenant_that_only_the_database_knows_counts_too() -> None:
    events = [*month(), *noted("D-130", "initech was slow")]
    assert select(ACME, events).withheld == ()
    assert select(ACME, events, {"initech", "acme"}).withheld == ("run/D-130",)


def test_a_tenant_of_whom_nothing_is_recorded_is_told_so() -> None:
    said = "Nothing was recorded of umbrella itself: what follows concerns every tenant of api."
    assert said in everything(replace(WHOLE, tenant="umbrella"), month())
    assert "Nothing was recorded of" not in everything(ACME, month())


@pytest.mark.parametrize(
    "text",
    [
        "applied 026_globex_rates.sql",
        "https://globex.api.example/x",
        "test_globex_profile PASSED",
        "host my-globex-2",
        "schema TENANT_GLOBEX",
    ],
)
def test_a_tenant_is_found_as_a_part_of_a_name(text: str) -> None:
    events = [*month(), *noted("D-130", text)]
    assert select(ACME, events).withheld == ("run/D-130",)
    assert "globex" not in everything(ACME, events).casefold()


def test_a_longer_word_is_not_the_tenant() -> None:
    assert select(ACME, [*month(), *noted("D-130", "globexes and myglobex2")]).withheld == ()


def test_a_tenant_whose_code_is_in_another_ones_is_told_apart() -> None:
    """What stands within a tenant's own code does not name another; what goes beyond it does."""
    names = {"acme", "acme-2", "b-acme", "rates"}
    for own, text, out in (
        ("acme-2", "see acme-2, b_acme-2", False),
        ("acme-2", "see acme and acme-2", True),
        ("acme", "see acme-2", True),
        ("b-acme", "026_b-acme-2.sql", True),
    ):
        events = noted("D-130", text)
        found = select(replace(WHOLE, tenant=own), events, names)
        assert (found.withheld == ("run/D-130",)) is out, (own, text)


def test_a_finding_whose_run_is_not_told_is_in_no_tenants_pack() -> None:
    lonely = stream("finding/D-9.health-failing", finding("D-9", day(9)))
    assert lonely[0].stream in select(WHOLE, lonely).streams
    assert select(ACME, lonely).streams == {}


def test_who_audits_the_whole_service_is_not_told_to_a_tenant() -> None:
    assert "audit/api" in select(WHOLE, month()).streams
    assert "audit/api" not in select(ACME, month()).streams


def test_the_order_in_which_events_are_read_changes_nothing() -> None:
    events = month()
    shuffled = sorted(events, key=lambda each: each.hash)
    assert shuffled != events
    assert select(WHOLE, shuffled) == select(WHOLE, events)


def test_nothing_moved_where_all_was_before_the_period() -> None:
    before = [each for each in month() if each.at < NOVEMBER.since]
    assert before
    assert not select(WHOLE, before).moved
    assert select(WHOLE, month()).moved
