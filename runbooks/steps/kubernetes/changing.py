"""Changing Deployments so that nobody else's change is lost: read, decide, patch what was read, else begin again."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from runbooks.steps.kubernetes.deployments import refuse_newer, uid_of
from runbooks.steps.kubernetes.patches import fence as fence_patch
from runbooks.steps.kubernetes.workloads import AnswerLost, Denied, Missing, Patch, Ref, Stale, Workloads
from runbooks.vocabulary import Json, Unreachable

_TRIES = 5

Decide = Callable[[Json], Patch]
"""What to do to a Deployment as it was read; [] where nothing is left to do. May raise Denied."""


@dataclass(frozen=True)
class Change:
    """What is to become of one Deployment."""

    ref: Ref
    decide: Decide


class Halfway(Denied):
    """One could not be changed after others were; `why` says why not, without what stands where."""

    def __init__(self, why: str, stands: Iterable[str]) -> None:
        super().__init__(f"{why} {_standing(stands)}")
        self.why = why


async def apply(workloads: Workloads, changes: Sequence[Change], *, epoch: int) -> dict[str, str]:
    """Change all of them in order; answers Deployment -> uid of the object that now is as it shall be.

    All are tried first without storing anything, so that what the cluster refuses stops them all.
    Raises Denied with a sentence that says why not and what stands where, Fenced, Unreachable.
    """
    stands: dict[str, str] = {}
    for dry_run in (True, False):
        for change in changes:
            try:
                uid, needed = await _settled(workloads, change, epoch=epoch, dry_run=dry_run)
            except (Denied, Missing) as fault:
                why = _sentence(fault, change.ref)
                raise (Halfway(why, stands) if stands else Denied(f"{why} {_standing(stands)}")) from fault
            if needed is not dry_run:  # it stood before, or it was changed just now
                stands[change.ref.deployment] = uid
    return stands


async def fence(workloads: Workloads, ref: Ref, *, epoch: int) -> Json:
    """Write the epoch on a Deployment, so that every older holder is refused; answers it as it then is.

    Raises Fenced where a later epoch stands there, Missing, Denied, Unreachable.
    """
    await _settled(workloads, Change(ref, lambda raw: fence_patch(raw, epoch=epoch)), epoch=epoch)
    raw = await workloads.read(ref)
    refuse_newer(raw, epoch)
    return raw


async def _settled(workloads: Workloads, change: Change, *, epoch: int, dry_run: bool = False) -> tuple[str, bool]:
    """Bring it about; the object's uid, and whether anything had to be done.

    A refused patch, or one whose answer was lost, is no reason to guess: what stands is read again.
    """
    sent = False
    for _ in range(_TRIES):
        raw = await workloads.read(change.ref)
        refuse_newer(raw, epoch)
        patch = change.decide(raw)
        if not patch:
            return uid_of(raw), sent
        try:
            await workloads.patch(change.ref, patch, dry_run=dry_run)
        except Stale:
            continue
        except AnswerLost:
            sent = not dry_run
            continue
        return uid_of(raw), True
    raise Unreachable(f"Deployment {change.ref.deployment}", f"no change got through in {_TRIES} tries")


def _sentence(fault: Denied | Missing, ref: Ref) -> str:
    return fault.sentence if isinstance(fault, Denied) else f"There is no Deployment {ref.deployment} any more."


def _standing(stands: Iterable[str]) -> str:
    names = ", ".join(stands)
    return f"Changed already: {names}; the others are as before." if names else "Nothing was changed."


def moved(deployment: str, what: str) -> Denied:
    """A Deployment is not what was approved."""
    return Denied(f"Deployment {deployment} changed since the plan was approved: {what}. Deploy again to plan anew.")
