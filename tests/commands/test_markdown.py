"""Documents as they are read in Slack: every kind of Markdown, escaped, and within what a message takes."""

from textwrap import dedent

import pytest

from bot.library import read as read_library
from bot.library import shipped
from commands.views.document import document, parts, sections
from commands.views.markdown import mrkdwn
from runbooks.documents.runbook import Runbook
from sandbox.slack.sizes import too_large
from tests.documents.reading import KNOWN, read


def shown(text: str) -> str:
    return "\n=\n".join(mrkdwn(dedent(text), {})).replace("\u2003", "  ")


def test_headings_lists_and_emphasis() -> None:
    text = """\
        Words **bold** and *leaning*,
        on one line.

        # Do *this* `now`
        - one
          - below it
        - two

        1. first
        2. second

        > Quoted
        > twice
    """
    assert shown(text) == (
        "Words *bold* and _leaning_, on one line.\n=\n*Do this `now`*\n• one\n  • below it\n\n• two\n\n"
        "1. first\n2. second\n\n> Quoted twice"
    )


def test_lines_to_tick_have_a_box_and_keep_what_stands_under_them() -> None:
    text = """\
        - [ ] Look

          All of it.

          ```sh
          if true; then
            curl http://localhost/
          fi
          ```

        - [x] Go **on**
        - plain
    """
    assert shown(text) == (
        "☐ *Look*\n  All of it.\n> `if true; then`\n>   curl http://localhost/\n> `fi`\n\n☐ Go *on*\n• plain"
    )


def test_a_tables_rows_are_lines_with_the_columns_named() -> None:
    text = """\
        | File | Purpose | When |
        |------|---------|------|
        | `a.md` | To do | |
        | **b** | | Never |
    """
    assert shown(text) == "• *`a.md`* · Purpose: To do\n• *b* · When: Never"


def test_links_lead_to_the_web_alone() -> None:
    assert shown("[a](https://x.example/?b=1&c=2) [b](other.md) [c](javascript:x) ![d](d.png)") == (
        "<https://x.example/?b=1&amp;c=2|a> b [c](javascript:x) d"
    )


def test_nothing_in_a_document_is_alive_in_slack() -> None:
    hostile = "<!channel> <@U1> `<!here>` & <b>\n\n# <!everyone>\n\n```\n<!channel>\n```\n"
    hostile += "\n| <!here> |\n|---|\n| <@U1> |\n"
    text = "".join(mrkdwn(hostile, {}))

    assert "<" not in text
    assert ">" not in text.replace("> `", "")
    assert text.count("&lt;") == 7


ODD = ["", "#\n", "-\n- [ ]\n", "| a |\n|---|\n", "<!-- note -->", "[ ](x)", "> " * 40 + "x"]


@pytest.mark.parametrize("text", ODD)
def test_odd_documents_are_read_too(text: str) -> None:
    assert all(each.strip() for each in mrkdwn(text, {}))


def test_what_a_step_does_stands_under_its_line() -> None:
    book = read("# Ours\n- [ ] Tests\n  ```step\n  uses: command\n  command: tests\n  ```\n- [ ] Tell\n")

    assert sections(book) == [
        "☐ *Tests*\n\u2003⚙️ _Opsbot does command (command: tests) · on failure: stop_\n\n☐ *Tell*"
    ]


def pages(book: Runbook) -> list[list[dict[str, object]]]:
    return [document(book, number, lambda _, __: []) for number in range(1, len(parts(sections(book))) + 1)]


@pytest.mark.parametrize("name", sorted(read_library([shipped()], known=KNOWN).documents))
def test_every_document_that_ships_is_shown_whole(name: str) -> None:
    book = read_library([shipped()], known=KNOWN).documents[name]
    found = pages(book)

    assert [too_large({"blocks": page}) for page in found] == [""] * len(found)
    assert str(found).count("☐") - len(found) == len(book.items), "a box for each line, and one in each small print"


LONG = {
    "one endless word": "- [ ] a\n\n  " + "x" * 20_000,
    "one endless paragraph": "- [ ] a\n\n  " + "word & " * 5000,
    "endless code": "- [ ] a\n\n  ```\n  " + "y <" * 4000 + "\n  ```\n",
    "many headings": "".join(f"# H{n}\n- [ ] a\n" for n in range(300)),
    "many items": "".join(f"- [ ] item {n}\n" for n in range(3000)),
}


@pytest.mark.parametrize("text", LONG.values(), ids=LONG)
def test_a_document_of_any_length_is_split_into_messages_and_nothing_is_left_out(text: str) -> None:
    book = read(text)
    found = pages(book)

    assert len(found) > 1
    assert [too_large({"blocks": page}) for page in found] == [""] * len(found)
    whole = "".join("".join(part) for part in parts(sections(book)))
    assert "".join(whole.split()) == "".join("".join(sections(book)).split())


def test_a_part_says_which_it_is() -> None:
    book = read(LONG["many items"])
    last = document(book, 99, lambda number, of: [{"type": "divider", "here": (number, of)}])

    of = len(pages(book))
    assert last[-1]["here"] == (of, of)
    assert last[-2]["elements"][0]["text"].startswith(f"Part {of} of {of}: the document is longer than one message")
