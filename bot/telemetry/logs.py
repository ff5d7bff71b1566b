"""The lines of the log: the ids of what is at work in each, secrets taken out, as text or as JSON."""

import json
import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime

from aiohttp.http_exceptions import HttpProcessingError

from runbooks.redaction import Redactor

TEXT = "%(asctime)s %(levelname)s %(name)s: %(message)s"
_AT_WORK: ContextVar[Mapping[str, str]] = ContextVar("at_work", default={})  # noqa: B039  # it is never changed


@contextmanager
def about(**ids: str) -> Iterator[None]:
    """Every line that is logged meanwhile names these, also from tasks that begin meanwhile."""
    token = _AT_WORK.set({**_AT_WORK.get(), **ids})
    try:
        yield
    finally:
        _AT_WORK.reset(token)


def named(stream: str) -> Mapping[str, str]:
    """How lines name a stream: `run/D-7` is the run D-7."""
    room, _, name = stream.partition("/")
    return {room: name}


class Redacting(logging.Filter):
    """Takes secrets out of a line and its traceback before any formatter sees it, and gives it the ids at work."""

    def __init__(self, redactor: Redactor) -> None:
        super().__init__()
        self._redactor = redactor
        self._plain = logging.Formatter()

    def filter(self, record: logging.LogRecord) -> bool:
        """Change it; every line passes."""
        record.msg, record.args = self._redactor.text(record.getMessage()), ()
        if record.exc_info and not record.exc_text:
            record.exc_text = self._plain.formatException(record.exc_info)
        if record.exc_text:
            record.exc_text = self._redactor.text(record.exc_text)
        record.at_work = _AT_WORK.get()
        return True


class Strangers(logging.Filter):
    """Tells of what comes by a port and is no HTTP in a line at most: strangers must not fill the log."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether it passes."""
        cause = record.exc_info[1] if record.exc_info else None
        if not isinstance(cause, HttpProcessingError):
            return True
        record.exc_info, record.levelno, record.levelname = None, logging.INFO, "INFO"
        record.msg = "what came from %s was no HTTP"
        return logging.getLogger().isEnabledFor(logging.INFO)


def of_ports() -> logging.Logger:
    """For a server whose port anybody may reach."""
    logger = logging.getLogger("bot.ports")
    if not logger.filters:
        logger.addFilter(Strangers())
    return logger


class Lines(logging.Formatter):
    """For people: the ids stand in front of what is said."""

    def __init__(self) -> None:
        super().__init__(TEXT)

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802  # logging's own name
        """The line without a traceback."""
        ids = " ".join(_at_work(record).values())
        record.message = f"[{ids}] {record.message}" if ids else record.message
        return super().formatMessage(record)


class JsonLines(logging.Formatter):
    """For machines: one JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        """The whole line; a traceback is one of its values."""
        said = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            **_at_work(record),
        }
        return json.dumps({**said, "exception": record.exc_text} if record.exc_text else said, ensure_ascii=False)


def begin(*, level: str, machine: bool, redactor: Redactor) -> None:
    """From here on the process's lines are these."""
    root = logging.getLogger()
    root.setLevel(level)
    logging.getLogger("httpx").setLevel("WARNING")  # at INFO it tells every probe
    for handler in root.handlers:
        handler.setFormatter(JsonLines() if machine else Lines())
        handler.filters = [Redacting(redactor)]


def _at_work(record: logging.LogRecord) -> Mapping[str, str]:
    ids: Mapping[str, str] = getattr(record, "at_work", {})
    return ids
