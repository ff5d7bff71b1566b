"""Every refusal has its sentence; each says what happened, what was not done, what to do next."""

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from commands import replies
from runbooks.engine.asks import Reply

ROOT = Path(__file__).parent.parent.parent
CODES = sorted(
    {
        code
        for path in (ROOT / "runbooks").rglob("*.py")
        for code in re.findall(r'(?:Refused\(\s*|refused=)"([a-z][a-z-]+)"', path.read_text())
    }
    | {"unknown-service", "unknown-environment"}
)
FACTS = {
    "run": "D-7",
    "command": "deploy",
    "service": "solvereign-api",
    "environment": "production",
    "version": "v42",
    "by": "T1/UALEX",
    "at": datetime(2026, 11, 24, 10, 2, tzinfo=UTC).isoformat(),
    "because": "",
    "why": "the market is open",
    "doing": "deploy",
    "groups": ["sre"],
    "group": "sre",
    "what": "Slack",
    "name": "solvereign-ap",
    "nearest": "solvereign-api",
    "known": ["solvereign-api"],
    "status": "aborted",
    "difference": ["commit aaaaaaa is now bbbbbbb"],
    "finding": "D-7.deploy-failed",
    "wanted": 1,
    "tenant": "acme",
    "incident": "I-7",
    "severity": "S2",
    "others": 0,
}
NOT_DONE = re.compile(r"Not (started|approved|done)\.|[Nn]othing (more )?was")
WAY_ON = re.compile(
    r"`(/deploy|/rollback|/onboard|/incident|/audit|opsbot)|[Aa]sk |Try again|Did you mean|card|Give a|must approve"
    r"|more approval|can start"
)


def test_codes_are_found() -> None:
    assert {"busy", "locked", "own-request", "plan-changed", "moved-on", "unknown-service"} <= set(CODES)


@pytest.mark.parametrize("code", CODES)
def test_every_refusal_has_its_sentence(code: str) -> None:
    text = replies.sentence(Reply(refused=code, facts=FACTS))
    assert not text.startswith("Not done: " + code)
    assert text[0].isupper() or text[0] in "<D"
    assert text.endswith((".", "”", "?"))
    assert "!" not in re.sub(r"<![^>]*>", "", text)
    assert code not in text or code in ("busy", "held", "locked")


@pytest.mark.parametrize("code", CODES)
def test_every_refusal_says_what_was_not_done_and_the_way_on(code: str) -> None:
    text = replies.sentence(Reply(refused=code, facts=FACTS))
    assert NOT_DONE.search(text), text
    assert WAY_ON.search(text), text


@pytest.mark.parametrize(
    ("doing", "begins"),
    [
        ("deploy", "Not started. To deploy here"),
        ("roll back", "Not started. To roll back here"),
        ("onboard", "Not started. To onboard here"),
        ("approve", "Not approved. To approve here"),
        ("tick", "Not ticked. To tick lines here"),
        ("decide", "Not decided. To decide here"),
        ("unlock", "Not unlocked. To unlock here"),
        ("acknowledge", "Not acknowledged. To acknowledge here"),
    ],
)
def test_who_may_not_is_told_in_the_word_for_what_they_tried(doing: str, begins: str) -> None:
    text = replies.sentence(Reply(refused="not-allowed", facts={"doing": doing, "groups": ["sre"]}))
    assert text == f"{begins} you must be in @sre. Ask one of them."


@pytest.mark.parametrize("code", ["busy", "rolling-back-already"])
def test_a_rollback_that_began_by_itself_was_asked_by_nobody(code: str) -> None:
    facts = {**FACTS, "run": "R-107", "command": "rollback", "because": "D-107"}
    text = replies.sentence(Reply(refused=code, facts=facts))
    assert "begun by itself after D-107 failed, at <!date^1795514520^{time}|10:02 UTC>" in text
    assert "asked by" not in text


def test_a_reason_without_a_sentence_still_says_what_was_not_done() -> None:
    text = replies.sentence(Reply(refused="never-heard-of", facts={"doing": "lock"}))
    assert text == "Not locked. The reason is “never-heard-of”. Nothing was changed."


def test_a_refusal_names_the_rule_the_fact_and_the_way_on() -> None:
    busy = replies.sentence(Reply(refused="busy", facts=FACTS))
    assert busy == (
        "Not started. D-7 is deploying solvereign-api to production "
        "(v42, asked by <@UALEX> at <!date^1795514520^{time}|10:02 UTC>). "
        "Wait for it, or abort it on its card or with `/deploy abort D-7`."
    )
    own = replies.sentence(Reply(refused="own-request", facts=FACTS))
    assert own == "Not approved. You asked for this deploy, so somebody else of @sre must approve it."


def test_what_people_typed_is_never_interpreted() -> None:
    hostile = "<!channel> *bold* <https://evil.example|click>"
    text = replies.sentence(
        Reply(refused="unknown-service", facts={"name": hostile, "nearest": "", "known": ["api"]})
    )
    assert "<!channel>" not in text
    assert "<https" not in text
    assert "https://" not in text, "Slack would make it a link"
    lock = replies.sentence(Reply("locked", facts={**FACTS, "reason": hostile}))
    assert "<!channel>" not in lock
