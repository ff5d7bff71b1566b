"""What may go to Slack and when, as the pure rules say: never too much, urgent first, hardly ever in vain."""

from dataclasses import dataclass, field

from hypothesis import given
from hypothesis import strategies as st

from bot.adapters.slack.budgets import IN_A_CHANNEL, Asking, Budgets, ask, in_use, refused, spends

UPDATE, POST = "chat.update", "chat.postMessage"
LIMITS = {UPDATE: 50, "conversations.history": 50, "conversations.create": 20, "pins.add": 20, POST: 60}
BEGAN = 1.8e9  # seconds, where a float's last digit is worth more than a rounding
METHODS = st.sampled_from(sorted(LIMITS))


@dataclass
class Office:
    """The budgets, a clock, and what was granted."""

    now: float = BEGAN
    budgets: Budgets = field(default_factory=dict)
    granted: list[tuple[float, str]] = field(default_factory=list)  # when, and to whom

    def asks(
        self, key: str, rank: int = 2, method: str = UPDATE, channel: str = "C1", *, waited: float = 0
    ) -> float | None:
        self.budgets = in_use(self.budgets, self.now)
        self.budgets, back = ask(self.budgets, spends(method, channel), Asking(key, rank, waited), self.now)
        if back is None:
            self.granted.append((self.now, key))
        return back

    def all_come(self, ranks: dict[str, int], within: float = 3600) -> int:
        """Each asks, and comes back when it is told to; answers how often was asked in all."""
        asked, due, end = 0, dict.fromkeys(ranks, self.now), self.now + within
        while due and (at := min(due.values())) < end:
            self.now = max(self.now, at)
            key = next(key for key in due if due[key] == at)
            asked += 1
            if (back := self.asks(key, ranks[key])) is None:
                del due[key]
            else:
                assert back > self.now
                due[key] = back
        assert not due
        return asked


@given(st.lists(st.tuples(METHODS, st.floats(0, 5), st.text("ab", max_size=2), st.integers(0, 2)), max_size=200))
def test_no_minute_takes_more_than_slack_allows(calls: list[tuple[str, float, str, int]]) -> None:
    office, granted = Office(), dict[str, list[float]]()
    for method, later, key, rank in calls:
        office.now += later
        if office.asks(key, rank, method) is None:
            granted.setdefault(method, []).append(office.now)
    for method, times in granted.items():
        assert max(sum(at <= each < at + 60 for each in times) for at in times) <= LIMITS[method] + 1e-3


@given(st.lists(st.floats(0, 2), min_size=1, max_size=60))
def test_who_asks_alone_is_taken_when_told_to_come(waits: list[float]) -> None:
    office = Office()
    for number, wait in enumerate(waits):
        office.now += wait
        if (back := office.asks(f"message {number}", method=POST)) is not None:
            office.now = back
            assert office.asks(f"message {number}", method=POST) is None


@given(st.lists(st.integers(0, 2), min_size=1, max_size=60))
def test_all_are_taken_the_urgent_first_and_hardly_any_asks_in_vain(ranks: list[int]) -> None:
    office = Office()
    while office.asks("") is None:
        pass  # nothing is left
    wanted = {f"{number:03}": rank for number, rank in enumerate(ranks)}
    for key, rank in wanted.items():
        office.asks(key, rank)
    office.granted.clear()
    asked = office.all_come(wanted)
    order = [key for _, key in office.granted]
    assert order == sorted(order, key=lambda key: (wanted[key], key))
    assert office.now <= BEGAN + len(ranks) * 60 / 45 + 3
    assert asked <= 6 * len(ranks)


def test_200_cards_at_once_are_edited_within_five_minutes() -> None:
    office = Office()
    asked = office.all_come({f"card {number}": 1 for number in range(200)})
    assert office.now <= BEGAN + 300
    assert asked <= 6 * 200, "each has a turn of its own, though all asked at one moment"


