"""The confirmation of a rollback: its button carries what it said it overwrites, and the click asks with it."""

import json
from datetime import UTC, datetime

from commands.clicks import _ASKS
from commands.views.confirm_rollback import Asked, confirm_rollback
from runbooks.catalogue import Approval
from runbooks.engine import asks
from runbooks.releases.state import Release
from runbooks.vocabulary import KnownGood

AT = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
GOOD = KnownGood("adopt", "v41", "3f2c1d9" + "0" * 33, (), "", "sha256:0", AT)
LINES = ("Overwrites what others changed in web: resources of container api (kubectl-edit, 24 Nov 10:03 UTC)",)


def value(seen: tuple[str, ...]) -> dict[str, str]:
    release = Release("web", "production", good=(GOOD,))
    blocks = confirm_rollback(
        release, GOOD, LINES, [], quorum=Approval(group="sre"), asked=Asked("", "gesture", seen)
    )
    assert "resources of container api" in json.dumps(blocks)
    (buttons,) = (block for block in blocks if block["type"] == "actions")
    raw = buttons["elements"][0]["value"]
    assert len(raw) < 2000, "Slack takes no longer ones"
    found: dict[str, str] = json.loads(raw)
    return found


def test_the_click_asks_with_what_the_confirmation_showed() -> None:
    ask = _ASKS["roll-back"](value(("0a1b2c3d", "4e5f6a7b")))
    assert isinstance(ask, asks.RollBack)
    assert ask.seen == ("0a1b2c3d", "4e5f6a7b")


def test_what_does_not_fit_on_a_button_counts_as_not_shown() -> None:
    ask = _ASKS["roll-back"](value(tuple(f"{number:08x}" for number in range(500))))
    assert isinstance(ask, asks.RollBack)
    assert len(ask.seen) == 100


def test_a_button_of_before_showed_nothing() -> None:
    old = {key: text for key, text in value(()).items() if key != "seen"}
    ask = _ASKS["roll-back"](old)
    assert isinstance(ask, asks.RollBack)
    assert ask.seen == ()
