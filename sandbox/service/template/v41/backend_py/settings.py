"""What the environment says."""

import os
import sys
from dataclasses import dataclass
from urllib.parse import urlsplit


@dataclass(frozen=True)
class Settings:
    """Where to listen, and where the database is."""

    port: int
    database: tuple[str, int] | None


def load() -> Settings:
    """The settings; the process ends with a sentence when they are not usable."""
    port = os.environ.get("PORT", "8000")
    if not port.isdigit():
        sys.exit(f"PORT is not a number: {port}")
    return Settings(port=int(port), database=_address(os.environ.get("DATABASE_URL", "")))


def _address(url: str) -> tuple[str, int] | None:
    if not url:
        return None
    parts = urlsplit(url)
    return parts.hostname or "127.0.0.1", parts.port or 5432