def test_who_does_not_come_keeps_nobody_waiting_for_long() -> None:
    office = Office()
    while office.asks("gone", 0) is None:
        pass
    office.asks("next")
    office.all_come({"next": 2})
    assert office.now < BEGAN + 6


def test_after_a_429_nothing_goes_until_slack_says_and_less_after_it() -> None:
    office = Office()
    office.budgets = refused(office.budgets, spends(UPDATE), office.now, 30)
    assert office.asks("a") == BEGAN + 30
    assert office.asks("b", method="conversations.history") is None
    office.now = BEGAN + 30
    assert office.asks("a") is None
    back = office.asks("b")
    assert back is not None
    assert back - office.now > 60 / 45 * 1.4


def test_a_clock_that_is_set_back_by_an_hour_silences_nobody_for_an_hour() -> None:
    """As when another database takes over, whose clock is behind: what stands in the books lies far ahead."""
    office = Office()
    while office.asks("") is None:
        pass
    office.asks("card 1", 0)
    office.budgets = refused(office.budgets, spends(POST), office.now, 30)
    office.now = BEGAN - 3600
    assert office.asks("card 2") is None
    assert office.asks("hello", method=POST) is None
    assert office.asks("card 3") is None


def test_a_429_holds_for_five_minutes_at_most_and_is_asked_for_again_then() -> None:
    office = Office()
    office.budgets = refused(office.budgets, spends(UPDATE), office.now, 86_400)
    office.now += 299
    assert office.asks("a") == BEGAN + 300
    office.now += 1
    assert office.asks("a") is None


def test_a_429_of_a_post_holds_its_channel_alone() -> None:
    office = Office()
    office.budgets = refused(office.budgets, spends(POST, "C1"), office.now, 30)
    assert office.asks("a", method=POST, channel="C1") == BEGAN + 30
    assert office.asks("b", method=POST, channel="C2") is None


def test_who_waits_for_a_full_channel_stands_in_no_way_to_others() -> None:
    office = Office()
    for number in range(40):
        office.asks(f"{number}", 0, POST, "C1")
    assert len(office.granted) == IN_A_CHANNEL.at_once
    assert office.asks("elsewhere", 2, POST, "C2") is None


def test_three_processes_that_know_nothing_of_each_other_learn_their_share() -> None:
    """Each answer of 429 makes its process take less, until what all of them take is what Slack gives."""
    offices, taken, told = [Office() for _ in range(3)], list[float](), 0
    for second in range(600):
        for office in offices:
            office.now = BEGAN + second
            if office.asks("card") is not None:
                continue
            if sum(at > office.now - 60 for at in taken) < 50:
                taken.append(office.now)
            else:
                told += 1
                office.budgets = refused(office.budgets, spends(UPDATE), office.now, 5)
    assert told < 100
    assert len(taken) > 9 * 40


def test_what_nobody_asked_for_lately_is_forgotten() -> None:
    office = Office()
    for number in range(100):
        office.asks("message", method=POST, channel=f"D{number}")
    office.now += 400
    assert in_use(office.budgets, office.now) == {}


def test_who_comes_to_another_process_each_time_does_not_begin_anew_in_its_line() -> None:
    """Two processes of half the limit each; whoever is told to come back finds the other one."""
    offices = Office(), Office()
    for office in offices:
        for _ in range(2):
            office.budgets = refused(office.budgets, spends(UPDATE), BEGAN, 0)
    came = {f"{number:03}": BEGAN + max(0, 1.5 * (number - 20)) for number in range(200)}
    due, turns, waits = dict(came), dict.fromkeys(came, 0), []
    while due:
        key = min(due, key=lambda each: (due[each], each))
        office = offices[(int(key) + turns[key]) % 2]
        office.now = now = due.pop(key)
        turns[key] += 1
        if (back := office.asks(key, 1, waited=now - came[key])) is None:
            waits.append(now - came[key])
        else:
            due[key] = back
    assert max(waits) <= 60
