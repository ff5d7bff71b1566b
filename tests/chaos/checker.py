"""What must hold when all is quiet again: acknowledged is recorded, recorded is ended, each effect once, in turn.

Pure: `tests/chaos/test_checker.py` plants a violation of each kind.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import groupby

from commands.replies import NOT_RECORDED
from tests.chaos.seen import Effect, Ran, Seen, Told

STARTED = re.compile(r"^([DR]-[0-9]+) started: ")
CLOCK = 0.2  # seconds between an effect and the line that tells of it
_EVENTS = {"approve": "approved", "reject": "ended", "abort": "stopping"}


class Kind(StrEnum):
    """What is wrong."""

    LOST = "lost"  # acknowledged or recorded, and not done
    DOUBLED = "doubled"  # done, or said, twice
    WRONG = "wrong"  # done without leave, at the wrong time, or told otherwise than it is


@dataclass(frozen=True)
class Violation:
    """One of them."""

    kind: Kind
    sentence: str


def violations(seen: Seen) -> list[Violation]:
    """All of them; none where every promise held."""
    checks = (_acknowledged, _started, _ended, _once, _approved, _in_turn, _held, _done, _messages, _stored)
    return [found for check in checks for found in check(seen)]


def _acknowledged(seen: Seen) -> Iterator[Violation]:
    """Acknowledged is recorded, and whoever asks again hears the same."""
    for told in seen.told:
        if told.kind == "rollback":
            continue  # asking for the confirmation records nothing
        binding = set(told.binding)
        if (binding or told.accepted) and told.key not in seen.inbox:
            yield Violation(Kind.LOST, f"{told.key} ({told.kind}) was acknowledged {binding or ''} and not recorded")
        if len(binding) > 1:
            yield Violation(Kind.WRONG, f"{told.key} was told {binding}")
        alone = told.sent == 1 and told.kind != "confirm"  # of that, every click has the same key
        if alone and not binding and NOT_RECORDED in told.said and told.key in seen.inbox:
            yield Violation(Kind.WRONG, f"{told.key} was told that nothing was recorded, and it was")
        for text in binding:
            yield from _told_of_a_run(seen, told, text)
        if told.accepted and told.key in seen.inbox and not seen.inbox[told.key].get("refused"):
            yield from _taken_up(seen, told)


def _told_of_a_run(seen: Seen, told: Told, text: str) -> Iterator[Violation]:
    if (found := STARTED.match(text)) is None:
        return
    run = seen.runs.get(found[1])
    if run is None or run.requester != told.by or (told.version and run.version != told.version):
        yield Violation(Kind.LOST, f"{told.key} was told “{text}”, and what is recorded is {run}")


def _taken_up(seen: Seen, told: Told) -> Iterator[Violation]:
    wanted, run = _EVENTS.get(told.kind), seen.runs.get(told.run)
    if wanted and (run is None or (wanted, told.by) not in run.events):
        yield Violation(Kind.LOST, f"{told.key} ({told.kind}) was accepted, and {told.run} knows nothing of it")


def _started(seen: Seen) -> Iterator[Violation]:
    """Each request that was accepted started one run, and no run began otherwise."""
    asked = Counter(str(_facts(reply).get("run")) for reply in seen.inbox.values() if reply.get("did") == "started")
    for run, times in asked.items():
        if run not in seen.runs:
            yield Violation(Kind.LOST, f"{run} is in the inbox, and has no events")
        if times > 1:
            yield Violation(Kind.DOUBLED, f"{times} requests were told that they started {run}")
    for run in seen.runs.values():
        if not run.because and run.id not in asked:
            yield Violation(Kind.DOUBLED, f"{run.id} was started, and nobody was told so")


def _facts(reply: object) -> dict[str, object]:
    found = reply.get("facts") if isinstance(reply, dict) else None
    return dict(found or {})


def _ended(seen: Seen) -> Iterator[Violation]:
    yield from (Violation(Kind.LOST, f"{r.id} never ended: {r.status}") for r in seen.runs.values() if not r.over)
    yield from (Violation(Kind.LOST, sentence) for sentence in seen.stuck)


def _once(seen: Seen) -> Iterator[Violation]:
    for (target, run, what), times in Counter((e.target, e.run, e.what) for e in seen.effects).items():
        if times > 1:
            yield Violation(Kind.DOUBLED, f"{run} gave {target} {what} {times} times")
    for schema in seen.schemas:
        for name, times in schema.times.items():
            if more := {what: count for what, count in times.items() if count > 1}:
                yield Violation(Kind.DOUBLED, f"{name} of {schema.service}: {more}")
    for key, shown in seen.stands.items():
        if len(shown) > 1:
            yield Violation(Kind.DOUBLED, f"{key} stands {len(shown)} times in Slack")


def _approved(seen: Seen) -> Iterator[Violation]:
    """What a deploy changed, somebody else who may had approved before: that very plan."""
    clicks = defaultdict(list)
    for told in seen.told:
        if told.kind == "approve":
            clicks[told.run].append(told)
    for effect in seen.effects:
        run = seen.runs.get(effect.run)
        if run is None:
            yield Violation(Kind.WRONG, f"{effect} is of no run that is known")
        elif run.command == "deploy" and not any(_gives_leave(seen, run, effect, click) for click in clicks[run.id]):
            yield Violation(Kind.WRONG, f"{effect} had not been approved")


def _gives_leave(seen: Seen, run: Ran, effect: Effect, click: Told) -> bool:
    plans = [plan for plan in run.plans if plan[0] < effect.at]
    if not plans:
        return False
    _, digest, commit = plans[-1]
    entitled = click.by in seen.approvers and click.by != run.requester
    return entitled and click.at < effect.at and click.digest == digest and commit in click.shown


def _in_turn(seen: Seen) -> Iterator[Violation]:
    """One run at a time changes a target, and none after it has ended.

    What superseded it has it fenced a moment later: what it had begun before may still come until then.
    """
    for effect in seen.effects:
        run = seen.runs.get(effect.run)
        until = (run.fenced_at or run.ended_at) if run else None
        if until is not None and effect.at > until + CLOCK:
            late = effect.at - until
            yield Violation(Kind.WRONG, f"{effect} came {late:.1f} s after the end of its run")
    by_target = defaultdict(list)
    for effect in seen.effects:
        by_target[effect.target].append(effect.run)
    for target, runs in by_target.items():
        turns = Counter(run for run, _ in groupby(runs))
        if again := [run for run, times in turns.items() if times > 1]:
            yield Violation(Kind.WRONG, f"{again} changed {target} while another run did")


def _held(seen: Seen) -> Iterator[Violation]:
    """After a rollback no deploy changes anything before somebody has released deploys."""
    for effect in seen.effects:
        run = seen.runs.get(effect.run)
        for hold in seen.holds if run is not None and run.command == "deploy" else ():
            within = hold.since + CLOCK < effect.at and (hold.until is None or effect.at < hold.until - CLOCK)
            if within and run is not None and hold.service == run.service:
                yield Violation(Kind.WRONG, f"{effect} came while deploys were held")


def _done(seen: Seen) -> Iterator[Violation]:
    """What is told to have succeeded stands outside."""
    images = defaultdict(list)
    for effect in seen.effects:
        if effect.target.startswith("pods of "):
            images[effect.target.removeprefix("pods of ")].append(effect)
    schemas = {schema.service: schema.times for schema in seen.schemas}
    for run in seen.runs.values():
        if run.status != "succeeded" or run.ended_at is None:
            continue
        before = [effect.what for effect in images[run.service] if effect.at <= run.ended_at + CLOCK]
        if not before or before[-1] != run.version:
            yield Violation(Kind.LOST, f"{run.id} brought {run.version}, and the pods had {before[-1:]}")
        if run.command == "deploy" and (missing := _missing(schemas.get(run.service, {}), int(run.version[1:]))):
            yield Violation(Kind.LOST, f"{run.id} succeeded, and {missing} of {run.service} are not applied")
    for service, version in seen.images.items():
        if images[service] and images[service][-1].what != version:
            yield Violation(
                Kind.WRONG, f"{service} runs {version}, and the last patch said {images[service][-1].what}"
            )


def _missing(times: object, number: int) -> list[str]:
    once = {"CREATE TABLE": 1, "row": 1, "applied": 1}
    known = times if isinstance(times, dict) else {}
    return [name for each in range(1, number + 1) if known.get(name := f"m_{each:04}") != once]


def _messages(seen: Seen) -> Iterator[Violation]:
    """Every message that the state calls for stands in Slack, and says what the state says."""
    for key, texts in seen.wanted.items():
        shown = seen.stands.get(key)
        if not shown:
            yield Violation(Kind.LOST, f"the message {key} does not stand in Slack")
        elif texts and shown[0] not in texts:
            yield Violation(Kind.WRONG, f"{key} shows “{shown[0][-160:]}”, not “{texts[-1][-160:]}”")


def _stored(seen: Seen) -> Iterator[Violation]:
    yield from (Violation(Kind.WRONG, sentence) for sentence in seen.stored)
