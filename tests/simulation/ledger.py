"""What was committed, in its order, and by whom: only who holds a lease may move what it is for."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from runbooks.runs.state import Run
from runbooks.store import Changes, Lease, Work
from runbooks.vocabulary import Done


@dataclass
class Ledger:
    """Written as the database answers, so it knows what no process may know."""

    now: Callable[[], datetime]
    commits: list[dict[str, int]] = field(default_factory=list)  # the versions that each made, by stream
    ended: dict[str, datetime] = field(default_factory=dict)  # run -> when
    taken_over: dict[str, datetime] = field(default_factory=dict)  # run -> when a rollback had ended its work
    left_silent: set[str] = field(default_factory=set)  # runs whose database did not answer the take-over
    wrong: list[str] = field(default_factory=list)
    _leases: dict[Work, Lease] = field(default_factory=dict)

    def answered(self, name: str, answer: Any, *args: Any) -> None:
        """A call of the store took place."""
        match name, answer, args:
            case "claim", Lease() as lease, _:
                self._leases[lease.work] = lease
            case "renew", Lease() as renewed, (Lease() as lease, *_):
                self._held(lease, "renewed")
                self._leases[lease.work] = renewed
            case "finish", _, (Lease() as lease, *_) if self._is_held(lease):
                del self._leases[lease.work]
            case "commit", _, (Changes() as changes, *lease):
                self.committed(changes, *lease)

    def committed(self, changes: Changes, lease: Lease | None = None) -> None:
        """Everything of it stands now."""
        if lease is not None:
            self._held(lease, f"moved {[append.stream for append in changes.appends]}")
        for work in changes.revoke:
            self._leases.pop(work, None)
        self.commits.append({append.stream: append.events[-1].version for append in changes.appends})
        for append in changes.appends:
            if isinstance(append.state, Run):
                self._moved(append.state)

    def _moved(self, run: Run) -> None:
        if run.status.over:
            self.ended.setdefault(run.id, self.now())
        taking = run.steps.get("take-over")
        if taking is not None and isinstance(taking.outcome, Done):
            for other in run.supersedes:
                self.taken_over.setdefault(other, self.now())
                if "answer" in taking.outcome.line:
                    self.left_silent.add(other)

    def _is_held(self, lease: Lease) -> bool:
        held = self._leases.get(lease.work)
        return held is not None and held.epoch == lease.epoch

    def _held(self, lease: Lease, did: str) -> None:
        held = self._leases.get(lease.work)
        if not self._is_held(lease) or (held is not None and held.until <= self.now()):
            what = f"{lease.work.kind} {lease.work.key}"
            self.wrong.append(f"epoch {lease.epoch} {did} without the lease on {what} ({held and held.epoch} has it)")

    def versions(self, stream: str, place: str) -> int:
        """The version of `place` when `stream` last moved."""
        last = max((number for number, made in enumerate(self.commits) if stream in made), default=-1)
        return max((made.get(place, 0) for made in self.commits[: last + 1]), default=0)
