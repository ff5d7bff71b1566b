"""An audit pack as somebody checks it who has nothing but the file."""

import csv
import hashlib
import io
import json
import re
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html.parser import HTMLParser

REPORT, LINES, TABLE, MANIFEST = "report.html", "events.jsonl", "events.csv", "MANIFEST"
_FIELDS = ("stream", "version", "data", "actor", "at", "previous")  # that an event's hash covers
_FETCHING = {"src", "srcset", "href", "xlink:href", "action", "data", "poster", "background"}
_IN_STYLE = re.compile(r"url\(|@import", re.IGNORECASE)


class NotWhole(Exception):
    """The pack is not what it says; the text says where."""


@dataclass(frozen=True)
class Unpacked:
    """A pack that held against itself."""

    folder: str
    files: Mapping[str, bytes]
    events: Sequence[Mapping[str, object]]  # as in events.jsonl

    def hashes(self, stream: str) -> list[str]:
        """The hashes of a stream's events, in order."""
        return [str(event["hash"]) for event in self.events if event["stream"] == stream]

    def names(self, run: str) -> bool:
        """Whether the report has a chapter of the run."""
        return f'id="{run}"' in self.files[REPORT].decode()


def unpack(data: bytes) -> Unpacked:
    """Check the archive against its manifest, its chains, and itself. Raises NotWhole."""
    folder, files = _members(data)
    lines = [line.split("  ", 1) for line in files[MANIFEST].decode().splitlines()]
    listed = {name: digest for digest, name in lines}
    found = {name: hashlib.sha256(content).hexdigest() for name, content in files.items() if name != MANIFEST}
    if listed != found:
        raise NotWhole(f"MANIFEST has {listed}, the files are {found}")
    events = [json.loads(line) for line in files[LINES].decode().splitlines()]
    _check_chains(events)
    _check_table(files[TABLE].decode(), events)
    _check_alone(files[REPORT].decode())
    return Unpacked(folder, files, events)


def _members(data: bytes) -> tuple[str, dict[str, bytes]]:
    """The one folder, and its files by name."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        folders = {name.partition("/")[0] for name in archive.namelist()}
        files = {name.partition("/")[2]: archive.read(name) for name in archive.namelist()}
    if len(folders) != 1 or set(files) != {REPORT, LINES, TABLE, MANIFEST}:
        raise NotWhole(f"in {sorted(folders)} there are {sorted(files)}")
    return folders.pop(), files


def _check_chains(events: Sequence[Mapping[str, object]]) -> None:
    """Every hash computed again, each from the one before."""
    heads: dict[object, object] = {}
    for event in events:
        text = json.dumps([event[name] for name in _FIELDS], separators=(",", ":"), ensure_ascii=False)
        if event["previous"] != heads.get(event["stream"], ""):
            raise NotWhole(f"{event['stream']}: an event before {event['version']} is missing")
        if event["hash"] != hashlib.sha256(text.encode()).hexdigest():
            raise NotWhole(f"{event['stream']}: event {event['version']} was changed")
        heads[event["stream"]] = event["hash"]


def _check_table(text: str, events: Sequence[Mapping[str, object]]) -> None:
    rows = [(row["stream"], row["event"], row["hash"]) for row in csv.DictReader(io.StringIO(text, newline=""))]
    if rows != [(event["stream"], str(event["version"]), event["hash"]) for event in events]:
        raise NotWhole(f"{TABLE} has other events than {LINES}")


def _check_alone(page: str) -> None:
    """Nothing in the report is fetched from anywhere."""
    found = _Addresses(page).found
    if found:
        raise NotWhole(f"{REPORT} needs {found}")


class _Addresses(HTMLParser):
    """What a browser would fetch, or lead to, beyond the page itself."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self._style = False
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._style = tag == "style"
        self.found += [str(value) for name, value in attrs if name in _FETCHING and not str(value).startswith("#")]
        self.found += [str(value) for name, value in attrs if name == "style" and _IN_STYLE.search(str(value))]
        if tag in ("script", "link", "iframe"):
            self.found.append(f"<{tag}>")

    def handle_endtag(self, tag: str) -> None:  # noqa: ARG002 # a style has no elements in it
        self._style = False

    def handle_data(self, data: str) -> None:
        if self._style and _IN_STYLE.search(data):
            self.found.append(data)
