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
}


def test_codes_are_found() -> None:
    assert {"busy", "locked", "own-request", "plan-changed", "moved-on", "unknown-service"} <= set(CODES)


@pytest.mark.parametrize("code", CODES)
def test_every_refusal_has_its_sentence(code: str) -> None:
    text = replies.sentence(Reply(refused=code, facts=FACTS))
    assert not text.startswith("Not done: " + code)
    assert text[0].isupper() or text[0] in "<D"
    assert text.endswith((".", "”", "?"))
    assert "!" not in re.sub(r"<![^>]*>", "", text)
    assert code not in text or code in ("busy", "locked")


def test_a_refusal_names_the_rule_the_fact_and_the_way_on() -> None:
    busy = replies.sentence(Reply(refused="busy", facts=FACTS))
    assert busy == (
        "Not started. D-7 is deploying solvereign-api to production "
        "(v42, asked by <@UALEX> at <!date^1795514520^{time}|10:02 UTC>). Wait for it, or abort it on its card."
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
    lock = replies.sentence(Reply("locked", facts={**FACTS, "reason": hostile}))
    assert "<!channel>" not in lock
