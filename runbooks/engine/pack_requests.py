"""What people ask of audit packs in Slack: want one, approve it or not; and what may be handed over, checked anew."""

from dataclasses import dataclass

from runbooks.audit.packs import Ask, Judge, stream_of
from runbooks.audit.requests import SLACK, Packs, Request, Wanted
from runbooks.catalogue import Approval, Service
from runbooks.engine.audits import Audits
from runbooks.engine.people import Members
from runbooks.packs.scope import Scope
from runbooks.runs import policy
from runbooks.vocabulary import Actor, Refused


def entitled(service: Service) -> frozenset[str]:
    """The groups that may have packs of a service: whoever may deploy it, or approve deploys of it, anywhere."""
    places = service.environments.values()
    return frozenset(name for place in places for name in (*place.deployers, place.approval.group))


@dataclass(frozen=True)
class PackRequests:
    """Where requests for packs come in. Every method may raise StoreUnavailable, Conflict and Unreachable."""

    audits: Audits
    members: Members

    async def ask(self, scope: Scope, *, by: Actor, key: str) -> Wanted | None:
        """Keep that somebody wants it, once per `key`; the approvals that it needs. Raises Refused."""
        service = self.audits.catalogue.services[scope.service]
        allowed = entitled(service)
        theirs = await self.members.groups_of(by, allowed)
        policy.of_group(groups=theirs, allowed=allowed, doing="ask for audit packs")
        wanted = await self._wanted(service.audit_approval, by) if service.audit_approval else None
        ask = Ask(by, scope.period.first, scope.period.last, SLACK, wanted)
        await self.audits.keep(stream_of(scope.service, scope.tenant), ask, key=key)
        return wanted

    async def _wanted(self, approval: Approval, by: Actor) -> Wanted:
        others = sorted(await self.members.of(approval.group) - {by})
        if len(others) < approval.count:
            raise Refused("pack-nobody-approves", group=approval.group, wanted=approval.count, others=len(others))
        return Wanted(approval.group, approval.count, self.audits.clock() + approval.expires, tuple(others))

    async def judge(self, packs: str, request: int, *, by: Actor, approves: bool, key: str) -> None:
        """Approve or reject a request of the stream `packs`, once per `key`. Raises Refused."""
        if not self._is_known(packs):
            raise Refused("no-such-pack")
        found = (await self._read(packs)).of(request)
        group = found.wanted.group if found and found.wanted else ""
        groups = await self.members.groups_of(by, frozenset({group} - {""}))
        await self.audits.keep(packs, Judge(request, by, groups, approves), key=key)

    async def objection(self, packs: Packs, request: Request) -> str:
        """Why the request may not be fulfilled now, though it could be when it was asked for; "" where it may."""
        service = self.audits.catalogue.services.get(packs.service)
        if service is None:
            return f"the catalogue no longer has {packs.service}"
        if not await self.members.groups_of(request.by, entitled(service)):
            return f"who asked for it is in no group any more that may have packs of {packs.service}"
        group = request.wanted.group if request.wanted else ""
        if group and not set(request.approved_by) <= await self.members.of(group):
            return f"who approved it is no longer in {group}"
        return ""

    def _is_known(self, stream: str) -> bool:
        match stream.split("/"):
            case ["audit", service] | ["audit", service, _]:
                return service in self.audits.catalogue.services
        return False

    async def _read(self, stream: str) -> Packs:
        found: Packs = (await self.audits.store.read([stream])).streams[stream].state
        return found
