"""The checker of a campaign sees a violation of each kind; it is pure, so each can be planted."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from commands.replies import NOT_KNOWN, NOT_RECORDED
from tests.chaos.checker import Kind, violations
from tests.chaos.seen import Effect, Hold, Ran, Schema, Seen, Told

RILEY, ALEX, OLIVE = "T0/U0RILEY", "T0/U0ALEX", "T0/U0OLIVE"
COMMIT, DIGEST = "c" * 40, "d" * 64
STARTED = "D-1 started: chaos-01 v1 in here."
ASKED = Told("command/1", "deploy", RILEY, 10, said=(STARTED,), service="chaos-01", version="v1")
APPROVED = Told(
    "click/2", "approve", ALEX, 20, accepted=True, run="D-1", digest=DIGEST, shown=f"Plan {COMMIT} · 1 commit"
)
RUN = Ran(
    *("D-1", "deploy", "chaos-01", "v1", RILEY, "succeeded"),
    over=True,
    ended_at=40,
    plans=((12, DIGEST, COMMIT),),
    events=(("requested", RILEY), ("approved", ALEX), ("ended", "opsbot")),
)
PODS = Effect("pods of chaos-01", "D-1", "v1", 30)
TABLE = Effect("schema of chaos-01", "D-1", "m_0001", 25)
CARD = "run/D-1/card"
GOOD = Seen(
    told=[ASKED, APPROVED],
    inbox={
        "command/1": {"did": "started", "refused": "", "facts": {"run": "D-1"}},
        "click/2": {"did": "approved", "refused": "", "facts": {"run": "D-1"}},
    },
    runs={"D-1": RUN},
    effects=[TABLE, PODS],
    schemas=[Schema("chaos-01", {"m_0001": {"CREATE TABLE": 1, "row": 1, "applied": 1}})],
    images={"chaos-01": "v1"},
    wanted={CARD: ["Done"], "run/D-1/announce": []},
    stands={CARD: ["Done"], "run/D-1/announce": ["said"]},
    approvers=frozenset({ALEX}),
)


def told(*changed: Told) -> Seen:
    return replace(GOOD, told=changed)


def runs(**changed: Any) -> Seen:
    return replace(GOOD, runs={"D-1": replace(RUN, **changed)})


def effects(*seen: Effect) -> Seen:
    return replace(GOOD, effects=seen)


def counted(**times: int) -> Seen:
    once = {"CREATE TABLE": 1, "row": 1, "applied": 1}
    return replace(GOOD, schemas=[Schema("chaos-01", {"m_0001": once | times})])


OTHER = Effect("pods of chaos-01", "R-2", "v0", 31)
BACK = replace(RUN, id="R-2", command="rollback", version="v0", because="D-1", ended_at=50)
PLANTED: dict[str, tuple[Seen, Kind, str]] = {
    "a command was acknowledged and is not recorded": (replace(GOOD, inbox={}), Kind.LOST, "not recorded"),
    "a click was acknowledged and is not recorded": (
        replace(GOOD, inbox={"command/1": GOOD.inbox["command/1"]}),
        Kind.LOST,
        "click/2 (approve) was acknowledged",
    ),
    "the run that somebody was told of is not there": (replace(GOOD, runs={}), Kind.LOST, "was told"),
    "it is somebody else's": (runs(requester=OLIVE), Kind.LOST, "was told"),
    "it is of another version": (runs(version="v2"), Kind.LOST, "was told"),
    "an approval was accepted and is no event": (runs(events=(("requested", RILEY),)), Kind.LOST, "knows nothing"),
    "two answers to one gesture": (
        told(replace(ASKED, said=(STARTED, STARTED.replace("D-1", "D-2")), sent=2), APPROVED),
        Kind.WRONG,
        "was told",
    ),
    "not recorded, it said, and it was": (
        told(replace(ASKED, said=(NOT_RECORDED,)), APPROVED),
        Kind.WRONG,
        "nothing was recorded",
    ),
    "two gestures started one run": (
        replace(GOOD, inbox={**GOOD.inbox, "command/3": GOOD.inbox["command/1"]}),
        Kind.DOUBLED,
        "2 requests",
    ),
    "a run that nobody asked for": (
        replace(GOOD, runs={"D-1": RUN, "D-9": replace(RUN, id="D-9")}),
        Kind.DOUBLED,
        "D-9 was started",
    ),
    "a run in the inbox alone": (
        replace(GOOD, inbox={**GOOD.inbox, "command/3": {"did": "started", "facts": {"run": "D-9"}}}),
        Kind.LOST,
        "has no events",
    ),
    "a run that never ended": (runs(over=False, status="running", ended_at=None), Kind.LOST, "never ended"),
    "a run that stands still": (replace(GOOD, stuck=["D-1 stands still"]), Kind.LOST, "stands still"),
    "a patch twice": (effects(TABLE, PODS, replace(PODS, at=31)), Kind.DOUBLED, "v1 2 times"),
    "a migration's table twice": (counted(**{"CREATE TABLE": 2}), Kind.DOUBLED, "CREATE TABLE"),
    "a migration's row twice": (counted(row=2), Kind.DOUBLED, "row"),
    "a message twice": (replace(GOOD, stands={**GOOD.stands, CARD: ["Done"] * 2}), Kind.DOUBLED, "stands 2 times"),
    "nobody approved": (told(ASKED), Kind.WRONG, "had not been approved"),
    "the requester approved": (told(ASKED, replace(APPROVED, by=RILEY)), Kind.WRONG, "had not been approved"),
    "an outsider approved": (told(ASKED, replace(APPROVED, by=OLIVE)), Kind.WRONG, "had not been approved"),
    "it was approved afterwards": (told(ASKED, replace(APPROVED, at=35)), Kind.WRONG, "had not been approved"),
    "another plan was approved": (told(ASKED, replace(APPROVED, digest="e")), Kind.WRONG, "had not been approved"),
    "the card showed another commit": (told(ASKED, replace(APPROVED, shown="Plan")), Kind.WRONG, "had not been"),
    "the plan changed after the approval": (
        runs(plans=(*RUN.plans, (22, "e" * 64, COMMIT))),
        Kind.WRONG,
        "had not been approved",
    ),
    "a change by no run": (effects(TABLE, replace(PODS, run="")), Kind.WRONG, "of no run"),
    "a change after the end": (effects(TABLE, replace(PODS, at=41)), Kind.WRONG, "after the end"),
    "a change after what superseded it had taken over": (
        replace(
            effects(TABLE, replace(PODS, at=42), replace(OTHER, at=43)),
            runs={"D-1": replace(RUN, status="superseded", fenced_at=41), "R-2": BACK},
        ),
        Kind.WRONG,
        "after the end",
    ),
    "two runs change one target in turns": (
        replace(effects(TABLE, PODS, OTHER, replace(PODS, what="v1 again", at=32)), runs={"D-1": RUN, "R-2": BACK}),
        Kind.WRONG,
        "while another run did",
    ),
    "a deploy while deploys were held": (
        replace(GOOD, holds=[Hold("chaos-01", 15)]),
        Kind.WRONG,
        "while deploys were held",
    ),
    "it succeeded and its pods are not there": (effects(TABLE), Kind.LOST, "the pods had"),
    "it succeeded and its migration is not there": (
        replace(GOOD, schemas=[Schema("chaos-01", {})]),
        Kind.LOST,
        "not applied",
    ),
    "a migration is half there": (counted(row=0), Kind.LOST, "not applied"),
    "something else runs": (replace(GOOD, images={"chaos-01": "v7"}), Kind.WRONG, "runs v7"),
    "a message that is not there": (
        replace(GOOD, stands={CARD: ["Done"]}),
        Kind.LOST,
        "announce does not stand in Slack",
    ),
    "an older card": (replace(GOOD, stands={**GOOD.stands, CARD: ["Running"]}), Kind.WRONG, "shows “Running”"),
    "a broken chain": (replace(GOOD, stored=["run/D-1: its chain is broken"]), Kind.WRONG, "chain is broken"),
}


@pytest.mark.parametrize("name", PLANTED)
def test_it_is_seen(name: str) -> None:
    seen, kind, words = PLANTED[name]
    found = violations(seen)
    assert any(one.kind is kind and words in one.sentence for one in found), found


UNHARMED: dict[str, Callable[[], Seen]] = {
    "all is well": lambda: GOOD,
    "nobody knows whether it was recorded": lambda: told(replace(ASKED, said=(NOT_KNOWN,)), APPROVED),
    "not recorded, then sent again": lambda: told(replace(ASKED, said=(NOT_RECORDED, STARTED), sent=2), APPROVED),
    "a click that nobody answered": lambda: replace(
        told(ASKED, APPROVED, replace(APPROVED, key="click/3", accepted=False)), inbox=GOOD.inbox
    ),
    "a second process tells of it a moment later": lambda: effects(TABLE, replace(PODS, at=40.1)),
    "what superseded it had not taken over yet": lambda: replace(
        effects(TABLE, replace(PODS, at=40.5), replace(OTHER, at=43)),
        runs={"D-1": replace(RUN, status="superseded", fenced_at=41), "R-2": BACK},
        images={"chaos-01": "v0"},
    ),
    "a rollback is not approved": lambda: replace(
        effects(TABLE, PODS, OTHER), runs={"D-1": replace(RUN, ended_at=30.5), "R-2": BACK}, images={"chaos-01": "v0"}
    ),
}


@pytest.mark.parametrize("name", UNHARMED)
def test_what_is_well_is_left_alone(name: str) -> None:
    assert violations(UNHARMED[name]()) == []
