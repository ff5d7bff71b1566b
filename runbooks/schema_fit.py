"""Whether a release runs on the schema that a later one brings, as it was tried before that was deployed. A leaf."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

FIT = "schema_fit"
"""Where the evidence of a trial has what was found."""


@dataclass(frozen=True)
class SchemaFit:
    """The last known good (`commit`), tried on top of these migrations by a deploy (`run`)."""

    run: str  # D-107
    version: str
    commit: str  # full
    migrations: Mapping[str, str]  # 024_tenant_flags.sql -> SHA-256 of its text
    runs: bool
    why: str = ""  # a clause that says how that is known: "12 passed", "exit code 1: column orders.flags is missing"

    def answers(self, commit: str, migrations: Mapping[str, str]) -> bool:
        """Whether it is about this release, and exactly these migrations above its own."""
        return self.commit == commit and dict(self.migrations) == dict(migrations)


def found(fits: Iterable[SchemaFit], commit: str, migrations: Mapping[str, str]) -> SchemaFit | None:
    """The newest that answers; None: it is not known. `fits`: newest last."""
    return next((fit for fit in reversed(tuple(fits)) if fit.answers(commit, migrations)), None)
