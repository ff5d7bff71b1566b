"""The linter as a process: what it answers, and what is said where it does not."""

import os
from pathlib import Path

import pytest

from bot.adapters.squawk import Squawk
from runbooks.catalogue.services import Lint
from runbooks.steps.migrations.lint import BY_ITSELF, Flaw, NotLinted, flaw_lines

ADDS = "-- ä😀\nalter table t\n  add column a bigint not null;\n"


async def _lint(
    text: str, *, linter: Squawk | None = None, server: str = "", plain: bool = True, exclude: tuple[str, ...] = ()
) -> tuple[Flaw, ...]:
    excluded = [*BY_ITSELF, *Lint().exclude, *exclude]
    return await (linter or Squawk()).lint("024_a.sql", text, server=server, in_transaction=plain, exclude=excluded)


def _program(folder: Path, script: str) -> Squawk:
    program = folder / "squawk"
    program.write_text(f"#!/bin/sh\n{script}\n")
    os.chmod(program, 0o700)  # noqa: PTH101 # a program of this test's own
    return Squawk(str(program), seconds=0.2)


async def test_a_finding_has_its_line_rule_message_and_help() -> None:
    (flaw,) = await _lint(ADDS)
    assert (flaw.file, flaw.line, flaw.rule) == ("024_a.sql", 3, "adding-required-field")
    assert flaw.message.startswith("Adding a new column that is `NOT NULL`")
    assert flaw.help == "Make the field nullable or add a non-VOLATILE DEFAULT"


async def test_nothing_is_found_in_what_is_fine() -> None:
    assert await _lint("select 1;") == ()
    assert await _lint("") == ()


async def test_a_rule_that_is_excluded_is_left_out() -> None:
    assert await _lint(ADDS, exclude=("adding-required-field",)) == ()


async def test_the_servers_version_counts() -> None:
    default = "alter table t add column a bigint default 1;"
    old = await _lint(default, server="10.0")
    assert [flaw.rule for flaw in old] == ["adding-field-with-default"]
    assert await _lint(default, server="18.4") == ()


async def test_the_kind_of_the_file_counts() -> None:
    own = "begin; select 1; commit;"
    assert {flaw.rule for flaw in await _lint(own)} == {"transaction-nesting"}
    assert await _lint(own, plain=False) == ()


async def test_what_it_can_not_read_is_a_finding_that_says_so() -> None:
    (flaw, *_) = await _lint("selec 1;")
    assert flaw.rule == "syntax-error"
    assert flaw.message.startswith("squawk can't read this, so it may have missed something: ")
    assert await _lint("selec 1;", exclude=("syntax-error",)) == ()


async def test_a_rule_that_it_does_not_know_is_said() -> None:
    with pytest.raises(NotLinted, match="squawk ended with 2: invalid value 'no-such-rule'"):
        await _lint(ADDS, exclude=("no-such-rule",))


async def test_settings_beside_the_bot_do_not_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".squawk.toml").write_text('excluded_rules = ["adding-required-field"]')
    monkeypatch.chdir(tmp_path)
    assert len(await _lint(ADDS)) == 1


@pytest.mark.parametrize(
    ("script", "why"),
    [
        ("cat > /dev/null; echo nonsense", "squawk's answer can't be read"),
        ("cat > /dev/null; echo '[{}]'", "squawk's answer can't be read"),
        ("cat > /dev/null; echo 'error: broken' >&2; exit 101", "squawk ended with 101: broken"),
        ("exit 101", "squawk ended with 101: it said nothing"),
        ("exec sleep 60", "squawk did not end within 0.2 s"),
    ],
)
async def test_a_linter_that_fails_is_said(tmp_path: Path, script: str, why: str) -> None:
    with pytest.raises(NotLinted, match=why):
        await _lint(ADDS, linter=_program(tmp_path, script))


async def test_one_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(NotLinted, match="squawk is not installed here"):
        await _lint(ADDS, linter=Squawk(str(tmp_path / "nowhere")))


def test_a_rule_is_a_line_and_the_rest_is_counted() -> None:
    flaws = [Flaw("1_a.sql", line, "one-rule", "It is so. And more.") for line in (3, 7, 7)]
    assert list(flaw_lines(flaws)) == ["1_a.sql:3, 7: It is so (one-rule)"]
    many = [Flaw("1_a.sql", n, f"rule-{n}", "word " * 50) for n in range(1, 8)]
    lines = list(flaw_lines(many))
    assert len(lines) == 6
    assert lines[0].endswith("word … (rule-1)")
    assert lines[-1] == "Lint: 2 more, in the thread"
