"""`lkg.update`: records what this run brought as the candidate for the last known good."""

from collections.abc import Mapping
from typing import Protocol

from pydantic import TypeAdapter

from runbooks.steps.base import Site, Step, Turn
from runbooks.steps.kubernetes.deployments import images_of, tag_of
from runbooks.steps.kubernetes.known_good import Record, read_known_good
from runbooks.steps.kubernetes.workloads import Denied, Missing, Workloads
from runbooks.steps.migrations.database import Row
from runbooks.steps.migrations.planning import applied_of, stands_at
from runbooks.vocabulary import Cut, Done, Failed, Json, KnownGood, Outcome

_KNOWN_GOOD = TypeAdapter(KnownGood)


class Ledger(Protocol):
    """The ledger of migrations in a service's database."""

    async def rows(self, site: Site) -> tuple[Row, ...]:
        """The ledger, by number; empty where nothing was recorded yet."""
        ...


class LkgUpdate(Step):
    """Reads the cluster and the ledger; the run's good end makes its candidate the last known good."""

    uses = "lkg.update"
    cut = Cut.IDEMPOTENT

    def __init__(self, workloads: Workloads, *, ledger: Ledger) -> None:
        self._workloads = workloads
        self._ledger = ledger

    async def start(self, turn: Turn) -> Outcome:
        """Record it. Fails where something else runs than this run brought."""
        site = turn.site
        rows = await self._ledger.rows(site) if site.service.migrations else ()
        record = Record(
            run=site.run,
            version=site.version,
            commit=site.commit,
            migrations_version=stands_at(rows),
            ledger=applied_of(rows),
            at=turn.now,
            all_tests_pass=all_tests_passed(turn.evidence),
            health_status="healthy" if health_was_seen(turn.evidence) else "unknown",
        )
        try:
            known = await read_known_good(self._workloads, site, record)
        except Missing as gone:
            return Failed(f"There is no Deployment {gone} any more, so nothing was recorded.")
        except Denied as fault:
            return Failed(f"{fault.sentence} Nothing was recorded.")
        if other := _something_else(known, site):
            return Failed(f"{other} Nothing was recorded.")
        evidence = {"known_good": _KNOWN_GOOD.dump_python(known, mode="json")}
        return Done(f"candidate {site.version} {site.commit[:7]}", evidence)


def all_tests_passed(evidence: Mapping[str, Json]) -> bool:
    """Whether a command that counts as tests was run, and every such command passed."""
    tests = [found for found in evidence.values() if found.get("tests") is True]
    return bool(tests) and all(found.get("exit_code", 0) == 0 for found in tests)


def health_was_seen(evidence: Mapping[str, Json]) -> bool:
    """Whether a health step passed: its evidence names the paths that answered, and how often."""
    return any(found.get("paths") and found.get("passes") for found in evidence.values())


def _something_else(known: KnownGood, site: Site) -> str:
    """A sentence where a Deployment does not run the version of this run; "" where all do."""
    image = site.service.image_of(version=site.version, commit=site.commit)
    asked = {found.deployment: images_of(found.template) for found in known.workloads}
    for workload in site.service.workloads:
        for container in workload.containers:
            if (runs := asked[workload.deployment].get(container)) != image:
                what = tag_of(runs) if runs else "nothing"
                return f"Container {container} of Deployment {workload.deployment} runs {what}, not {tag_of(image)}."
    return ""
