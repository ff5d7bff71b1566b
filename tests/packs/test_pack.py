"""The files of a pack: the same events make the same bytes, everything is escaped, and the proof can be run."""

import csv
import hashlib
import io
import json
import re
import subprocess
import sys
import zipfile
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path

import pytest

from runbooks.audit.chain import link
from runbooks.packs import pack, rows, told
from runbooks.packs.report import CHECK
from runbooks.packs.scope import Scope, select
from runbooks.releases import events as r
from runbooks.runs import events as e
from runbooks.store import Recorded
from runbooks.vocabulary import OPSBOT, Actor
from tests.packs.month import ACME, NAMES, NOVEMBER, WHOLE, day, deployed, given_up, incident, month, release, stream
from tests.runs.stories import ALEX, RILEY

EVIL = """<script>alert(1)</script>"><img src=x onerror=alert(1)>&amp;\x00\x0b'"""


def files(events: Sequence[Recorded] = (), scope: Scope = WHOLE) -> dict[str, bytes]:
    return pack.files(told.read(select(scope, events or month()), NAMES))


class Page(HTMLParser):
    """What a browser would make of it: elements, their addresses, and the text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.open: list[str] = []
        self.text: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]
        self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag, f"</{tag}> closes another"

    def handle_data(self, data: str) -> None:
        self.text.append(data)

    @property
    def words(self) -> str:
        return " ".join(" ".join(self.text).split())


def page(events: Sequence[Recorded] = (), scope: Scope = WHOLE) -> Page:
    found = Page(files(events, scope)["report.html"].decode())
    assert found.open == []
    return found


# ---------------------------------------------------------------- the same bytes


def test_the_same_events_make_the_same_bytes_in_any_order() -> None:
    first, again = files(), files(list(reversed(month())))
    assert first == again
    assert pack.archive(WHOLE, first) == pack.archive(WHOLE, again)


def test_another_event_makes_another_manifest() -> None:
    more = [*month(), *stream("run/D-200", given_up("D-200", day(24), "rejected"))]
    assert files(more)["MANIFEST"] != files()["MANIFEST"]


def test_the_manifest_has_the_hash_of_each_file_as_sha256sum_reads_it(tmp_path: Path) -> None:
    with zipfile.ZipFile(io.BytesIO(pack.archive(ACME, files(scope=ACME)))) as zipped:
        zipped.extractall(tmp_path)
    folder = tmp_path / "audit-api-acme-2026-11-01-2026-11-30"
    assert sorted(path.name for path in folder.iterdir()) == ["MANIFEST", "events.csv", "events.jsonl", "report.html"]
    done = subprocess.run(
        ["sha256sum", "--check", "--strict", "MANIFEST"], cwd=folder, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout.count(": OK")) == (0, 3)
    (folder / "events.csv").write_bytes(b"x")
    assert subprocess.run(["sha256sum", "--check", "--status", "MANIFEST"], cwd=folder, check=False).returncode == 1


# ---------------------------------------------------------------- the events


def test_both_files_have_exactly_the_events_of_the_pack() -> None:
    made, chosen = files(), select(WHOLE, month())
    lines = [json.loads(line) for line in made["events.jsonl"].decode().splitlines()]
    cells = list(csv.DictReader(io.StringIO(made["events.csv"].decode(), newline="")))
    wanted = [(each.stream, each.version, each.hash) for each in chosen.events]
    assert [(each["stream"], each["version"], each["hash"]) for each in lines] == wanted
    assert [(each["stream"], int(each["event"]), each["hash"]) for each in cells] == wanted
    assert [each["data"] for each in cells] == [each["data"] for each in lines]
    before = [each for each in cells if each["in_period"] == "no"]
    assert [(each["stream"], each["kind"]) for each in before] == [("release/api/production", "adopted")]


@pytest.mark.parametrize("typed", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "  =HYPERLINK(1)", "\n@x"])
def test_no_cell_is_a_formula(typed: str) -> None:
    (cell,) = rows.harmless([typed])
    assert cell == f"'{typed}"
    event = replace(month()[0], actor=Actor(typed), stream="run/D-101")
    made = rows.table(replace(select(WHOLE, []), streams={"run/D-101": (event,)})).decode()
    (read,) = csv.DictReader(io.StringIO(made, newline=""))
    assert read["by"] == f"'{typed}"


def test_the_proof_in_the_report_runs_beside_the_files_and_sees_a_change(tmp_path: Path) -> None:
    made = files()
    (tmp_path / "events.jsonl").write_bytes(made["events.jsonl"])
    done = subprocess.run([sys.executable, "-c", CHECK], cwd=tmp_path, capture_output=True, text=True, check=False)
    heads = {each.stream: each.head for each in told.read(select(WHOLE, month())).told}
    assert dict(line.split(" ") for line in done.stdout.splitlines()) == heads
    assert all(head in page().words for head in heads.values())
    changed = made["events.jsonl"].replace(b"2 of 2 in CrashLoopBackOff", b"1 of 2 in CrashLoopBackOff")
    (tmp_path / "events.jsonl").write_bytes(changed)
    done = subprocess.run([sys.executable, "-c", CHECK], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert "AssertionError: finding/D-107.deploy-failed" in done.stderr


# ---------------------------------------------------------------- the report


def test_it_stands_alone() -> None:
    found = page()
    assert {"script", "link", "img", "iframe", "object", "form"} & set(found.tags) == set()
    assert [value for name, value in found.attributes if name in ("href", "src") and not value.startswith("#")] == []
    assert [name for name, _ in found.attributes if name.startswith("on") or name == "style"] == []
    assert re.search(r"url\(|@import", files()["report.html"].decode()) is None
    assert ("content", "default-src 'none'; style-src 'unsafe-inline'; img-src data:") in found.attributes


def test_every_link_in_it_leads_somewhere_if_its_run_is_in_it() -> None:
    found = page()
    places = {value for name, value in found.attributes if name == "id"}
    assert {"time", "runs", "findings", "tenants", "known-good", "full", "packs", "proof", "D-107"} <= places


def test_it_tells_who_asked_who_approved_the_tests_the_result_and_the_times() -> None:
    said = page().words
    for part in (
        "Asked by Riley Example (URILEY), 2026-11-12 10:00:02",
        "Alex Example (UALEX)",
        "passed: 412 passed · 48 s",
        "Led by Sam Example (USAM), since 2026-11-12",
        "Approvals wanted 1 of sre, not by who asked",
        "New pods crash: 2 of 2 in CrashLoopBackOff for 20 s.",
        "R-107 succeeded, 2026-11-12 10:05:",
        "Waited for approval 3 m 4 s",
        "We look into D-107 first",
        "Determinism proof: not passed. 3 of 4 checks passed",
        "adopted as it ran by Alex Example (UALEX)",
        "Sam Example (USAM) asked for 2026-10-01 to 2026-10-31",
        "The record holds.",
        "Not ended when the period did: D-115.",
        "DATABASE_URL is not set",
    ):
        assert part in said


def test_outside_text_has_no_effect_wherever_it_stands() -> None:
    evil = [
        *stream("run/D-101", [*given_up("D-101", day(3), "rejected"), e.Noted(RILEY, day(4), EVIL)]),
        *stream("release/api/production", [*release(), r.Locked(Actor(f"T1/{EVIL}"), day(21), EVIL)]),
    ]
    found = page(evil)
    assert not {"script", "img"} & set(found.tags)
    assert found.words.count("<script>alert(1)</script>") == 2
    assert "\x00" not in files(evil)["report.html"].decode()


def test_names_of_people_have_no_effect_either() -> None:
    book = told.read(select(WHOLE, month()), {RILEY: EVIL})
    assert not {"script", "img"} & set(Page(pack.files(book)["report.html"].decode()).tags)


def test_a_changed_event_is_said_first() -> None:
    events = month()
    number = next(n for n, each in enumerate(events) if each.stream == "run/D-107" and "Crash" in each.data)
    events[number] = replace(events[number], data=events[number].data.replace("2 of 2", "1 of 2"))
    said = page(events).words
    assert "The record does not hold. Do not rely on this pack: run/D-107 event" in said
    assert "The record holds." not in said


def test_a_stream_that_can_not_be_read_is_a_fault_and_not_an_error() -> None:
    events = [*month(), replace(stream("run/D-200", given_up("D-200", day(24), "rejected"))[1], version=1)]
    broken = [*events, replace(month()[0], stream="release/api/staging", version=1, data="{")]
    said = page(broken).words
    assert "release/api/staging: its events can't be read (ValidationError)" in said


def test_an_empty_month_says_none() -> None:
    said = page(stream("release/api/production", release()[:1]), Scope("api", NOVEMBER)).words
    assert "No run moved in this period." in said
    assert "v41" in said


def test_the_plots_have_a_mark_for_each_run_and_each_wait() -> None:
    drawn = re.findall(r"<svg.*?</svg>", files()["report.html"].decode(), re.DOTALL)
    assert [len(re.findall('class="mark', each)) for each in drawn] == [13, 7]
    assert "<title>D-107 · deploy v42 · failed · 2026-11-12 10:00 · 1 m 18 s</title>" in drawn[0]
    assert "<title>D-115 · deploy v42 · running · 2026-11-30 23:40 · changed nothing</title>" in drawn[0]
    numbers = [float(n) for each in drawn for n in re.findall(r'(?:cx|cy|x1|x2|y1|y2)="([-\d.]+)"', each)]
    assert numbers
    assert all(0 <= n <= 860 for n in numbers)


def test_the_archives_hash_does_not_depend_on_when_it_is_made() -> None:
    made = pack.archive(WHOLE, files())
    with zipfile.ZipFile(io.BytesIO(made)) as zipped:
        assert {each.date_time for each in zipped.infolist()} == {(2026, 12, 1, 0, 0, 0)}
    assert hashlib.sha256(made).hexdigest() == hashlib.sha256(pack.archive(WHOLE, files())).hexdigest()


def test_the_bot_is_called_by_its_name() -> None:
    assert told.read(select(WHOLE, [])).who(OPSBOT) == "Opsbot"


def good(run: str, at: datetime) -> list[e.Event]:
    return deployed(run, at, waits=timedelta(minutes=1), takes=timedelta(minutes=1))


def test_it_says_which_changes_had_four_eyes() -> None:
    text = files()["report.html"].decode()
    assert "8 runs changed an environment, 7 of them approved by somebody else. Without that: " in text
    assert '<a href="#R-107">R-107</a>, back to what was known to be good' in text
    approved = [each for each in month() if each.stream != "run/R-107"]
    assert "7 runs changed an environment, each approved by somebody else." in files(approved)["report.html"].decode()
    own = [replace(each, by=RILEY) if isinstance(each, e.Approved) else each for each in good("D-140", day(25))]
    said = files([*approved, *stream("run/D-140", own)])["report.html"].decode()
    assert 'Without that: <a href="#D-140">D-140</a>.' in said
    assert '<div class="note bad"><b>Four eyes. </b>' in said


def test_an_incident_is_told_with_its_timeline_its_follow_up_and_its_lessons() -> None:
    text = files()["report.html"].decode()
    for said in (
        "opened it as S2: Deploy failed, rollback needed",
        "Slack refused to invite: user_is_restricted",
        "Old pods serve; nobody saw an error.",
        "to be found out: Why the variable was missing",
        "The chart lacked it since the move.",
        "v41 serves again.",
        "Check variables first.",
        "Alex Example (UALEX), until 2026-11-12",
        '<a href="#R-107">R-107</a> to v41 ended: succeeded',
        'belongs to <a href="#I-107">I-107</a>',
    ):
        assert said in text, said


def test_an_event_of_a_kind_that_is_not_known_breaks_nothing() -> None:
    told_before = stream("incident/I-132", incident("", day(19), "All tenants saw it for a minute."))
    newer = link(
        stream="incident/I-132",
        version=3,
        data='{"at":"2026-11-19T12:00:00Z","by":"T1/UALEX","kind":"reviewed","note":"fine"}',
        actor=ALEX,
        at=day(19, 12),
        previous=told_before[-1].hash,
    )
    made = files([*told_before, newer])
    page = made["report.html"].decode()
    assert "The record holds." in page
    assert "Written by a newer release and not told in this report: reviewed in incident/I-132." in page
    assert "All tenants saw it for a minute." in page
    assert b"reviewed" in made["events.jsonl"]
