"""How long a place would take to be back: what its Deployments say now is read, the rest is reckoned (`estimate`)."""

import asyncio

from runbooks.steps.base import Site
from runbooks.steps.kubernetes.estimate import Estimate, Place, estimate
from runbooks.steps.kubernetes.workloads import Denied, Missing, Ref, Workloads, refs_of
from runbooks.vocabulary import KnownGood


async def expected(workloads: Workloads, site: Site, good: KnownGood) -> Estimate | None:
    """How long a rollback to this release would take; None where that can't be read. Raises Unreachable."""
    known = {each.deployment: each for each in good.workloads}
    refs = [ref for ref in refs_of(site) if ref.deployment in known]
    found = await asyncio.gather(*(_place(workloads, ref, good) for ref in refs))
    places = [place for place in found if place is not None]
    if len(places) < len(refs):
        return None
    return estimate(places, rollout=site.environment.rollout, health=site.environment.health, took=site.took)


async def _place(workloads: Workloads, ref: Ref, good: KnownGood) -> Place | None:
    template = next(each.template for each in good.workloads if each.deployment == ref.deployment)
    try:
        return Place(await workloads.read(ref), template)
    except (Missing, Denied):
        return None  # the steps that change it tell why
