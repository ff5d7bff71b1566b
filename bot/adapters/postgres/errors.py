"""Where psycopg's errors become the store's own: by the constraint's name, or because nobody answered."""

from collections.abc import Iterator
from contextlib import contextmanager

from psycopg import InterfaceError, OperationalError, errors

from runbooks.store import Conflict, Duplicate, StoreUnavailable, TargetBusy

_BY_CONSTRAINT: dict[str, type[Exception]] = {
    "events_pkey": Conflict,
    "streams_pkey": Conflict,
    "reservations_pkey": TargetBusy,
    "inbox_pkey": Duplicate,
}
_LOST_A_RACE = (errors.DeadlockDetected, errors.SerializationFailure)
_NO_ANSWER = (
    OperationalError,
    InterfaceError,  # the connection was closed before
    errors.IdleInTransactionSessionTimeout,
    errors.ReadOnlySqlTransaction,  # a standby
)


@contextmanager
def translated() -> Iterator[None]:
    """Raises Conflict, TargetBusy, Duplicate or StoreUnavailable; any other error is a defect and passes as it is."""
    try:
        yield
    except errors.UniqueViolation as exc:
        meaning = _BY_CONSTRAINT.get(exc.diag.constraint_name or "")
        if meaning is None:
            raise
        raise meaning(exc.diag.message_detail or "") from exc
    except _LOST_A_RACE as exc:
        raise Conflict(str(exc)) from exc
    except _NO_ANSWER as exc:
        raise StoreUnavailable(f"the database did not answer: {_first_line(exc)}") from exc


def _first_line(exc: Exception) -> str:
    return (str(exc).splitlines() or [type(exc).__name__])[0]
