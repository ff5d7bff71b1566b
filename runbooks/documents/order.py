"""The order of a run's steps, where a wrong one would record as good what was never deployed, or failed."""

from collections.abc import Iterator

from runbooks.documents.errors import DocumentError, Fault
from runbooks.documents.reserves import Touches
from runbooks.documents.runbook import Runbook
from runbooks.vocabulary import Then

_RECORDS = "lkg.update"
_BELOW = "put it below that, where the release is known to be good"
_NOT_ON = "let it `stop` or `rollback`"


def check(runbook: Runbook, touches: Touches) -> None:
    """Raises DocumentError with each such fault of any of its runs."""
    runs = [runbook.mode(name) for name, _ in runbook.modes] or [runbook]
    if faults := [fault for run in runs for fault in _faults(run, touches)]:
        raise DocumentError(faults)


def _faults(run: Runbook, touches: Touches) -> Iterator[Fault]:
    steps = [item.step for item in run.items if item.step]
    for number, step in enumerate(steps):
        if step.uses != _RECORDS:
            continue
        if later := next((each for each in steps[number:] if touches(each)), None):
            wrong = f"`{_RECORDS}` stands before `{later.uses}` in line {later.line}, so it records what ran before"
            yield Fault(run.path, step.line, wrong, _BELOW)
        for each in steps[:number]:
            if touches(each) and each.on_failure.then is Then.GO_ON:
                wrong = (
                    f"where `{each.uses}` fails, the run goes on to `{_RECORDS}`: what failed would be known as good"
                )
                yield Fault(run.path, each.line, wrong, _NOT_ON)
