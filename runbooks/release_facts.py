"""What is kept of a release beside its pods: the migrations that stood then, and its KPIs. A leaf."""

from dataclasses import dataclass


@dataclass(frozen=True)
class AppliedMigration:
    """One row of the service's ledger of migrations, as it stood."""

    number: int
    name: str  # 024_tenant_flags.sql
    checksum: str  # SHA-256 of its text, hex; "" where it stood before the ledger did


@dataclass(frozen=True)
class KpiValue:
    """One KPI of a release once it ran, beside what it was before: what a later one can be held against."""

    name: str
    title: str
    value: float
    was: float
    unit: str = ""
    window: float = 0  # seconds that the value is over
