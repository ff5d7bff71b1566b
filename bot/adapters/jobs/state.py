"""How a command's Job stands, from the raw Job and its pod. Pure.

A pod that has ended counts at once: the Job's own condition follows a moment later.
"""

from datetime import datetime

from bot.adapters.jobs.manifest import is_stone
from runbooks.steps.command import JobState
from runbooks.steps.output import one_line
from runbooks.vocabulary import Json

_IMAGE = {"ErrImagePull", "ImagePullBackOff", "ErrImageNeverPull", "ImageInspectError", "RegistryUnavailable"}
_UNSTARTABLE = {
    **dict.fromkeys(_IMAGE, "its image can't be pulled"),
    "InvalidImageName": "its image has no valid name",
    "SignatureValidationFailed": "its image's signature is not valid",
    "CreateContainerConfigError": "its container can't be set up, perhaps because its image runs as root",
    "CreateContainerError": "its container can't be created",
    "RunContainerError": "its container can't be started, perhaps because the image lacks the program",
}
_MISSING = ("not found", "couldn't find key")  # as the kubelet says it of a Secret, a ConfigMap or a key of one
_MESSAGE_SHOWN = 120  # characters
_OVER = ("Succeeded", "Failed")


def state_of(job: Json, pod: Json | None, *, tail: str = "", refused: str = "") -> JobState:
    """The state; `refused`: why the cluster made no pod, where it said so."""
    created = _time(job["metadata"]["creationTimestamp"])
    if is_stone(job):
        return JobState(created, over=True, trouble="it was ended before")
    if is_over(job, pod):
        return _ended(created, job, pod)
    if pod is None:
        return JobState(created, trouble=refused or "the cluster has made no pod for it yet")
    trouble, wants_room = _trouble(pod)
    return JobState(created, tail=tail, trouble=trouble, wants_room=wants_room, hopeless=bool(_missing(pod)))


def is_over(job: Json, pod: Json | None) -> bool:
    """Whether nothing more will come of it."""
    return is_stone(job) or bool(_finished(job)) or (pod is not None and pod.get("status", {}).get("phase") in _OVER)


def is_running(pod: Json | None) -> bool:
    """Whether its container runs now."""
    return pod is not None and "running" in _container(pod)


def _finished(job: Json) -> Json | None:
    conditions = job.get("status", {}).get("conditions") or ()
    return next((c for c in conditions if c["type"] in ("Complete", "Failed") and c["status"] == "True"), None)


def _ended(created: datetime, job: Json, pod: Json | None) -> JobState:
    ended = _container(pod).get("terminated") if pod else None
    if ended is not None:
        began, stopped = ended.get("startedAt"), ended.get("finishedAt")
        seconds = (_time(stopped) - _time(began)).total_seconds() if began and stopped else 0.0
        trouble = "it ran out of memory" if ended.get("reason") == "OOMKilled" else ""
        return JobState(created, over=True, exit_code=int(ended["exitCode"]), seconds=seconds, trouble=trouble)
    finished = _finished(job) or {}
    if finished.get("type") == "Complete":
        return JobState(created, over=True, exit_code=0)
    return JobState(created, over=True, trouble=_lost(finished, pod))


def _lost(finished: Json, pod: Json | None) -> str:
    if finished.get("reason") == "DeadlineExceeded":
        return "the cluster ended it after its time-out"
    why = pod.get("status", {}).get("reason") if pod else None
    return f"its pod was lost ({why})" if why else "its pod is gone"


def _missing(pod: Json) -> str:
    """What the container names and is not there, in the kubelet's words; "" where all of it is."""
    waiting = _container(pod).get("waiting") or {}
    said = str(waiting.get("message", "")) if waiting.get("reason") == "CreateContainerConfigError" else ""
    return one_line(said, _MESSAGE_SHOWN) if any(sign in said for sign in _MISSING) else ""


def _trouble(pod: Json) -> tuple[str, bool]:
    if missing := _missing(pod):
        namespace = pod["metadata"].get("namespace", "")
        return f"its container can't be set up in {namespace}: {missing} (CreateContainerConfigError)", False
    reason = (_container(pod).get("waiting") or {}).get("reason", "")
    if reason in _UNSTARTABLE:
        return f"{_UNSTARTABLE[reason]} ({reason})", False
    conditions = pod.get("status", {}).get("conditions") or ()
    unscheduled = next((c for c in conditions if c["type"] == "PodScheduled" and c["status"] == "False"), None)
    if unscheduled is not None:
        return f"no node takes its pod: {one_line(unscheduled.get('message', ''), _MESSAGE_SHOWN)}", True
    return "", False


def _container(pod: Json) -> Json:
    """The state of its one container: `waiting`, `running` or `terminated`."""
    statuses = pod.get("status", {}).get("containerStatuses") or [{}]
    state: Json = statuses[0].get("state") or {}
    return state


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)
