"""The first error in what a container wrote: what went wrong before everything that followed from it. Pure.

A traceback is told by its last line, which says what it was. Of a chain, the first is the cause.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

_HEAD = 200  # characters of a line in which its level is looked for
_BAD = {"error", "err", "fatal", "critical", "crit", "severe", "panic", "dpanic", "emerg", "emergency", "alert"}
_BAD_NUMBER = 50  # from this on, as numbers of levels go in JSON
_SYSLOG_BAD = 3  # up to this, as syslog numbers them

_ANSI = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]")
_TRACEBACK = re.compile(r"(?P<before>[\s|+]*)(?:\S.* )?(?:Exception Group )?Traceback \(most recent call last\):\s*$")
_LEVEL = re.compile(
    r"""(?<![\w./:-])(?P<upper>TRACE|DEBUG|INFO|NOTICE|WARN(?:ING)?|ERROR|ERR|FATAL|CRITICAL|CRIT|SEVERE|PANIC
           |EMERG(?:ENCY)?|ALERT)(?![\w./-])
      | \b(?:level|lvl|severity)=["']?(?P<named>[A-Za-z]+)
      | [\[(<](?P<boxed>[A-Za-z]{3,9})[\])>]
      | ^(?:[\d\[][^\sA-Za-z]*\s+|\S+[TZ]\S*\s+){0,3}
          (?P<start>trace|debug|info|notice|warn(?:ing)?|error|fatal|critical|panic|[Ff]atal\ error|Error)\s?[:|]""",
    re.VERBOSE,
)
_LEVELS = _BAD | {"trace", "debug", "info", "notice", "warn", "warning", "fatal error"}
_EXCEPTION = re.compile(r"(?:[\w$]+[.:]{1,2})*[A-Z]?\w*(?:Error|Exception|Failure)(?:\s\[[\w-]+\])?(?::|$)")
_STRONG = re.compile(
    r"""Exception\ in\ thread\ | Unhandled\ exception | Uncaught\ | panic:\ | fatal\ error:\ | Segmentation\ fault
      | thread\ '[^']*'(?:\ \(\d+\))?\ panicked\ at | PHP\ (?:Fatal|Parse)\ error: | [EF]\d{4}\ \d\d:\d\d:\d\d""",
    re.VERBOSE,
)
_RUBY = re.compile(r"\((?:\w+::)*[A-Z]\w*(?:Error|Exception)\)\s*$")
_WEAK = re.compile(
    r"""\b(?:no\ such\ file|permission\ denied|not\ found|cannot|can't|could\ not|couldn't|unable\ to|failed
      |failure|error|refused|denied|invalid|missing|is\ not\ set|undefined|out\ of\ memory
      |exec\ format\ error|timed?\ ?out)\b""",
    re.VERBOSE | re.IGNORECASE,
)
_NONE = re.compile(
    r"\b(?:0|no|without)\s(?:errors?|failed|failures?)\b|\b(?:errors?|failed|failures?)[:=]\s?0\b", re.I
)

_SAYS = ("message", "msg", "short_message", "event", "text")
_TELLS = ("exception", "exc_info", "error", "err", "stack_trace", "stacktrace", "stack", "full_message", "traceback")
_NAMES = ("level", "severity", "lvl", "levelname", "loglevel", "log.level", "@l", "levelno")


def first_error(written: Sequence[str]) -> tuple[str, ...]:
    """The first line that tells an error, and where another line says what it was, that one; () where none does."""
    lines = [_ANSI.sub("", line).rstrip() for line in written]
    for tells in (_strong, _weak):
        if found := next(_found(lines, tells), ()):
            return found
    return ()


Tells = Callable[[str], bool]


