"""What is at hand of how long pods took to come to a place: of its last rollbacks and good deploys. Pure."""

from collections.abc import Iterable, Iterator

from runbooks.durations import Took
from runbooks.releases.state import Release
from runbooks.runs.state import Run
from runbooks.vocabulary import Done

_LAST = 3  # of each kind that are looked at
_STEPS = {"kubernetes.rollout": False, "kubernetes.restore": True}
"""The steps that bring pods, and whether they bring them back."""


def streams(release: Release) -> list[str]:
    """The streams of the runs to look at: some, named by the release's own state."""
    back, good = release.gone_back[-_LAST:], (good.run for good in release.good[:_LAST])
    return [f"run/{name}" for name in dict.fromkeys([*back, *good]) if name.startswith(("R-", "D-", "E-"))]


def took(release: Release, runs: Iterable[Run]) -> tuple[Took, ...]:
    """What these runs measured, as far as they are of this place: the name in an imported record may be another's."""
    place = (release.service, release.environment)
    return tuple(found for run in runs if (run.service, run.environment) == place for found in _of(run))


def _of(run: Run) -> Iterator[Took]:
    for step in run.plan.steps if run.plan else ():
        state = run.of(step)
        if step.uses not in _STEPS or state is None or not isinstance(state.outcome, Done):
            continue
        evidence = state.outcome.evidence
        pods = sum(int(each.get("pods", 0)) for each in evidence.get("workloads") or ())
        if pods and evidence.get("seconds"):
            yield Took(int(evidence["seconds"]), pods, _STEPS[step.uses])
