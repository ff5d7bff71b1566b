"""What is kept and shown of a command's output."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.adapters.processes.output_buffer import OutputBuffer
from runbooks.steps.output import counts, last_line, last_lines, one_line, span

PYTEST = "\x1b[31mFAILED\x1b[0m tests/test_a.py::test_b - assert 1 == 2\n"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("....\n412 passed, 0 failed in 3 s\n", {"passed": 412}),
        ("\x1b[32m===== \x1b[1m412 passed\x1b[0m, 2 skipped in 3.21s =====\x1b[0m\n", {"passed": 412, "skipped": 2}),
        (f"{PYTEST}=== 1 failed, 9 passed, 1 error in 0.12s ===\nbye\n", {"failed": 1, "passed": 9, "errors": 1}),
        ("12 passed in 1.00s\n3 passed in 0.10s\n", {"passed": 3}),
        ("we passed 3 cars in 2 minutes\n", {}),
        ("3 passed in 0.10s\n" + "line\n" * 10, {}),
        ("", {}),
    ],
)
def test_a_test_runs_summary_is_read_from_the_last_lines(text: str, found: dict[str, int]) -> None:
    assert counts(text) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("a\n\n  \nb\nc\n\n", ("b", "c")),
        ("1 %\r50 %\r100 %\r\n", ("100 %",)),
        ("\x1b[1mbold\x1b[0m \x1b]8;;http://x\x07link\x1b]8;;\x07\x07", ("bold link",)),
        ("", ()),
        ("x" * 500, ("x" * 199 + "…",)),
    ],
)
def test_the_last_lines_are_those_that_say_something(text: str, found: tuple[str, ...]) -> None:
    assert last_lines(text, 2) == found


def test_the_last_line_of_nothing_is_nothing() -> None:
    assert last_line("\n\n") == ""


@given(st.text(max_size=300), st.integers(1, 50))
def test_one_line_is_one_line_within_its_limit(text: str, limit: int) -> None:
    found = one_line(text, limit)
    assert len(found) <= limit
    assert not set(found) & set("\n\r\x1b\x00")


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0, "under 1 s"), (0.44, "0.4 s"), (1, "1 s"), (48.9, "48 s"), (60, "1 m"), (72, "1 m 12 s")],
)
def test_a_length_of_time_has_its_unit(seconds: float, said: str) -> None:
    assert span(timedelta(seconds=seconds)) == said


LINES = st.lists(st.text("ab", max_size=12), max_size=60).map(lambda lines: "".join(f"{line}\n" for line in lines))


@given(LINES, st.integers(1, 40))
def test_output_within_the_limit_is_kept_as_it_is(text: str, chunk: int) -> None:
    assert _fed(text, chunk, limit=2_000).text() == text


@given(LINES.map(lambda text: text * 40), st.integers(1, 400))
def test_output_over_the_limit_is_cut_between_lines(text: str, chunk: int) -> None:
    kept = _fed(text, chunk, limit=800).text()
    if len(text) <= 800:
        assert kept == text
        return
    head, seam, tail = kept.partition("\n\n… some of the output is left out here …\n\n")
    lines = text.splitlines()
    assert seam
    assert head.splitlines() == lines[: len(head.splitlines())]
    assert tail.splitlines() == lines[len(lines) - len(tail.splitlines()) :]
    assert 700 < len(head) + len(tail) <= 800


def test_a_cut_without_a_line_to_cut_at_drops_what_may_be_half_a_secret() -> None:
    buffer = OutputBuffer(20_000)
    buffer.add(b"a" * 5_000 + b"b" * 30_000)
    head, _, tail = buffer.text().partition("\n\n… some of the output is left out here …\n\n")
    assert (head, tail) == ("a" * (5_000 - 4_096), "b" * (15_000 - 4_096))


def test_the_latest_output_begins_with_a_whole_line() -> None:
    buffer = OutputBuffer()
    buffer.add(b"short\n")
    assert buffer.latest() == "short\n"
    buffer.add(b"x" * 4_090 + b"\nlast\n")
    assert buffer.latest() == "last\n"
    buffer.add(b"y" * 9_000)
    assert buffer.latest() == ""


def _fed(text: str, chunk: int, *, limit: int) -> OutputBuffer:
    buffer, data = OutputBuffer(limit), text.encode()
    for start in range(0, len(data), chunk):
        buffer.add(data[start : start + chunk])
    return buffer
