"""All streams of one place, moved by stories as the engine would, and what their messages say."""

from dataclasses import replace
from typing import Any

from commands.views.messages import messages, streams_seen
from runbooks.catalogue import Catalogue
from runbooks.endings import release_of
from runbooks.folds import rooms
from runbooks.reactions import react
from runbooks.runs import commands as c
from runbooks.runs.state import Run
from tests.commands.cards import read, sound
from tests.commands.stages import CRASHED, KNOWN, RELEASE, ROLLBACK, V41, Stages
from tests.runs.stories import ALEX, SRE

FOUND = "finding/D-1.deploy-failed"
OPENED = " Incident: I-1 (opened), its channel is being made"


class Streams:
    """All streams of one place; a story is taken on, with what follows from it."""

    def __init__(self, catalogue: Catalogue = KNOWN) -> None:
        self.catalogue = catalogue
        self.states: dict[str, Any] = {"release/solvereign-api/production": RELEASE}

    def state(self, stream: str) -> Any:
        if stream not in self.states:
            self.states[stream] = rooms()[stream.partition("/")[0]].fold.start(stream)
        return self.states[stream]

    def takes(self, story: Stages) -> "Streams":
        """The story's run as it stands, and what its last event asks of others."""
        self.states[f"run/{story.run.id}"] = story.run
        asked = react(self.catalogue, story.events[-1], story.run, self.state)
        while asked:
            stream, command = asked.pop(0)
            room = rooms()[stream.partition("/")[0]]
            for event in room.decide(self.state(stream), command, story.now):
                self.states[stream] = room.fold.evolve(self.states[stream], event)
                asked += react(self.catalogue, event, self.states[stream], self.state)
        return self

    def says(self, stream: str) -> list[str]:
        """All lines of the stream's first message."""
        message = messages(self.catalogue, self.states[stream], self.state)[0]
        assert {release_of(self.run), *self.states} >= set(streams_seen(self.states[stream]))
        sound(message)
        blocks = [{**block} for block in message.blocks]
        texts = [b["text"]["text"] for b in blocks if "text" in b]
        del texts[0]
        small = [e["text"] for b in blocks for e in b.get("elements", []) if isinstance(e.get("text"), str)]
        return read("\n".join([*small, *texts])).splitlines()

    def buttons(self, stream: str) -> list[str]:
        message = messages(self.catalogue, self.states[stream], self.state)[0]
        rows = [block["elements"] for block in message.blocks if block["type"] == "actions"]
        return [element["text"]["text"] for row in rows for element in row]

    @property
    def run(self) -> Run:
        found: Run = self.states["run/D-1"]
        return found

    @property
    def findings(self) -> list[str]:
        return [stream for stream in self.states if stream.startswith("finding/")]


def crashed() -> tuple[Streams, Stages]:
    """D-1 failed; its rollback R-1 has begun by itself, its plan stands."""
    deploy = Stages().deploying().changing()
    deploy.does(c.Record("rollout", 1, CRASHED))
    streams = Streams().takes(deploy)
    back = Stages(streams.states["run/R-1"], deploy.now)
    back.planned(*ROLLBACK, commit=V41.commit, quorum=False)
    return streams, back


def aborted(streams: Streams, story: Stages, note: str = "", by: Any = ALEX, *, untouched: bool = False) -> Streams:
    story.does(c.Abort(by, SRE, SRE))
    story.does(c.Stopped(note, untouched))
    return streams.takes(story)


def went_back(streams: Streams, run_id: str, now: Any) -> None:
    """A rollback by hand, from a finding's button or typed, that ends well."""
    story = Stages(Run(id=run_id), now).asked(command="rollback", quorum=None, target=V41)
    story.run = replace(story.run, version="v41")
    story.planned(*ROLLBACK, commit=V41.commit, quorum=False)
    for step in ("take-over", "revert", "health", "schema", "announce"):
        story.done(step)
    story.ticked("lessons")
    streams.takes(story)
