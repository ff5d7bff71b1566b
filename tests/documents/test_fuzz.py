"""Whatever the text: a runbook that holds together, or faults at lines that exist. Never anything else."""

from pathlib import Path

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from runbooks.documents.errors import DocumentError
from runbooks.documents.parse import parse
from runbooks.documents.runbook import Runbook
from runbooks.documents.show import show
from tests.documents.reading import KNOWN

LIBRARY = Path(__file__).parents[2] / "runbooks" / "library"
DOCUMENTS = [path.read_text() for path in (*LIBRARY.glob("*.md"), *(Path(__file__).parent / "corpus").glob("*.md"))]
LINES = sorted({line for text in DOCUMENTS for line in text.split("\n")})
PIECES = (
    *(
        "- [ ] ",
        "- [x] ",
        "* [ ]",
        "1. [ ] ",
        "> ",
        "  ",
        "    ",
        "\t",
        "# ",
        "## ",
        "---",
        "===",
        "```",
        "```step",
        "~~~",
    ),
    *(
        "uses: ",
        "id: ",
        "on-failure: ",
        "{then: ",
        "}",
        "[",
        "]",
        ": ",
        "- ",
        "&a ",
        "*a",
        "!!int ",
        "${params.x}",
        "${",
    ),
    *(
        "command",
        "announce",
        "words",
        "é",
        "\u2028",
        "\x00",
        "\ufeff",
        "<!--",
        "-->",
        "<details>",
        "|",
        "|---|",
        "\\",
        "`",
    ),
    *("\r", "\r\n", "\n", "\n\n", "2026-99-99", "1e999", "0x", "~", "'", '"', "%", "@", "[x]: http://x"),
)

lines_of_documents = st.lists(st.sampled_from(LINES), max_size=25).map("\n".join)
pieces = st.lists(st.sampled_from(PIECES), max_size=60).map("".join)
lenient = settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def holds(text: str | bytes) -> None:
    data = text.encode("utf-8", "replace") if isinstance(text, str) else text
    count = len(data.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n"))
    match outcome(text):
        case DocumentError(faults=faults):
            assert faults
            assert all(1 <= fault.line <= count and str(fault).isprintable() for fault in faults)
        case Runbook() as runbook:
            whole(runbook, count)


def outcome(text: str | bytes) -> Runbook | DocumentError:
    try:
        return parse(text, path="any.md", known=KNOWN)
    except DocumentError as cause:
        return cause


def whole(runbook: Runbook, count: int) -> None:
    assert runbook.items
    assert len({item.id for item in runbook.items}) == len(runbook.items)
    assert len({phase.title for phase in runbook.phases}) == len(runbook.phases)
    assert all(item.title.strip() and 1 <= item.line <= count for item in runbook.items)
    assert [item.line for item in runbook.items] == sorted(item.line for item in runbook.items)
    assert show(runbook).count("  [ ] ") >= len(runbook.items)


@lenient
@given(st.text(max_size=300))
def test_any_text(text: str) -> None:
    holds(text)


@lenient
@given(st.binary(max_size=300))
def test_any_bytes(data: bytes) -> None:
    holds(data)


@lenient
@given(pieces)
@example("- [ ] a\n" + "- " * 3000 + "b")
@example("- [ ] " + "[" * 3000 + "](" * 3000)
@example("- [ ] " + "*a " * 3000)
def test_pieces_of_markdown_and_yaml(text: str) -> None:
    holds(text)


@lenient
@given(lines_of_documents)
def test_lines_of_documents_in_any_order(text: str) -> None:
    holds(text)


@lenient
@given(pieces)
@example("a: 2026-99-99")
@example("\u2028\u2028\u2028```")
@example("uses: !!timestamp x")
def test_anything_in_a_step_block(text: str) -> None:
    inner = "\n".join(f"  {line}" for line in text.split("\n"))
    holds(f"- [ ] a\n  ```step\n{inner}\n  ```\n")


@lenient
@given(pieces)
@example("\r  - [ ] ")
def test_anything_as_front_matter(text: str) -> None:
    holds(f"---\ncommand: x\n{text}\n---\n- [ ] a\n")


@lenient
@given(st.sampled_from(DOCUMENTS), st.integers(0, 4000), st.integers(0, 40), pieces)
def test_a_document_with_a_part_replaced(text: str, at: int, length: int, new: str) -> None:
    holds(text[:at] + new + text[at + length :])
