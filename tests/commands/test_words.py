"""Small pieces of text: nothing from outside is interpreted, and nothing is longer than it may be."""

import html
import re
from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commands.views import words
from commands.views.blocks import MOST_SECTION, paragraphs

MARKUP = st.text(alphabet="<>&ab \n", max_size=80)


@given(MARKUP, st.integers(1, 90))
def test_outside_text_is_escaped_and_cut_between_its_characters(text: str, limit: int) -> None:
    found = words.safe(text, limit)
    assert len(found) <= limit
    assert re.fullmatch(r"(?:[^<>&]|&(?:amp|lt|gt);)*", found)
    assert text.startswith(html.unescape(found.removesuffix("…")))
    assert found.endswith("…") or html.unescape(found) == text


@given(st.text(max_size=300))
def test_a_line_is_one_line(text: str) -> None:
    assert len(words.line(text).splitlines()) <= 1


@pytest.mark.parametrize(
    ("title", "shown"),
    [
        ("All tests pass (python -m pytest backend_py/)", "All tests pass"),
        ("(optional)", "(optional)"),
        ("Ask (twice) before", "Ask (twice) before"),
        ("x" * 100, "x" * 89 + "…"),
    ],
)
def test_a_title_is_shown_without_its_aside(title: str, shown: str) -> None:
    assert words.short(title) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("make test", "`make test`"),
        ("echo `date`", "echo `date`"),
        ("curl https://api.example", "curl https://api.example"),
    ],
)
def test_code_is_marked_where_that_is_drawn_well(text: str, shown: str) -> None:
    assert words.code(text) == shown


@pytest.mark.parametrize(
    ("seconds", "said"), [(0.4, "0 s"), (48, "48 s"), (72, "1 m 12 s"), (3600, "1 h 0 m"), (7500, "2 h 5 m")]
)
def test_a_length_of_time_has_its_unit(seconds: float, said: str) -> None:
    assert words.span(timedelta(seconds=seconds)) == said


@given(st.lists(st.integers(1, MOST_SECTION).map("a".__mul__), max_size=12))
def test_lines_go_into_as_few_paragraphs_as_hold_them(lines: list[str]) -> None:
    found = [block["text"]["text"] for block in paragraphs(lines)]
    assert "\n".join(found) == "\n".join(lines)
    assert all(len(text) <= MOST_SECTION for text in found)
    assert all(len(one) + 1 + len(other.split("\n")[0]) > MOST_SECTION for one, other in pairwise(found))
