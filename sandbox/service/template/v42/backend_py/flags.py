"""Features that are on or off for one tenant."""

KNOWN = frozenset({"night-shifts", "swap-requests"})


def enabled(rows: dict[str, bool], flag: str) -> bool:
    """Whether the tenant with these rows of tenant_flags has the flag; unknown flags are faults."""
    if flag not in KNOWN:
        raise KeyError(flag)
    return rows.get(flag, False)
