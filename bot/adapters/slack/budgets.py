"""How much Slack takes: may a call go now, or when to come back? Pure; seconds of a clock that never steps.

A budget fills steadily up to what may go at once. Who can't go waits in its line: urgent ones first, then who came
first. Everybody is told their own turn, so nobody asks in vain over and over. After a 429 somebody else spends what
Slack takes from us: then we take a smaller share, which grows again.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

TO_COME = 2.0  # seconds after their turn for which a place in the line is held
LINE_KEPT = 300.0  # seconds for which it is remembered who came first
LONGEST = 60.0  # seconds until somebody is asked to come back: by then others may have left the line
HELD = 300.0  # seconds for which nothing goes after a 429, at most; then Slack is asked again
LEARNED, SMALLEST = 2 / 3, 1 / 8  # a share after a 429, of what it was; the least
FORGOTTEN = 300.0  # seconds until a share has grown to the whole
_SLIGHT = 1e-4  # of a call: what is lost in a clock's rounding


@dataclass(frozen=True)
class Limit:
    """So many calls at once, then one in so many seconds."""

    at_once: int
    every: float


def a_minute(calls: int) -> Limit:
    """At most so many in any minute, a tenth of them at once."""
    return Limit(calls // 10, 60 / (calls - calls // 10))


# Slack's documentation, "Rate limits": a message per second and channel, short bursts pass; several hundred a minute
# in all; tiers 2, 3 and 4 are 20, 50 and 100 a minute.
IN_A_CHANNEL, IN_ALL = Limit(3, 1.1), a_minute(240)
_TIER_3 = ("chat", "conversations.history", "conversations.invite", "conversations.open", "conversations.replies")
_TIER_2 = ("conversations", "pins")
_AT_ONCE = Limit(20, 3.0)  # tier 2, where a person waits: what a minute takes may go at once
_REST = Limit(100, 0.6)


def spends(method: str, channel: str = "") -> Mapping[str, Limit]:
    """The budgets that a call needs, by name."""
    if method == "chat.postMessage":
        return {method: IN_ALL, f"{method} {channel}": IN_A_CHANNEL}
    family = method.partition(".")[0]
    if method in _TIER_3 or family in _TIER_3:
        return {method: a_minute(50)}
    if family in _TIER_2:
        return {method: a_minute(20)}
    return {method: _AT_ONCE if family == "usergroups" else _REST}


@dataclass(frozen=True)
class Asking:
    """Who asks: `key` is theirs for ever, "" of who does not come back; a lower `rank` goes first.

    `waited`: seconds since it is wanted; so whoever was in another process's line does not begin anew in ours.
    """

    key: str = ""
    rank: int = 0
    waited: float = 0.0


@dataclass(frozen=True)
class Waiting:
    """A place in a line: since when, and when its turn was said to be."""

    rank: int
    since: float
    turn: float


@dataclass(frozen=True)
class Budget:
    """`left` calls could go `at` that time; more by now, or none yet where it lies ahead."""

    left: float
    at: float
    share: float = 1.0
    line: Mapping[str, Waiting] = field(default_factory=dict)


Budgets = Mapping[str, Budget]


def ask(budgets: Budgets, needs: Mapping[str, Limit], asking: Asking, now: float) -> tuple[Budgets, float | None]:
    """What stands afterwards, and None: go; or when to come back, until when nothing is spent."""
    seen = {name: _now(budgets.get(name), limit, now) for name, limit in needs.items()}
    turns = {name: _turn(budget, needs[name], asking, now) for name, budget in seen.items()}
    turn = max(turns.values())
    if turn <= now:
        return {**budgets, **{name: _left(budget, asking) for name, budget in seen.items()}}, None
    back = min(turn, now + LONGEST)
    held = {name: _joined(seen[name], asking, now, back) for name in seen if asking.key and turns[name] > now}
    return {**budgets, **held}, back


def refused(budgets: Budgets, needs: Mapping[str, Limit], now: float, retry_after: float) -> Budgets:
    """Slack answered 429: nothing more of it for so long, then a smaller share. Of several budgets the narrowest."""
    name, limit = max(needs.items(), key=lambda item: item[1].every)
    budget = _now(budgets.get(name), limit, now)
    share = max(budget.share * LEARNED, SMALLEST)
    return {**budgets, name: replace(budget, left=1.0, at=now + min(retry_after, HELD), share=share)}


def in_use(budgets: Budgets, now: float) -> Budgets:
    """Without those that nobody asked for lately: they are as new."""
    return {name: budget for name, budget in budgets.items() if budget.at + LONGEST + FORGOTTEN > now}


def _now(budget: Budget | None, limit: Limit, now: float) -> Budget:
    if budget is None or budget.at > now + HELD:  # the clock was set back since, as when another database took over
        return Budget(limit.at_once, now)
    line = {key: waiting for key, waiting in budget.line.items() if waiting.turn + LINE_KEPT > now}
    if budget.at >= now:
        return replace(budget, line=line)
    left = min(limit.at_once, budget.left + (now - budget.at) * budget.share / limit.every)
    share = min(1.0, budget.share + (now - budget.at) / FORGOTTEN)
    return Budget(left, now, share, line)


def _turn(budget: Budget, limit: Limit, asking: Asking, now: float) -> float:
    """When this one may go, were all to come that stand before it; not after `now` where it is now."""
    since = _since(budget, asking, now)
    before = sum(
        waiting.turn + TO_COME >= now and (waiting.rank, waiting.since, key) < (asking.rank, since, asking.key)
        for key, waiting in budget.line.items()
        if key != asking.key
    )
    missing = before + 1 - budget.left
    return budget.at + (missing * limit.every / budget.share if missing > _SLIGHT else 0)


def _since(budget: Budget, asking: Asking, now: float) -> float:
    known = budget.line[asking.key].since if asking.key in budget.line else now
    return min(known, now - asking.waited)


def _left(budget: Budget, asking: Asking) -> Budget:
    """One call less, and nobody of this key waits any more."""
    line = {key: waiting for key, waiting in budget.line.items() if key != asking.key}
    return replace(budget, left=budget.left - 1, line=line)


def _joined(budget: Budget, asking: Asking, now: float, turn: float) -> Budget:
    since = _since(budget, asking, now)
    return replace(budget, line={**budget.line, asking.key: Waiting(asking.rank, since, turn)})
