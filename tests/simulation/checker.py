"""What must hold when all is quiet again, by what the outside recorded, what people were told, and what is stored."""

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

from bot.adapters.postgres.verify import faults
from commands.views.messages import messages, streams_seen
from runbooks import folds
from runbooks.engine import asks
from runbooks.engine.draft import stored_reply
from runbooks.runs.state import Run, Status
from tests.engine.world import ALEX, SAM
from tests.simulation.people import Ack

EVENTS = "select stream, data::json ->> 'kind', actor from events order by stream, version"
_KINDS = {"approved": "approved", "rejected": "ended", "answered": "answered", "stopping": "stopping"}
"""What a reply says, and the event that must stand then."""


def violations(world: Any) -> list[str]:
    """All that is wrong, a sentence each."""
    stored = world.backstage.answers(lambda: faults(world.backstage.owner_url, folds.folds()))
    found = [*stored, *world.cluster.wrong, *world.loop.troubles]
    runs = {run.id: run for run in _states(world, "run/")}
    if not world.ended:
        at_work = [(run.id, str(run.status), run.current and run.current.id) for run in runs.values()]
        found.append(f"not ended: {[run for run in at_work if not runs[run[0]].status.over] or 'work is still due'}")
    for check in (_acknowledged, _once, _approved, _one_at_a_time, _done):
        found += check(world, runs)
    return [*found, *_cards(world)]


def _states(world: Any, prefix: str) -> list[Any]:
    found = _answer(world, lambda: world.store.latest(prefix, 10_000))
    return [state for _, state in found]


def _acknowledged(world: Any, runs: dict[str, Run]) -> Iterator[str]:
    """What somebody was told is recorded, and the same for whoever asked again."""
    events = Counter(world.backstage.rows(EVENTS))
    told: dict[str, Ack] = {}
    for ack in world.people.acks:
        if ack.reply.refused in asks.PASSING:
            continue
        first = told.setdefault(ack.key, ack)
        if stored_reply(first.reply) != stored_reply(ack.reply):
            yield f"{ack.key} was told {first.reply} and {ack.reply}"
        run = str(ack.reply.facts.get("run", ""))
        if ack.reply.did == "started" and run not in runs:
            yield f"{ack.key} was told that {run} started, and there is none"
        if (kind := _KINDS.get(ack.reply.did)) and not events[f"run/{run}", kind, ack.by]:
            yield f"{ack.key} was told {ack.reply.did}, and {run} knows nothing of it"
    asked = [run for run in runs.values() if not run.because]
    keys = {key for key, reply in world.backstage.rows("select key, reply from inbox") if reply["did"] == "started"}
    if len(asked) != len(keys):
        yield f"{len(keys)} requests started {len(asked)} runs"


def _once(world: Any, _runs: dict[str, Run]) -> Iterator[str]:
    """Nothing was done twice."""
    done = [effect.key for effect in world.effects()]
    posted = [message.key for message in world.slack.messages]
    yield from (f"{key} was done {times} times" for key, times in Counter(done).items() if times > 1)
    yield from (f"{key} stands {times} times in Slack" for key, times in Counter(posted).items() if times > 1)


def _approved(world: Any, runs: dict[str, Run]) -> Iterator[str]:
    """What was changed by a deploy had been approved before, that very plan, by somebody else who may."""
    for effect in world.effects():
        run = runs[effect.run]
        if run.quorum is None:
            continue
        commit = run.plan.commit if run.plan else ""
        if not any(
            (click.run, click.digest, click.commit) == (run.id, run.digest, commit)
            and click.by in (ALEX, SAM)
            and click.by != run.requester
            and click.at < effect.at
            for click in world.people.clicks
        ):
            yield f"{effect.key} was done at {effect.at:.3f}, and nobody had approved {run.digest[:12]} of it"


def _one_at_a_time(world: Any, runs: dict[str, Run]) -> Iterator[str]:
    """Between two changes of one target by one run lies none by another."""
    for target in world.cluster.objects:
        order = [effect.run for effect in world.cluster.effects if effect.target == target]
        late = [run for number, run in enumerate(order) if runs[run].ended_at is None]
        yield from (f"{run} changed {target} and never ended" for run in late)
    for effect in world.effects():
        ended = runs[effect.run].ended_at
        if ended is not None and (ended - world.now()).total_seconds() + world.loop.time() < effect.at - 0.001:
            yield f"{effect.key} was done at {effect.at:.3f}, after its run had ended"


def _done(world: Any, runs: dict[str, Run]) -> Iterator[str]:
    """What is told to have succeeded was done."""
    migrated = {effect.run for each in world.databases.values() for effect in each.effects}
    rolled = {(effect.run, effect.what) for effect in world.cluster.effects}
    for run in runs.values():
        if run.status is not Status.SUCCEEDED or run.command != "deploy":
            continue
        if run.id not in migrated or (run.id, f"registry.example/{run.service}:{run.version}") not in rolled:
            yield f"{run.id} succeeded, and was not done"


def _cards(world: Any) -> Iterator[str]:
    """Every message that the state calls for stands in Slack, and says what the state says now."""
    stands = {message.key: message for message in world.slack.messages}
    for prefix in ("run/", "finding/", "incident/"):
        for state in _states(world, prefix):
            sights = [messages(world.catalogue, state, see) for see in _sights(world, f"{prefix}{state.id}", state)]
            for wanted in sights[-1]:
                so = [(m.text, list(m.blocks)) for sight in sights for m in sight if m.key == wanted.key]
                if (posted := stands.get(wanted.key)) is None:
                    yield f"{wanted.key} was never posted"
                elif wanted.kept and (posted.text, posted.blocks) not in so:
                    yield f"{wanted.key} shows an older state: {posted.text}"


def _sights(world: Any, stream: str, state: Any) -> Iterator[Callable[[str], Any]]:
    """What the state's messages may have seen of its place: as it was when the stream last moved, or is since then.

    What is over is not drawn anew because the place moved on.
    """
    names = streams_seen(state)
    read = {name: stored.state for name, stored in _answer(world, lambda: world.store.read(names)).streams.items()}
    last = _answer(world, lambda: world.store.history(stream))[-1].at
    place = next((name for name in names if name.startswith("release/")), None)
    events = _answer(world, lambda: world.store.history(place)) if place else []
    for number in range(sum(event.at <= last for event in events), len(events) + 1):
        seen = {**read, place: world.states_of.folded(place, events[:number])} if place else read
        yield seen.__getitem__


def _answer(world: Any, ask: Callable[[], Any]) -> Any:
    return world.backstage.answers(ask)