def _found(lines: Sequence[str], tells: Tells) -> Iterator[tuple[str, ...]]:
    for at, line in enumerate(lines):
        if (entry := _entry(line)) is not None:
            if said := _of_entry(entry):
                yield (said,)
        elif (head := _TRACEBACK.match(line)) is not None:
            yield (_last_of(lines, at, head["before"]) or line.strip(),)
        elif tells(line.strip()):
            yield tuple(dict.fromkeys(filter(None, (line.strip(), _reason(lines, at)))))


def _strong(line: str) -> bool:
    """Whether the line says itself that it is an error: by its level, or by how such lines begin."""
    if (level := _level(line)) in _BAD or level == "fatal error":
        return True
    begins = _EXCEPTION.match(line) or _STRONG.match(line)
    return not level and bool(begins or _RUBY.search(line))


def _weak(line: str) -> bool:
    """Whether its words sound like one, where nothing better is found."""
    return not _level(line) and bool(_WEAK.search(line)) and not _NONE.search(line)


def _level(line: str) -> str:
    for found in _LEVEL.finditer(line[:_HEAD]):
        name = next(filter(None, found.groups()), "").lower()
        if name in _LEVELS:
            return name
    return ""


def _last_of(lines: Sequence[str], at: int, before: str) -> str:
    """The line that ends the traceback which begins there: the first that is no further to the right."""
    for line in lines[at + 1 :]:
        body = line[len(before) :]
        if body and not body[0].isspace():
            return body.strip()
    return ""


def _reason(lines: Sequence[str], at: int) -> str:
    """What the lines that belong to an error's first line say it was; "" where they say nothing."""
    if lines[at].strip().startswith("thread '"):
        return lines[at + 1].strip() if at + 1 < len(lines) else ""
    cause, told = "", _EXCEPTION.match(lines[at].strip())
    for number, line in enumerate(lines[at + 1 :], at + 1):
        stripped = line.strip()
        if (head := _TRACEBACK.match(line)) is not None:
            return _last_of(lines, number, head["before"])
        if stripped.startswith("Caused by: ") or (not told and number == at + 1 and _EXCEPTION.match(stripped)):
            cause = stripped
        elif not (line[:1].isspace() or stripped.startswith(("at ", "... ")) or (not stripped and number == at + 1)):
            break
    return cause


def _entry(line: str) -> Mapping[str, Any] | None:
    """A line that is a JSON object."""
    if not line.lstrip().startswith("{"):
        return None
    try:
        found = json.loads(line)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def _of_entry(entry: Mapping[str, Any]) -> str:
    """What an entry of a log in JSON tells, where it is an error."""
    told = next((said for key in _TELLS if (said := _said(entry.get(key)))), "")
    level = _level_of(entry)
    bad = _is_bad(level, syslog="short_message" in entry, by_python="levelno" in entry)
    if not bad and (level is not None or not told):
        return ""
    says = next((text for key in _SAYS if isinstance(text := entry.get(key), str) and text), "").strip()
    return says if told in says else ": ".join(filter(None, (says.partition("\n")[0], told)))


def _level_of(entry: Mapping[str, Any]) -> object:
    log = entry.get("log")
    nested = log.get("level") if isinstance(log, dict) else None
    return next((found for key in _NAMES if (found := entry.get(key)) is not None), nested)


def _is_bad(level: object, *, syslog: bool, by_python: bool) -> bool:
    if isinstance(level, str):
        return level.lower() in _BAD
    if isinstance(level, int):
        return level <= _SYSLOG_BAD if syslog else level >= _BAD_NUMBER - (10 if by_python else 0)
    return False


def _said(value: object) -> str:
    """What a field says of an error: of several lines, the one that tells it."""
    if isinstance(value, dict):
        parts = [
            value.get("type") or value.get("name") or value.get("class"),
            value.get("message") or value.get("msg"),
        ]
        return ": ".join(str(part) for part in parts if part)
    if not isinstance(value, str) or not value.strip():
        return ""
    lines = value.strip().splitlines()
    return lines[0].strip() if len(lines) == 1 else next(iter(first_error(lines)), lines[0]).strip()
