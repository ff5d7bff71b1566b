"""What a rollout is judged to be at once, and after a while."""

from datetime import UTC, datetime, timedelta

from runbooks.steps.kubernetes.rollout_state import Doomed, Observed, Progressing, State, judge

NOW = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
GRACE = timedelta(seconds=20)


def at_once(seen: Observed) -> State:
    return judge(seen, since={}, now=NOW, grace=GRACE)


def after(seen: Observed, seconds: int, *, before: Observed | None = None) -> State:
    first = judge(before or seen, since={}, now=NOW, grace=GRACE)
    assert isinstance(first, Progressing)
    return judge(seen, since=first.since, now=NOW + timedelta(seconds=seconds), grace=GRACE)


def reason_after(seen: Observed, seconds: int) -> str:
    state = after(seen, seconds)
    assert isinstance(state, Doomed), state
    return state.sentence
