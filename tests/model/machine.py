"""The state machine: Hypothesis thinks of courses of events, and shortens one that fails.

It is one rule that takes any step: of several rules Hypothesis leaves about half out of each course, and a run gets
nowhere without a request, work, ticks and approvals.
"""

from collections import Counter
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from tests.engine.world import ALEX, OUTSIDER, RILEY, SAM
from tests.model.bench import POINTS, Bench
from tests.model.course import Course
from tests.model.places import KIM, SPOTS

NUMBER = st.integers(0, 7)  # of a run, a request, a process: the newest is 0
PEOPLE = st.sampled_from([ALEX, RILEY, SAM, KIM, OUTSIDER])
DEPLOYERS = st.sampled_from([RILEY, ALEX, RILEY, SAM, OUTSIDER])  # most of them
OPERATORS = st.sampled_from([ALEX, SAM, KIM, ALEX, SAM, KIM, RILEY, OUTSIDER])  # most of them
JUDGES = st.sampled_from(
    [ALEX, SAM, KIM, ALEX, SAM, KIM, RILEY, OUTSIDER, None, None, None, None]
)  # None: who asked for it
SPOT = st.sampled_from(SPOTS)
VERSION = st.sampled_from(["v2", "v3", "v4"])
GOOD = st.sampled_from(["", "", "v1", "v2"])
MOOD = st.sampled_from(["quick", "slow", "quick", "slow", "breaks", "stuck"])
POINT = st.sampled_from(["", "", *POINTS])
TIMES = st.sampled_from([1, 1, 1, 2, 4])
SELDOM = st.sampled_from([False] * 6 + [True])
OFTEN = st.sampled_from([True, True, False])
PLACED = {"spot": SPOT, "still": SELDOM}
OF_A_RUN = {"number": NUMBER, "still": SELDOM}


STEPS: dict[str, dict[str, st.SearchStrategy[Any]]] = {
    "bring_on": {"number": NUMBER, "times": TIMES, "point": POINT},
    "deploy": {"version": VERSION, "by": DEPLOYERS, **PLACED},
    "roll_back": {"to": GOOD, "by": OPERATORS, "old": SELDOM, **PLACED},
    "plan_a_rollback": {"to": GOOD, "by": OPERATORS, **PLACED},
    "judge": {"by": JUDGES, "waiting": OFTEN, "old": st.booleans(), "no": SELDOM, **OF_A_RUN},
    "tick": {"line": NUMBER, "by": DEPLOYERS, **OF_A_RUN},
    "abort": {"by": PEOPLE, **OF_A_RUN},
    "lock": {"by": PEOPLE, **PLACED},
    "unlock": {"by": OPERATORS, "reason": st.sampled_from(["the cause is known"] * 3 + [""]), **PLACED},
    "ask_again": {"number": NUMBER, "same": st.booleans()},
    "work": {"point": POINT},
    "wake": {"number": NUMBER, "late": OFTEN},
    "let_come": {"number": NUMBER},
    "kill": {"number": NUMBER},
    "pass_time": {"seconds": st.sampled_from([2, 11, 180])},
    "let_expire": {},
    "change_mood": {"spot": SPOT, "mood": MOOD},
    "move_version": {"version": VERSION, "commit": st.sampled_from("ab")},
    "change_groups": {"who": st.sampled_from([SAM, KIM]), "here": st.booleans()},
}
WEIGHTS = {"bring_on": 6, "deploy": 2, "wake": 3, "let_come": 6}  # else 1
WHILE_HELD = {"unlock": 10}
WHILE_ONE_WAITS = {"bring_on": 4, "judge": 12, "let_expire": 3}


class Machine(RuleBasedStateMachine):
    """One course of events."""

    def __init__(self, bench: Bench, met: Counter[str]) -> None:
        super().__init__()
        self.course = Course(bench)
        self.met = met

    @initialize(moods=st.tuples(*[MOOD] * len(SPOTS)))
    def begin(self, moods: tuple[str, ...]) -> None:
        for spot, mood in zip(SPOTS, moods, strict=True):
            self.course.change_mood(spot, mood)

    @rule(data=st.data())
    def go_on(self, data: st.DataObject) -> None:
        weights = {
            **WEIGHTS,
            **(WHILE_ONE_WAITS if self.course.waiting else {}),
            **(WHILE_HELD if self.course.held else {}),
        }
        possible = [name for name in self.course.possible(STEPS) for _ in range(weights.get(name, 1))]
        name = data.draw(st.sampled_from(possible))
        getattr(self.course, name)(**data.draw(st.fixed_dictionaries(STEPS[name])))

    @invariant()
    def they_agree(self) -> None:
        self.course.they_agree()

    def teardown(self) -> None:
        self.course.end()
        self.met += self.course.met()
