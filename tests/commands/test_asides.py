"""What the thread of a card tells, whom it mentions, and what the channel of announcements gets."""

import pytest

from commands.views.blocks import Block
from commands.views.messages import Message, messages
from runbooks.runs import commands as c
from runbooks.vocabulary import Done, InDoubt
from tests.commands.cards import read
from tests.commands.stages import DOWN, KNOWN, PASSED, Stages, sees, stages

AT = dict(stages())


def asides(stage: str) -> dict[str, str]:
    """By key, without the card; all of them in its thread."""
    card, *found = messages(KNOWN, AT[stage], sees)
    return {m.key.removeprefix(f"run/{AT[stage].id}/"): read(_shown(m)) for m in found if m.thread == card.key}


def _shown(message: Message) -> str:
    return "\n".join(b["text"]["text"] for b in message.blocks)


def test_whoever_must_approve_is_mentioned() -> None:
    digest = AT["waits for approval"].digest[:12]
    assert asides("waits for approval") == {
        f"approval/{digest}": "<@UALEX> <@USAM> D-1 waits for 1 approval, not by <@URILEY>, until 10:30. "
        "Approve or reject it on the card above."
    }


@pytest.mark.parametrize(("stage", "key"), [("waits for lines", "lines/tests"), ("serving", "lines/last-known-good")])
def test_whoever_asked_is_told_that_lines_are_to_be_ticked_once_a_phase(stage: str, key: str) -> None:
    told = "<@URILEY> D-1 waits for people: tick the open lines on the card above."
    assert asides(stage) == {key: told}


def test_a_decision_shows_what_it_is_about() -> None:
    told = {key: text for key, text in asides("asks about the schema").items() if not key.startswith("clock/")}
    ((key, text),) = told.items()
    assert key == "question/schema/1"
    first, second = DOWN.splitlines()
    assert text == (
        f"<@URILEY> R-2 waits for a decision about the schema. Decide on the card above.\n> {first}\n> {second}"
    )


def test_what_the_linter_finds_stands_there_in_full() -> None:
    story = Stages().deploying().done("tests", PASSED)
    pages = ["024_a.sql:3 one-rule\nIt *is* so.", "024_a.sql:9 another-rule\nSo is this."]
    story.done("migrations-plan", Done("1 to apply, with its way back", {"files": ["024"], "lint": pages}))
    _, *found = messages(KNOWN, story.run, sees)
    told = {m.key.removeprefix("run/D-1/"): read("\n".join(map(_words, m.blocks))) for m in found}
    title = "📄 What squawk finds in the migrations of D-1, part"
    assert told["lint/migrations-plan/1"] == f"{title} 1 of 2\n> 024_a.sql:3 one-rule\n> It *is* so."
    assert told["lint/migrations-plan/2"] == f"{title} 2 of 2\n> 024_a.sql:9 another-rule\n> So is this."


def _words(block: Block) -> str:
    return str(block["text"]["text"] if "text" in block else block["elements"][0]["text"])


def test_a_doubt_is_asked_in_the_thread_too() -> None:
    story = Stages().deploying().changing()
    story.does(c.Record("rollout", 1, InDoubt("“Deploy new pods” was interrupted. Was it done?")))
    found = messages(KNOWN, story.run, sees)
    assert found[1].text == (
        "<@URILEY> D-1 asks: “Deploy new pods” was interrupted. Was it done? Answer on the card above."
    )


def test_a_failure_leaves_its_last_lines() -> None:
    assert asides("failed") == {
        "failure/rollout": "❌ <@URILEY> “Deploy new pods”: New pods crash: 2 of 2 in CrashLoopBackOff for 20 s. "
        "Old pods still serve (3 of 3 ready).\n> Traceback (most recent call last):\n> DATABASE_URL is not set"
    }


def test_a_plan_that_failed_is_told_to_whoever_asked() -> None:
    assert asides("not planned") == {
        "failed": "<@URILEY> D-1 did not start: There is no version “v99” in the source of solvereign-api: "
        "no tag, branch or commit is called that. The newest tags are v42, v41 and v40."
    }


def test_the_announcement_says_what_runs_where_who_asked_and_who_approved() -> None:
    deployed = messages(KNOWN, AT["deployed"], sees)[-1]
    assert deployed.key == "run/D-1/announce"
    assert deployed.text == "solvereign-api v42 `a8005c2` is deployed to production."
    assert deployed.blocks[1]["elements"][0]["text"] == "S3 · D-1 · asked by <@URILEY> · approved by <@UALEX>"
    back = messages(KNOWN, AT["rolled back"], sees)[-1]
    assert back.text == "solvereign-api v41 `3f2c1d9` is back in production."
