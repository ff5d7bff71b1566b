"""What a watch looks at, where a test says how it is: the released workloads, raw, as a cluster would show them."""

from dataclasses import dataclass, field

from runbooks.steps.http_health import Answer, NoAnswer
from runbooks.steps.kubernetes.rollout_state import Observed
from runbooks.steps.kubernetes.workloads import Ref
from runbooks.vocabulary import Json
from tests.steps.clusters import settled


@dataclass
class Standing:
    """As much of a cluster as a look asks; three good pods of v42 unless told otherwise."""

    seen: Observed = field(default_factory=settled)
    trouble: Exception | None = None

    async def read(self, ref: Ref) -> Json:
        if self.trouble:
            raise self.trouble
        return self.seen.deployment

    async def replica_sets(self, ref: Ref, selector: Json) -> tuple[Json, ...]:
        return tuple(self.seen.replica_sets)

    async def pods(self, ref: Ref, selector: Json) -> tuple[Json, ...]:
        return tuple(self.seen.pods)

    async def events(self, ref: Ref, uid: str) -> tuple[Json, ...]:
        return tuple(self.seen.events.get(uid, ()))


class Well:
    """A web server that answers everything."""

    async def get(self, url: str, timeout: object) -> Answer | NoAnswer:
        return Answer(200, "", 1)
