"""Cards from states: what they say, which buttons they have, and that they fit into Slack whatever comes."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commands.views.messages import messages
from commands.views.run_card import Look, card
from runbooks.catalogue import Catalogue
from runbooks.releases.state import Release
from runbooks.runs import commands as c
from runbooks.runs.state import Run
from runbooks.vocabulary import Choice, Done, Failed, InDoubt, KnownGood, Means, Pending, Waiting
from tests.engine.world import CATALOGUE
from tests.runs.stories import CHANGE, STEPS, TEN, Story, step

KNOWN = Catalogue.model_validate(CATALOGUE)
GOOD = KnownGood("adopt", "v41", "3f2c1d9" + "0" * 33, (), "", "sha256:0", TEN)
RELEASE = Release("api", "production", good=(GOOD,))
LOOK = Look(KNOWN, RELEASE)


def text_of(run: Run, look: Look = LOOK) -> str:
    found = []
    for block in card(run, look):
        found += [block["text"]["text"]] if "text" in block else []
        found += [e["text"] for e in block.get("elements", []) if isinstance(e.get("text"), str)]
    return "\n".join(found)


def buttons_of(run: Run) -> list[str]:
    elements = [e for b in card(run, LOOK) for e in [*b.get("elements", []), b.get("accessory") or {}]]
    return [e["text"]["text"] for e in elements if e.get("type") == "button"]


def test_a_deploy_that_waits_says_for_whom_and_until_when() -> None:
    run = Story().at_the_gate().run
    text = text_of(run)
    assert "v41 `3f2c1d9` → *v42* `aaaaaaa`" in text
    assert "Waits for 1 approval of @sre, not by <@URILEY> · until <!date^1795516200^{time}|10:30 UTC>" in text
    assert buttons_of(run) == ["Approve", "Reject", "Abort"]


def test_an_open_manual_line_has_its_button_beside_it() -> None:
    run = Story().requested().planned().run
    assert buttons_of(run) == ["Done", "Abort"]
    assert json.loads(next(b["accessory"]["value"] for b in card(run, LOOK) if "accessory" in b)) == {
        "run": "D-1",
        "step": "told",
        "choice": "done",
    }


def test_a_failed_deploy_says_where_why_and_what_happens_now() -> None:
    run = Story().past_the_gate().done("migrate").done("rollout", Failed("New pods crash.")).run
    text = text_of(run)
    assert text.startswith("Deploy failed: api to production")
    assert "❌ Rollout  New pods crash." in text
    assert "Failed at “Rollout” <!date^1795514400^{time}|10:00 UTC>. R-1 takes production back to v41." in text
    assert buttons_of(run) == []


def test_a_failed_deploy_without_a_way_back_does_not_promise_one() -> None:
    run = Story().past_the_gate().done("migrate").done("rollout", Failed("New pods crash.")).run
    assert "It does not go back by itself." in text_of(run, Look(KNOWN, Release("api", "production")))


def test_a_plan_that_changed_shows_the_difference() -> None:
    story = Story().at_the_gate().approved()
    story.planned(*STEPS, commit="b" * 40)
    assert "The plan has changed" in text_of(story.run)
    assert "commit aaaaaaa is now bbbbbbb" in text_of(story.run)


def test_a_decision_has_its_choices_as_buttons() -> None:
    asked = Waiting("a decision", (Choice("leave", "Leave it"), Choice("run", "Run it", Means.AGAIN, danger=True)))
    run = Story().requested(quorum=None).planned(step("one"), quorum=False).done("one", asked).run
    assert buttons_of(run) == ["Leave it", "Run it", "Abort"]
    styles = [e.get("style") for b in card(run, LOOK) for e in b.get("elements", []) if e.get("type") == "button"]
    assert styles == ["primary", "danger", None]


def test_who_must_act_is_told_by_a_message_of_its_own() -> None:
    run = Story().at_the_gate().run
    found = messages(KNOWN, run, lambda _: RELEASE)
    assert [m.key for m in found] == ["run/D-1/card", f"run/D-1/approval/{run.digest[:12]}"]
    assert found[1].text.startswith("<@UALEX> <@USAM> D-1 waits for 1 approval, not by <@URILEY>")
    assert found[1].thread == "run/D-1/card"


@pytest.mark.parametrize("outcome", [Failed("no"), InDoubt("Was it?"), Pending(TEN, "half"), Done("yes")])
def test_keys_of_messages_are_never_twice(outcome: object) -> None:
    story = Story().past_the_gate().done("migrate", outcome)
    keys = [m.key for m in messages(KNOWN, story.run, lambda _: RELEASE)]
    assert len(keys) == len(set(keys))


HOSTILE = st.text(max_size=4000) | st.just("<!channel> <@U1> &amp; *x* `y`")


@given(HOSTILE, HOSTILE, st.integers(1, 60))
def test_whatever_comes_from_outside_fits_and_calls_nobody(title: str, reason: str, count: int) -> None:
    steps = [step(f"s{n}", **CHANGE, phase=f"Phase {n % 7}") for n in range(count)]
    story = Story().requested(quorum=None).planned(*steps, quorum=False)
    story.done("s0", Failed(reason, {"last_lines": title}))
    story.does(c.Note(title))
    for message in messages(KNOWN, story.run, lambda _: RELEASE):
        assert 0 < len(message.blocks) <= 50
        assert "<!channel>" not in json.dumps(message.blocks) + message.text
        for block in message.blocks:
            if block["type"] == "section":
                assert 0 < len(block["text"]["text"]) <= 3000
            if block["type"] == "header":
                assert 0 < len(block["text"]["text"]) <= 150
            assert all(len(e.get("value", "")) <= 2000 for e in block.get("elements", []))
