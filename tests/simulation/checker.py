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
from tests.simulation.people import Ack
from tests.simulation.places import BAD, SERVICES, SICK

STARTS = ("started", "planned")
REACTS = 20.0  # seconds that a click may be on its way, tries and stops included
PROMOTED = "select data::json ->> 'run' from events where stream = %s and data::json ->> 'kind' = 'promoted'"
EVENTS = "select stream, data::json ->> 'kind', actor from events order by stream, version"
_KINDS = {"approved": "approved", "rejected": "ended", "answered": "answered", "stopping": "stopping"}
"""What a reply says, and the event that must stand then."""


def violations(world: Any) -> list[str]:
    """All that is wrong, a sentence each."""
    stored = world.backstage.answers(lambda: faults(world.backstage.owner_url, folds.folds()))
    found = [*stored, *world.cluster.wrong, *world.ledger.wrong, *world.loop.troubles]
    runs = {run.id: run for run in _states(world, "run/")}
    if not world.ended:
        at_work = [(run.id, str(run.status), run.current and run.current.id) for run in runs.values()]
        found.append(f"not ended: {[run for run in at_work if not runs[run[0]].status.over] or 'work is still due'}")
    for check in (_acknowledged, _once, _approved, _in_their_time, _done, _known_good):
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
        if ack.reply.did in STARTS and run not in runs:
            yield f"{ack.key} was told that {run} started, and there is none"
        if (kind := _KINDS.get(ack.reply.did)) and not events[f"run/{run}", kind, ack.by]:
            yield f"{ack.key} was told {ack.reply.did}, and {run} knows nothing of it"
    asked = [run for run in runs.values() if not run.because]
    keys = {key for key, reply in world.backstage.rows("select key, reply from inbox") if reply["did"] in STARTS}
    if len(asked) != len(keys):
        yield f"{len(keys)} requests started {len(asked)} runs"


def _once(world: Any, _runs: dict[str, Run]) -> Iterator[str]:
    """Nothing was done twice."""
    done = [effect.key for effect in world.effects()]
    posted = [message.key for message in world.slack.messages]
    yield from (f"{key} was done {times} times" for key, times in Counter(done).items() if times > 1)
    yield from (f"{key} stands {times} times in Slack" for key, times in Counter(posted).items() if times > 1)


def _approved(world: Any, runs: dict[str, Run]) -> Iterator[str]:
    """What was changed by a deploy had been approved before, that very plan, by enough others who may."""
    for effect in world.effects():
        run = runs[effect.run]
        if run.quorum is None:
            continue
        commit = run.plan.commit if run.plan else ""
        who = {
            click.by
            for click in world.people.clicks
            if (click.run, click.digest, click.commit) == (run.id, run.digest, commit)
            and click.by != run.requester
            and click.at < effect.at
            and world.members.might(click.by, click.at, click.at + REACTS)
        }
        if len(who) < run.quorum.count:
            yield f"{effect.key} was done at {effect.at:.3f}, approved by {sorted(who)} of {run.digest[:12]} alone"


def _in_their_time(world: Any, runs: dict[str, Run]) -> Iterator[str]:
    """Nothing is done for a run that has ended; where a rollback ended it, once that has taken its place."""
    for effect in world.effects():
        run = runs[effect.run]
        over = world.ledger.ended.get(run.id)
        if run.status is Status.SUPERSEDED:
            over = world.ledger.taken_over.get(run.id)
            if run.id in world.ledger.left_silent and effect.target not in world.cluster.objects:
                continue
        if over is not None and over < world.at(effect.at):
            yield f"{effect.key} was done at {effect.at:.3f}, and its run was over at {over:%M:%S.%f}"


def _done(world: Any, runs: dict[str, Run]) -> Iterator[str]:
    """What is told to have succeeded was done."""
    migrated = {effect.run for each in world.databases.values() for effect in each.effects}
    rolled = {(effect.run, effect.what) for effect in world.cluster.effects}
    for run in runs.values():
        if run.status is not Status.SUCCEEDED or run.command != "deploy" or run.plan is None:
            continue
        image = f"registry.example/{run.service}:{run.version}"
        stood = run.plan.runs == (run.version,)
        if run.id not in migrated or not (stood or (run.id, image) in rolled):
            yield f"{run.id} succeeded, and was not done"


def _known_good(world: Any, runs: dict[str, Run]) -> Iterator[str]:
    """What is recorded as good came of a run that ended well; and it runs, where nothing says that it does not."""
    for service in SERVICES:
        name = f"release/{service}/production"
        for (run,) in world.backstage.rows(PROMOTED, name):
            if runs[run].status is not Status.SUCCEEDED or runs[run].version.endswith((BAD, SICK)):
                yield f"{service}: {runs[run].version} of {run} is recorded as good, and {run} {runs[run].status}"
        place = _answer(world, lambda n=name: world.store.read([n])).streams[name].state
        running = world.cluster.image(service).rpartition(":")[2]
        if not place.astray and running != place.known_good.version:
            yield f"{service} runs {running}, and {place.known_good.version} is told to run there"


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
    place = next((name for name in names if name.startswith("release/")), None)
    events = _answer(world, lambda: world.store.history(place)) if place else []
    for number in range(world.ledger.versions(stream, place), len(events) + 1):
        seen = {**read, place: world.states_of.folded(place, events[:number])} if place else read
        yield seen.__getitem__


def _answer(world: Any, ask: Callable[[], Any]) -> Any:
    return world.backstage.answers(ask)
