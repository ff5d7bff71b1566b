"""Events are read for ever: one of every kind and shape lies in `tests/fixtures/events`, as it was first recorded.

A file is ROOM/KIND.NUMBER.json. The highest number is today's shape; one that stands there is never changed. An event
whose meaning changes, so that a field with a default does not do, gets a `kind` of its own: the kind is its version.
"""

import json
from collections.abc import Iterator
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Any, get_args

import pytest

from runbooks.folds import rooms
from runbooks.vocabulary import Outcome

FOLDER = Path(__file__).parent.parent / "fixtures" / "events"
FILES = sorted(path.relative_to(FOLDER).as_posix() for path in FOLDER.glob("*/*.json"))
STREAMS = {
    "audit": "audit/api",
    "drill": "drill/api/staging",
    "finding": "finding/D-7.deploy-failed",
    "incident": "incident/I-7",
    "release": "release/api/production",
    "run": "run/D-7",
    "tenant": "tenant/api/production/acme",
}
BEFORE = {
    "audit": ["asked"],
    "incident": ["opened", "follow-up-opened"],
    "run": ["requested", "planned", "began"],
}
"""What must have happened in a stream before an event of it means anything."""


def classes(room: str) -> dict[str, type]:
    """The room's events by kind; an outcome is a kind of its own within `recorded`."""
    (union, *_) = get_args(rooms()[room].fold.events)
    found = {next(f.default for f in fields(each) if f.name == "kind"): each for each in get_args(union)}
    if recorded := found.pop("recorded", None):
        found |= {f"recorded.{each.kind}": recorded for each in get_args(Outcome)}
    return found


def shape(file: str) -> tuple[str, str, int]:
    """Room, kind and number."""
    room, _, name = file.partition("/")
    kind, number, _ = name.rsplit(".", 2)
    return room, kind, int(number)


def read(file: str) -> Any:
    return json.loads((FOLDER / file).read_text())


def newest() -> Iterator[str]:
    """Of every kind the file of today's shape; the first number, where there is none yet."""
    for room in rooms():
        for kind in classes(room):
            numbers = [shape(file)[2] for file in FILES if shape(file)[:2] == (room, kind)]
            yield f"{room}/{kind}.{max(numbers, default=1)}.json"


def folded(file: str, event: Any) -> Any:
    """The state of a stream in which this happened last."""
    room = shape(file)[0]
    fold = rooms()[room].fold
    state = fold.start(STREAMS[room])
    for told in [*(read(f"{room}/{kind}.1.json") for kind in BEFORE.get(room, [])), event]:
        state = fold.evolve(state, fold.event_type.validate_json(json.dumps(told)))
    return state


@pytest.mark.parametrize("file", list(newest()))
def test_every_kind_of_event_is_kept_as_it_is_today(file: str) -> None:
    """Where this fails, the event is new or has changed: add a file with the next number, leave those there are."""
    assert (FOLDER / file).exists(), "an event without a fixture"
    kind = rooms()[shape(file)[0]].fold.event_type
    assert kind.dump_python(kind.validate_json(json.dumps(read(file))), mode="json") == read(file)


@pytest.mark.parametrize("file", FILES)
def test_it_is_read_as_it_was_recorded(file: str) -> None:
    state = folded(file, read(file))
    fold = rooms()[shape(file)[0]].fold
    assert fold.state_type.validate_json(fold.state_type.dump_json(state)) == state


@pytest.mark.parametrize("file", FILES)
def test_it_is_read_without_what_came_later(file: str) -> None:
    """Fields that have a default were added; the oldest events have none of them."""
    room, kind, _ = shape(file)
    needed = {f.name for f in fields(classes(room)[kind]) if f.default is f.default_factory is MISSING} | {"kind"}
    event = read(file)
    folded(file, {name: value for name, value in event.items() if name in needed})


def test_nothing_is_kept_of_what_there_never_was() -> None:
    assert {shape(file)[:2] for file in FILES} <= {(room, kind) for room in rooms() for kind in classes(room)}
