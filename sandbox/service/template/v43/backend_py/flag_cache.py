"""Flags of all tenants, read once at start and kept."""

_flags: dict[str, dict[str, bool]] = {}


def fill(rows: list[tuple[str, str, bool]]) -> None:
    """Keep these rows of tenant_flags."""
    for tenant, flag, enabled in rows:
        _flags.setdefault(tenant, {})[flag] = enabled


def warm() -> bool:
    """Whether the flags have been read."""
    return bool(_flags)
