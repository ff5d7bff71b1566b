"""The one JSON text of a value, and the digest that tells it from another. A leaf: it imports nothing of ours."""

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any


def digest_of(value: Any) -> str:
    """SHA-256 of a JSON value in its canonical text (sorted keys, no spaces), hex."""
    return hashlib.sha256(canonical(value).encode()).hexdigest()


def canonical(value: Any) -> str:
    """The one JSON text of a value: sorted keys, no spaces, dates as ISO 8601."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=_plain)


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"not JSON: {type(value).__name__}")
