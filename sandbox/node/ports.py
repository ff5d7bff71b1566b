"""Free local ports for pods, from below the range that the system gives to outgoing connections."""

import random
import socket

_RANGE = range(10_000, 20_000)


class Ports:
    """Goes round the range, so that two containers starting together never share a port."""

    def __init__(self) -> None:
        self._last = random.choice(_RANGE)  # noqa: S311 # only so that two nodes rarely try the same
        self._held: set[int] = set()

    def take(self) -> int:
        """A port that nobody listens on, held until `give_back`."""
        for _ in _RANGE:
            self._last = self._last + 1 if self._last + 1 in _RANGE else _RANGE.start
            if self._last not in self._held and _is_free(self._last):
                self._held.add(self._last)
                return self._last
        raise OSError("no free port is left for pods")

    def give_back(self, port: int) -> None:
        """The port may be given to others."""
        self._held.discard(port)


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True
