"""The tour's check of an audit pack: one as it is made holds, one that somebody touched does not."""

import hashlib
from collections.abc import Mapping

import pytest

from runbooks.packs import pack, told
from runbooks.packs.scope import select
from sandbox.tour.archive import NotWhole, unpack
from tests.packs.month import NAMES, WHOLE, month


def made() -> dict[str, bytes]:
    return pack.files(told.read(select(WHOLE, month()), NAMES))


def archive(files: Mapping[str, bytes], *, listed: bool) -> bytes:
    """The archive of these files; `listed` with a MANIFEST that fits them."""
    rest = {name: content for name, content in files.items() if name != "MANIFEST"}
    lines = "".join(f"{hashlib.sha256(content).hexdigest()}  {name}\n" for name, content in rest.items())
    return pack.archive(WHOLE, {**rest, "MANIFEST": lines.encode()} if listed else files)


def test_a_pack_holds_and_names_its_runs() -> None:
    found = unpack(archive(made(), listed=False))
    assert found.folder == "audit-api-2026-11-01-2026-11-30"
    assert found.hashes("run/D-107") == [each.hash for each in month() if each.stream == "run/D-107"]
    assert (found.names("D-107"), found.names("D-1070")) == (True, False)


TOUCHED = {
    "a letter of an event": ("events.jsonl", b"v42", b"v43", "was changed"),
    "a letter of the table": ("events.csv", b"run/D-107", b"run/D-108", "events.csv has other events"),
    "a picture": ("report.html", b"</body>", b"<img src='https://e.example/a.png'></body>", "needs .*a.png"),
    "a link": ("report.html", b"</body>", b"<a href='https://e.example/'>more</a></body>", "needs .*e.example"),
    "a style": ("report.html", b"<style>", b"<style>@import 'a.css';", "needs .*@import"),
    "a script": ("report.html", b"</body>", b"<script>1</script></body>", "needs .*script"),
}


@pytest.mark.parametrize(("name", "old", "new", "said"), TOUCHED.values(), ids=list(TOUCHED))
def test_one_that_was_touched_does_not(name: str, old: bytes, new: bytes, said: str) -> None:
    files = made()
    touched = {**files, name: files[name].replace(old, new, 1)}
    with pytest.raises(NotWhole, match="MANIFEST has"):
        unpack(archive(touched, listed=False))
    with pytest.raises(NotWhole, match=said):
        unpack(archive(touched, listed=True))


def test_one_without_an_event_does_not() -> None:
    files = made()
    first, rest = files["events.jsonl"].split(b"\n", 1)
    assert b'"version": 1,' in first
    with pytest.raises(NotWhole, match="an event before 2 is missing"):
        unpack(archive({**files, "events.jsonl": rest}, listed=True))


def test_one_with_a_file_too_many_does_not() -> None:
    with pytest.raises(NotWhole, match=r"notes\.txt"):
        unpack(archive({**made(), "notes.txt": b"hello"}, listed=True))
