"""What is compared: who holds which target, how each run stands, who approved it, and what is known good."""

from collections.abc import Iterable, Mapping
from typing import Any

from runbooks.releases.state import Release
from runbooks.runs import events as e
from runbooks.runs import state
from runbooks.vocabulary import Actor
from tests.model.model import Model
from tests.model.places import CHANGES, SPOTS

View = dict[str, Any]


def unapproved(events: Iterable[Any]) -> bool:
    """Whether a first change began under a plan that fewer than its quorum, the requester aside, had approved."""
    wanted, digest, requester = 0, "", None
    approved: dict[str, set[Actor]] = {}
    for event in events:
        match event:
            case e.Requested(by=by):
                requester = event.concerns or by
            case e.Planned(plan=plan):
                wanted, digest = plan.quorum.count if plan.quorum else 0, event.digest
                approved = {}
            case e.Approved(by=by):
                approved.setdefault(event.digest, set()).add(by)
            case e.Disapproved(people=people):
                approved = {name: by - set(people) for name, by in approved.items()}
            case e.Began(step=step) if step in CHANGES:
                return len(approved.get(digest, set()) - {requester}) < wanted
    return False


def plan_of(run: state.Run) -> str | None:
    """The plan, in the model's word for it."""
    if run.plan is None:
        return None
    if run.provisional:
        return "take-over"
    return run.plan.commit if run.command == "deploy" else run.version


def engine_view(runs: Mapping[str, state.Run], states: Mapping[str, Release], holders: Mapping[str, str]) -> View:
    """Of the engine."""
    seen: View = {}
    for name, run in runs.items():
        kind = "deploy" if run.command == "deploy" else "planned" if run.planned else "emergency"
        seen[name] = {
            "kind": kind,
            "status": str(run.status),
            "version": run.version,
            "requester": run.requester,
            "plan": plan_of(run),
            "approved by": sorted(approval.by for approval in run.approvals),
            "waits": run.waits_for_approval,
            "since": run.waiting_since,
        }
    for spot in SPOTS:
        release = states[spot.release]
        seen[spot.release] = {
            "holder": holders.get(spot.target, "run/").partition("/")[2],
            "lock": release.lock.by if release.lock else None,
            "hold": release.hold.run if release.hold else "",
            "back": release.back.run if release.back else "",
            "good": [(good.version, good.run) for good in release.good],
            "candidate": (release.candidate.version, release.candidate.run) if release.candidate else None,
        }
    return seen


def model_view(model: Model) -> View:
    """Of the model."""
    seen: View = {}
    for name, run in model.runs.items():
        seen[name] = {
            "kind": run.kind,
            "status": run.status,
            "version": run.version,
            "requester": run.requester,
            "plan": run.plan,
            "approved by": sorted(run.approvals),
            "waits": run.waits,
            "since": run.waits_since,
        }
    for spot, place in model.places.items():
        holder = model.holder(spot)
        seen[spot.release] = {
            "holder": holder.id if holder else "",
            "lock": place.lock,
            "hold": place.hold,
            "back": place.back,
            "good": place.good,
            "candidate": place.candidate,
        }
    return seen
