"""The cache of what is built once: where it is, its keys, and that only whole things are in it."""

import threading
from pathlib import Path

import pytest

from sandbox.cache import cache_folder, cached, recipe_key


def _write(text: str, folder: Path) -> None:
    (folder / "made").write_text(text)


def test_it_is_where_the_machine_keeps_caches(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache_folder() == tmp_path / "opsbot"
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert cache_folder() == tmp_path / ".cache" / "opsbot"


def test_another_recipe_has_another_key() -> None:
    keys = {recipe_key(b"ab", b"c"), recipe_key(b"a", b"bc"), recipe_key(b"abc"), recipe_key(b"ab", b"c", b"")}
    assert len(keys) == 4
    assert recipe_key(b"ab", b"c") in keys


def test_a_thing_is_made_once(tmp_path: Path) -> None:
    made: list[Path] = []

    def make(folder: Path) -> None:
        made.append(folder)
        _write("whole", folder)

    for _ in range(2):
        folder = cached(tmp_path / "cache" / "thing-1", make)
        assert (folder / "made").read_text() == "whole"
    assert len(made) == 1


def test_a_thing_half_made_is_not_taken_for_whole(tmp_path: Path) -> None:
    def fail(folder: Path) -> None:
        (folder / "half").touch()
        raise OSError("no space left")

    with pytest.raises(OSError, match="no space"):
        cached(tmp_path / "thing", fail)
    assert not (tmp_path / "thing").exists()
    folder = cached(tmp_path / "thing", lambda folder: _write("whole", folder))
    assert [file.name for file in folder.iterdir()] == ["made"]


def test_who_comes_second_waits_for_the_first(tmp_path: Path) -> None:
    begun, may_end = threading.Event(), threading.Event()

    def make_slowly(folder: Path) -> None:
        begun.set()
        assert may_end.wait(10)
        _write("the first", folder)

    first = threading.Thread(target=cached, args=(tmp_path / "thing", make_slowly))
    first.start()
    assert begun.wait(10)
    folder = cached(tmp_path / "thing", lambda folder: _write("the second", folder), waiting=may_end.set)
    first.join()
    assert may_end.is_set()
    assert (folder / "made").read_text() == "the first"
