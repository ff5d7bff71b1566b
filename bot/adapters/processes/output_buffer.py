"""Keeps the output of a command within a limit: its beginning and its end, cut between lines.

Cut between lines, so that no secret is cut in two and so escapes its redaction.
"""

_HEAD_SHARE = 4  # a quarter for the beginning, the rest for the end
_SEAM = 4096  # bytes that are dropped at a cut where there is no line's end to cut at
_LATEST = 4096  # bytes


class OutputBuffer:
    """Takes bytes as they come, answers text."""

    def __init__(self, limit: int = 1_000_000) -> None:
        self._head_limit = limit // _HEAD_SHARE
        self._tail_limit = limit - self._head_limit
        self._head = bytearray()
        self._tail = bytearray()
        self._dropped = 0

    def add(self, data: bytes) -> None:
        """Take more output."""
        room = self._head_limit - len(self._head)
        self._head += data[:room]
        self._tail += data[room:]
        if len(self._tail) > 2 * self._tail_limit:  # seldom, since it moves bytes
            self._shrink()

    def _shrink(self) -> None:
        over = max(0, len(self._tail) - self._tail_limit)
        del self._tail[:over]
        self._dropped += over

    def text(self) -> str:
        """All that was kept, with a line where something was not."""
        self._shrink()
        if not self._dropped:
            return (self._head + self._tail).decode(errors="replace")
        return joined(bytes(self._head), bytes(self._tail))

    def latest(self) -> str:
        """The last few whole lines."""
        data = bytes(self._head[-_LATEST:] + self._tail[-_LATEST:])[-_LATEST:]
        whole = len(self._head) + len(self._tail) <= _LATEST and not self._dropped
        return data.decode(errors="replace") if whole else last_whole_lines(data)


def joined(head: bytes, tail: bytes) -> str:
    """The beginning and the end of an output whose middle is missing, each cut to whole lines."""
    parts = (_up_to_a_line(head), b"", "… some of the output is left out here …".encode(), b"", _from_a_line(tail))
    return b"\n".join(parts).decode(errors="replace")


def last_whole_lines(data: bytes) -> str:
    """What follows the first end of a line in an output whose beginning is missing."""
    return data.partition(b"\n")[2].decode(errors="replace")


def _up_to_a_line(data: bytes) -> bytes:
    end = data.rfind(b"\n")
    return data[:end] if end >= max(0, len(data) - _SEAM) else data[:-_SEAM]


def _from_a_line(data: bytes) -> bytes:
    start = data.find(b"\n")
    return data[start + 1 :] if 0 <= start < _SEAM else data[_SEAM:]
