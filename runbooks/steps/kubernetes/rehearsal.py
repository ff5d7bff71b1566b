"""The undo, tried dry before a deploy: what the cluster would refuse in an emergency is told while there is none."""

from collections.abc import Iterator

from runbooks.steps.base import Turn
from runbooks.steps.kubernetes.patches import set_template
from runbooks.steps.kubernetes.restore_planning import template_for
from runbooks.steps.kubernetes.workloads import AnswerLost, Denied, Missing, Ref, Stale, Workloads, refs_of
from runbooks.vocabulary import KnownGood, KnownWorkload, PlanningFailed


async def rehearse(workloads: Workloads, turn: Turn, good: KnownGood) -> str:
    """Why the cluster would not take the recorded templates back, as a sentence; "" where it would.

    What can't be tried (a Deployment that is gone, paused, or changed just now), the steps that change it tell.
    Raises Unreachable and Fenced.
    """
    for ref, known in _known(turn, good):
        try:
            raw = await workloads.read(ref)
            template = await template_for(workloads, ref, raw, known)
            undo = set_template(raw, template, epoch=turn.epoch, run=turn.site.run, cause="an undo, tried dry")
            await workloads.patch(ref, undo, dry_run=True)
        except Denied as fault:
            return fault.sentence
        except (Missing, Stale, AnswerLost, PlanningFailed):
            continue
    return ""


def _known(turn: Turn, good: KnownGood) -> Iterator[tuple[Ref, KnownWorkload]]:
    recorded = {each.deployment: each for each in good.workloads}
    return ((ref, recorded[ref.deployment]) for ref in refs_of(turn.site) if ref.deployment in recorded)
