"""A tenant of a service in an environment: what came of each gate last, and whether it is live."""

from dataclasses import dataclass, field
from datetime import datetime

from runbooks.gates import Gate
from runbooks.vocabulary import Actor


@dataclass(frozen=True)
class Tried:
    """What came of a gate: passed, or failed with a reason."""

    passed: bool
    commit: str
    release: str
    run: str
    at: datetime
    event: int  # its number in the tenant's stream
    reason: str = ""


@dataclass(frozen=True)
class Live:
    """Since when it is live, on which release its gates were passed, and who let it."""

    at: datetime
    commit: str
    release: str
    run: str
    approved_by: tuple[Actor, ...] = ()


@dataclass(frozen=True)
class Tenant:
    """The stream `tenant/SERVICE/ENVIRONMENT/CODE`."""

    service: str
    environment: str
    code: str
    events: int = 0
    gates: dict[Gate, Tried] = field(default_factory=dict)
    live: Live | None = None
    kept_out: tuple[str, ...] = ()  # runs of which a gate failed, since it is on its way in

    @property
    def known(self) -> bool:
        """Whether anything was ever recorded of it."""
        return self.events > 0

    def passed(self, gate: Gate, commit: str) -> bool:
        """Whether the gate was passed on this release, and not failed since."""
        tried = self.gates.get(gate)
        return tried is not None and tried.passed and tried.commit == commit

    def lacking(self, commit: str) -> tuple[Gate, ...]:
        """The gates that are not passed on this release."""
        return tuple(gate for gate in Gate if not self.passed(gate, commit))
