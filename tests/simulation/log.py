"""What the product logs as an error is one: nothing in the simulation is to bring it that far."""

import logging
import traceback
from collections.abc import Iterator
from contextlib import contextmanager


class _Kept(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        raised = record.exc_info[1] if record.exc_info else None
        where = "".join(traceback.format_tb(raised.__traceback__)[-2:]) if raised else ""
        self.lines.append(f"logged: {record.getMessage()} {raised!r} {where}".rstrip())


@contextmanager
def errors() -> Iterator[list[str]]:
    """The errors that are logged in the block."""
    kept = _Kept()
    logging.getLogger().addHandler(kept)
    try:
        yield kept.lines
    finally:
        logging.getLogger().removeHandler(kept)
