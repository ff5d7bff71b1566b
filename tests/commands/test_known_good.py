"""`/lkg` as it is drawn, and the history as the events tell it."""

from dataclasses import replace
from datetime import timedelta

from commands.views.blocks import Block
from commands.views.known_good import everywhere, of_service
from runbooks.digests import digest_of
from runbooks.releases import events as e
from runbooks.releases.bundle import bundle_of
from runbooks.releases.decide import evolve
from runbooks.releases.history import Entry, entries
from runbooks.releases.lag import Behind, Lag
from runbooks.releases.state import Lock, Release
from runbooks.vocabulary import OPSBOT, Actor, KnownGood, KnownWorkload
from sandbox.slack.sizes import too_large
from tests.commands.cards import read
from tests.commands.stages import RELEASE, V41, V42
from tests.runs.stories import ALEX, RILEY, TEN

V43 = replace(V42, run="D-107", version="v43", all_tests_pass=True, health_status="healthy", at=TEN)
V44 = replace(V42, run="D-108", version="v44", commit="d359c58" + "0" * 33)
EVENTS: list[e.Event] = [
    e.Adopted(RILEY, V41.at, V41),
    e.Locked(RILEY, TEN, "lunch"),
    e.Unlocked(RILEY, TEN),
    e.Staged(OPSBOT, V42.at, V42),
    e.Promoted(OPSBOT, V42.at + timedelta(minutes=30), "D-106"),
    e.Staged(OPSBOT, TEN, V44),
    e.Dropped(OPSBOT, TEN + timedelta(minutes=1), "D-108"),
]


def text(blocks: list[Block]) -> str:
    return read("\n".join(b["text"]["text"] for b in blocks if b["type"] in ("section", "header")))


def digits(known: KnownGood) -> str:
    return bundle_of("solvereign-api", "production", known).digest[:12]


def release() -> Release:
    found = Release("solvereign-api", "production")
    for event in EVENTS:
        found = evolve(found, event)
    return found


def test_the_history_is_what_became_of_each_candidate() -> None:
    assert [(each.release.version, each.good, each.by, each.at) for each in entries(EVENTS)] == [
        ("v44", False, OPSBOT, TEN + timedelta(minutes=1)),
        ("v42", True, OPSBOT, V42.at + timedelta(minutes=30)),
        ("v41", True, RILEY, V41.at),
    ]


def test_a_candidate_whose_run_goes_on_is_no_history_yet() -> None:
    assert entries([e.Staged(OPSBOT, TEN, V44)]) == ()


def test_everywhere_each_place_has_its_lines() -> None:
    staging = Release("solvereign-api", "staging")
    assert text(everywhere([replace(RELEASE, good=(V43, V41)), staging])) == (
        "Last known good\n"
        "*solvereign-api production* · v43 `a8005c2`\n"
        " good since 24 Nov 2026 10:00 · brought by D-107\n"
        " schema 023_policy_profiles · all tests passed · healthy\n"
        f" bundle `{digits(V43)}`\n"
        "*solvereign-api staging* · none is recorded; "
        "`opsbot adopt solvereign-api staging` records what runs now"
    )


def test_of_one_service_the_history_is_told_too() -> None:
    assert text(of_service("solvereign-api", [release()], {"production": entries(EVENTS)})) == (
        "Last known good of solvereign-api\n"
        "*solvereign-api production* · v42 `a8005c2`\n"
        " good since 24 Nov 2026 08:00 · brought by D-106\n"
        " schema 023_policy_profiles · tests not known to pass · health unknown\n"
        f" bundle `{digits(V42)}`\n"
        "*Before and beside it, newest first*\n"
        " ❌ v44 `d359c58` · 24 Nov 2026 10:01 · not good: D-108 did not end well\n"
        " ✅ v41 `3f2c1d9` · 9 Nov 2026 10:00 · adopted as it ran by <@URILEY> · schema 023_policy_profiles"
    )


def test_who_approved_it_is_said_and_what_is_not_kept_in_its_bundle() -> None:
    held = {
        "spec": {"containers": [{"name": "web", "env": [{"name": "URL", "value": "smtp://a:MadeUp1@mail.example"}]}]}
    }
    workload = KnownWorkload("web", "d-1", held, {}, digest=digest_of(held))
    known = replace(V43, workloads=(workload,), approved_by=(ALEX,))
    assert text(everywhere([replace(RELEASE, good=(known,))])).splitlines()[-1] == (
        f" bundle `{digits(known)}` · a secret in plain text is not kept in it · approved by <@UALEX>"
    )


def test_what_was_imported_says_by_whom_and_why() -> None:
    entry = Entry(V41, good=True, by=Actor("shell/ada"), at=TEN, imported="the old database is lost")
    assert text(of_service("s", [RELEASE], {"production": [entry, entry]})).splitlines()[-1] == (
        " ✅ v41 `3f2c1d9` · 9 Nov 2026 10:00 · adopted as it ran · imported by shell/ada: “the old database is "
        "lost” · schema 023_policy_profiles"
    )


def test_a_candidate_and_a_lock_are_said() -> None:
    place = replace(RELEASE, candidate=V44, lock=Lock(RILEY, TEN, "the market is open"))
    shown = text(everywhere([place]))

    assert " ⏳ v44 `d359c58` is a candidate until D-108 has ended well\n" in shown
    assert shown.endswith(" ⏸ deploys locked by <@URILEY> at 10:00: “the market is open”")


def test_a_record_that_is_outdated_says_in_which_way() -> None:
    behind = (Behind(Lag.RUNS, "L-12.lkg-outdated", TEN), Behind(Lag.PLACE, "L-13.lkg-outdated", TEN))
    assert text(everywhere([replace(RELEASE, behind=behind)])).splitlines()[-2:] == [
        " ⚠️ what runs is not what is recorded, since 24 Nov 2026 10:00: L-12",
        " ⚠️ the record does not stand where it should, since 24 Nov 2026 10:00: L-13",
    ]


def test_whatever_is_recorded_fits_and_is_harmless() -> None:
    wild = KnownGood("<!channel>", "<!channel>" * 300, "<!here>", (), "<!here>" * 300, "", TEN, health_status="<@U1>")
    many = [Entry(wild, good=n % 2 == 0, by=RILEY, at=TEN) for n in range(400)]
    places = [Release("s" * 60, f"e{n}", good=(wild,), candidate=wild) for n in range(90)]

    for blocks in (everywhere(places), of_service("s" * 60, places, {each.environment: many for each in places})):
        assert too_large({"blocks": blocks}) == ""
        assert "<!" not in text(blocks).replace("<!date", "")
        assert "More than fits here is left out." in str(blocks)


def test_a_long_history_says_how_much_is_older() -> None:
    many = [Entry(replace(V41, version=f"v{n}"), good=True, by=RILEY, at=TEN) for n in range(40)]
    assert text(of_service("s", [RELEASE], {"production": many})).endswith("\n 25 more, older")


def test_nothing_is_configured() -> None:
    assert text(everywhere([])) == "Last known good\nNo service is configured."
