"""One way back as it went, and what of it was whose. Pure.

Of the time between the click and "healthy", two parts are nobody's to save: the cluster's rollout, from the API
server's acceptance of the template to the first status that says it is complete, and the pauses between the probes.
What is left is the actor's own share:

- from the click (or the call) until the API server has accepted the template: recorded, planned, taken over, sent
- from the complete rollout until the first probe: noticing it
- from there on whatever is more than the pauses: the probes' answers, being late for the next one, recording the last
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sandbox.cluster.audit import Write


@dataclass(frozen=True)
class Way:
    """Moments, in seconds since 1970. `pauses`: seconds that were to lie between the first probe and the last."""

    began: float  # the click had reached the bot; kubectl was called
    patched: float  # the API server had accepted the template
    complete: float  # the cluster said that the rollout is complete
    probed: float  # the first probe arrived
    healthy: float  # the last probe had passed, and for the bot: this is recorded
    pauses: float

    @property
    def seconds(self) -> float:
        """From the beginning to the end."""
        return self.healthy - self.began

    @property
    def own(self) -> float:
        """Seconds that were neither the cluster's rollout nor pauses between probes."""
        return self.seconds - (self.complete - self.patched) - self.pauses

    @property
    def parts(self) -> tuple[float, float, float]:
        """The own share: before the patch, until the first probe, and what was more than pauses after it."""
        return self.patched - self.began, self.probed - self.complete, self.healthy - self.probed - self.pauses


def in_the_cluster(writes: Iterable[Write], *, image: str, began: float, ended: float) -> tuple[float, float]:
    """When the template with this image was accepted, and when it was complete: as the API server's log has both.

    `writes` are those of one Deployment. Raises ValueError where the log does not have them between these moments.
    """
    patched = complete = 0.0
    for write in writes:
        at = write.at.timestamp()
        if not write.effective or not began <= at <= ended:
            continue
        if (
            not patched
            and write.resource == "deployments"
            and write.verb == "patch"
            and "template" in str(write.body)
        ):
            patched = at
        if patched and not complete and write.resource == "deployments/status" and _is_complete(write.body, image):
            complete = at
    if not complete:
        raise ValueError("the audit log does not have the whole rollout")
    return patched, complete


def _is_complete(deployment: Any, image: str) -> bool:
    spec, status = deployment["spec"], deployment["status"]
    wanted = spec["replicas"]
    counts = [status.get(key, 0) for key in ("replicas", "updatedReplicas", "availableReplicas")]
    right = spec["template"]["spec"]["containers"][0]["image"] == image
    return right and status["observedGeneration"] == deployment["metadata"]["generation"] and counts == [wanted] * 3
