"""What a command's output says: its last lines, and the counts in a test run's summary."""

import re
from datetime import timedelta

_CONTROL = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_LINE_SHOWN = 200  # characters
_SUMMARY = re.compile(r"\b\d+ (?:passed|failed|errors?|skipped)\b.* in \d")
_COUNT = re.compile(r"\b(\d+) (passed|failed|errors?|skipped|xfailed|xpassed|deselected)\b")
_SUMMARY_LINES = 10  # from the end
_MINUTE = 60


def span(length: timedelta) -> str:
    """A length of time with its unit: "0.4 s", "48 s", "1 m 12 s", "10 m"; Jobs are timed in whole seconds only."""
    seconds = length.total_seconds()
    if seconds < 1:
        return f"{seconds:.1f} s" if seconds else "under 1 s"
    minutes, rest = divmod(int(seconds), _MINUTE)
    return " ".join([f"{minutes} m"] * bool(minutes) + [f"{rest} s"] * (not minutes or bool(rest)))


def one_line(text: str, limit: int = _LINE_SHOWN) -> str:
    """The text on one line, cut to `limit` characters."""
    flat = " ".join(_CONTROL.sub("", text).split())
    return flat if len(flat) <= limit else flat[: limit - 1] + "…"


def last_lines(text: str, count: int) -> tuple[str, ...]:
    """The last lines that say something, without colours; of a line that was overwritten, what was left standing."""
    lines = (one_line(line.rstrip("\r").rpartition("\r")[2]) for line in text.rsplit("\n", count * 4)[-count * 4 :])
    return tuple([line for line in lines if line][-count:])


def last_line(text: str) -> str:
    """The last line that says something; "" where none does."""
    return "".join(last_lines(text, 1))


def counts(text: str) -> dict[str, int]:
    """The counts of a test run's last summary ("412 passed, 2 skipped in 3.21s"), by word; empty without one."""
    summary = next((line for line in reversed(last_lines(text, _SUMMARY_LINES)) if _SUMMARY.search(line)), "")
    found = {
        word.replace("error", "errors") if word == "error" else word: int(n) for n, word in _COUNT.findall(summary)
    }
    return {word: number for word, number in found.items() if number or word == "passed"}
