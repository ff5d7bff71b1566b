"""What comes of a bundle that is imported: where it stands among the others; not while a run goes on."""

from dataclasses import replace
from datetime import timedelta

import pytest

from runbooks.releases import events as e
from runbooks.releases.bundle import bundle_of
from runbooks.releases.decide import Adopt, Stage, decide, evolve
from runbooks.releases.history import entries
from runbooks.releases.importing import Import
from runbooks.releases.promoting import Promote
from runbooks.releases.state import KEPT, Release
from runbooks.vocabulary import OPSBOT, Actor, KnownGood, Refused
from tests.lkg.releases import TEN, good

ADA = Actor("shell/ada")
EMPTY = Release("orders", "production")
V40, V41, V42 = (good(f"v{40 + n}", at=TEN + timedelta(days=n)) for n in range(3))


def imports(known: KnownGood, **fields: str) -> Import:
    return Import(known, bundle_of("orders", "production", known).digest, "the old database is lost", ADA, **fields)


def after(release: Release, *commands: object) -> Release:
    for command in commands:
        for event in decide(release, command, TEN):  # type: ignore[arg-type]  # commands of one kind or another
            release = evolve(release, event)
    return release


def refusal(release: Release, command: Import) -> Refused:
    with pytest.raises(Refused) as caught:
        decide(release, command, TEN)
    return caught.value


def test_into_an_empty_record_it_is_the_last_known_good() -> None:
    (event,) = decide(EMPTY, imports(V41), TEN)
    digest = bundle_of("orders", "production", V41).digest
    assert event == e.Imported(ADA, TEN, V41, digest, "the old database is lost")
    assert evolve(EMPTY, event).known_good == V41


def test_it_stands_by_when_it_was_good_so_an_old_one_does_not_become_the_last() -> None:
    release = after(EMPTY, imports(V42), imports(V40), imports(V41))
    assert [each.version for each in release.good] == ["v42", "v41", "v40"]
    assert release.find("v40") == V40


def test_the_same_bundle_twice_is_one_event() -> None:
    release = after(EMPTY, imports(V42), imports(V41))
    assert decide(release, imports(V41), TEN) == []
    assert decide(after(EMPTY, Adopt(V41, OPSBOT)), imports(V41), TEN) == [], "it was never lost"


def test_what_differs_in_anything_is_another() -> None:
    release = after(EMPTY, imports(V41))
    assert len(decide(release, imports(replace(V41, approved_by=())), TEN)) == 1


def test_not_while_a_run_holds_the_place_or_has_brought_a_candidate() -> None:
    held = refusal(EMPTY, imports(V41, held_by="D-107"))
    staged = refusal(after(EMPTY, Stage(replace(V42, run="D-108"))), imports(V41))
    assert [(each.reason, each.facts["run"]) for each in (held, staged)] == [
        ("import-under-way", "D-107"),
        ("import-under-way", "D-108"),
    ]


def test_one_that_would_not_be_kept_is_refused() -> None:
    full = after(EMPTY, *(imports(good(f"v{n}", at=TEN + timedelta(days=n))) for n in range(1, KEPT + 1)))
    assert len(full.good) == KEPT
    assert refusal(full, imports(good("v0"))).reason == "import-too-old"


def test_the_history_tells_who_and_why() -> None:
    (event,) = decide(EMPTY, imports(V41), TEN)
    (entry,) = entries([event])
    assert (entry.release, entry.good, entry.by, entry.imported) == (V41, True, ADA, "the old database is lost")


# ---------------------------------------------------------------- what a good end makes known


def test_a_release_is_kept_with_its_kpis_and_who_approved_it_and_its_bundles_name() -> None:
    candidate = replace(V42, kpis=(), approved_by=())
    staged = after(EMPTY, Stage(candidate))
    (event, *_) = decide(staged, Promote("D-90", kpis=V42.kpis, approved_by=V42.approved_by), TEN)
    assert isinstance(event, e.Promoted)
    assert event.bundle == bundle_of("orders", "production", V42).digest
    assert evolve(staged, event).known_good == V42
    assert entries([e.Staged(OPSBOT, TEN, candidate), event])[0].release == V42


def test_what_is_adopted_has_its_bundles_name_too() -> None:
    (event,) = decide(EMPTY, Adopt(V41, OPSBOT), TEN)
    assert isinstance(event, e.Adopted)
    assert event.bundle == bundle_of("orders", "production", V41).digest
