"""Changing Deployments so that nobody else's change is lost: read, decide, patch what was read, else begin again."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from runbooks.steps.kubernetes.deployments import refuse_newer, uid_of
from runbooks.steps.kubernetes.patches import fence as fence_patch
from runbooks.steps.kubernetes.workloads import AnswerLost, Denied, Missing, Patch, Ref, Stale, Workloads
from runbooks.vocabulary import Json, Unreachable

_TRIES = 5

Decide = Callable[[Json], Patch]
"""What to do to a Deployment as it was read; [] where nothing is left to do. May raise Denied."""


@dataclass(frozen=True)
class Change:
    """What is to become of one Deployment; `read` is it as it was read just now, where somebody did."""

    ref: Ref
    decide: Decide
    read: Json | None = None


class Halfway(Denied):
    """One could not be changed after others were; `why` says why not, without what stands where."""

    def __init__(self, why: str, stands: Iterable[str]) -> None:
        super().__init__(f"{why} {_standing(stands)}")
        self.why = why


async def apply(workloads: Workloads, changes: Sequence[Change], *, epoch: int) -> dict[str, str]:
    """Change all of them in order; answers Deployment -> uid of the object that now is as it shall be.

    Several are all tried first without storing anything, so that what the cluster refuses stops them all. One alone
    needs no trial: a patch that is refused changes nothing.
    Raises Denied with a sentence that says why not and what stands where, Fenced, Unreachable.
    """
    stands: dict[str, str] = {}
    read = {change.ref: change.read for change in changes}
    for dry_run in (True, False) if len(changes) > 1 else (False,):
        for change in changes:
            try:
                known = replace(change, read=read[change.ref])
                found, needed = await _settled(workloads, known, epoch=epoch, dry_run=dry_run)
            except (Denied, Missing) as fault:
                why = _sentence(fault, change.ref)
                raise (Halfway(why, stands) if stands else Denied(f"{why} {_standing(stands)}")) from fault
            read[change.ref] = found
            if needed is not dry_run:  # it stood before, or it was changed just now
                stands[change.ref.deployment] = uid_of(found)
    return stands


async def fence(workloads: Workloads, ref: Ref, *, epoch: int) -> Json:
    """Write the epoch on a Deployment, so that every older holder is refused; answers it as it then is.

    Raises Fenced where a later epoch stands there, Missing, Denied, Unreachable.
    """
    found, _ = await _settled(workloads, Change(ref, lambda raw: fence_patch(raw, epoch=epoch)), epoch=epoch)
    return found


async def _settled(workloads: Workloads, change: Change, *, epoch: int, dry_run: bool = False) -> tuple[Json, bool]:
    """Bring it about; the object as it stands now, and whether anything had to be done.

    After a dry run it is the object as it was read. A refused patch, or one whose answer was lost, is no reason to
    guess: what stands is read again.
    """
    sent, known = False, change.read
    for _ in range(_TRIES):
        raw, known = known or await workloads.read(change.ref), None
        refuse_newer(raw, epoch)
        patch = change.decide(raw)
        if not patch:
            return raw, sent
        try:
            patched = await workloads.patch(change.ref, patch, dry_run=dry_run)
        except Stale:
            continue
        except AnswerLost:
            sent = not dry_run
            continue
        return raw if dry_run else patched, True
    raise Unreachable(f"Deployment {change.ref.deployment}", f"no change got through in {_TRIES} tries")


def _sentence(fault: Denied | Missing, ref: Ref) -> str:
    return fault.sentence if isinstance(fault, Denied) else f"There is no Deployment {ref.deployment} any more."


def _standing(stands: Iterable[str]) -> str:
    names = ", ".join(stands)
    return f"Changed already: {names}; the others are as before." if names else "Nothing was changed."


def moved(deployment: str, what: str) -> Denied:
    """A Deployment is not what was approved."""
    return Denied(f"Deployment {deployment} changed since the plan was approved: {what}. Deploy again to plan anew.")
