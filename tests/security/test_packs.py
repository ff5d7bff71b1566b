"""An audit pack of a month of hostile texts: its report has no markup of theirs, its table no formula."""

import csv
import io
from collections import defaultdict
from dataclasses import replace
from typing import Any

import pytest

from runbooks.folds import folds
from runbooks.packs import pack, told
from runbooks.packs.scope import select
from runbooks.store import Recorded
from tests.packs.month import WHOLE, month, stream
from tests.packs.test_pack import Page
from tests.security.hostile import spoilt

EVIL = """<script>alert(1)</script>"><img src=x onerror=alert(1)>&amp;\x00\x0b'"""
FORMULA = '=HYPERLINK("http://evil.example","x")'


def spoilt_month(text: str) -> list[Recorded]:
    events: dict[str, list[Any]] = defaultdict(list)
    for event in month():
        told = folds()[event.stream.partition("/")[0]].event_type.validate_json(event.data)
        place = {name: getattr(told, name) for name in ("service", "environment") if hasattr(told, name)}
        events[event.stream].append(replace(spoilt(told, text), **place))
    return [each for name, said in events.items() for each in stream(name, said)]


@pytest.fixture(scope="module", params=[EVIL, FORMULA], ids=["markup", "formula"])
def files(request: pytest.FixtureRequest) -> dict[str, bytes]:
    return pack.files(told.read(select(WHOLE, spoilt_month(request.param))))


def test_no_text_makes_an_element_of_the_report(files: dict[str, bytes]) -> None:
    page = files["report.html"].decode()
    assert not {"script", "img", "iframe", "a href=x"} & set(Page(page).tags)
    assert "\x00" not in page
    assert "evil.example" in page or "&lt;script&gt;" in page, "it is there, and it is text"


def test_no_cell_is_a_formula(files: dict[str, bytes]) -> None:
    (name,) = [name for name in files if name.endswith(".csv")]
    rows = list(csv.reader(io.StringIO(files[name].decode())))
    assert len(rows) > 200
    assert [cell for row in rows for cell in row if cell.lstrip()[:1] in ("=", "+", "-", "@")] == []
