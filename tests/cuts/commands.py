"""Commands that are cut off: processes beside the bot, Jobs, and the steps that are planned as such."""

import json
from typing import Any

from runbooks.redaction import Redactor
from runbooks.steps.all_tests import AllTests
from runbooks.steps.base import Step
from runbooks.steps.ci_verdict import CiVerdict
from runbooks.steps.http_smoke import HttpSmoke
from runbooks.steps.smoke import Smoke
from runbooks.steps.tenant_gate import TenantGate
from tests.cuts.places import Places
from tests.cuts.playing import Scenario
from tests.cuts.readable import JobBoard, Web
from tests.cuts.seam import Seam
from tests.steps.test_tenant_gate import REPORT

ONCE = {"marks": 1}


async def _local_command(places: Places, **settings: Any) -> Scenario:
    run = {"run": places.marking(), "runner": "local", "trusted": True, **settings}
    return Scenario(
        lambda seam: [places.command(seam)],
        {"command": "mark"},
        {"commands": {"mark": run}},
        effects=places.marks,
        once=ONCE,
    )


async def command_beside_the_bot(places: Places) -> Scenario:
    return await _local_command(places)


async def repeatable_command(places: Places) -> Scenario:
    return await _local_command(places, run=places.marking(how="w"), repeatable=True)


async def command_as_a_job(places: Places) -> Scenario:
    jobs = JobBoard()
    service = {"commands": {"mark": {"run": ["mark"], "runner": "job"}}}
    return Scenario(
        lambda seam: [places.command(seam, jobs)], {"command": "mark"}, service, effects=jobs.marks, once=ONCE
    )


async def tests_as_a_job(places: Places) -> Scenario:
    jobs = JobBoard()
    service = {"commands": {"tests": {"run": ["mark"], "runner": "job", "tests": True}}}

    def steps(seam: Seam) -> list[Step]:
        command = places.command(seam, jobs)
        return [AllTests(CiVerdict(seam.around(Web()), Redactor()), command=command), command]

    return Scenario(steps, {}, service, effects=jobs.marks, once=ONCE)


async def smoke_as_a_job(places: Places) -> Scenario:
    jobs = JobBoard()
    service = {"commands": {"smoke": {"run": ["mark", "${version}"], "runner": "job"}}}

    def steps(seam: Seam) -> list[Step]:
        command = places.command(seam, jobs)
        return [Smoke(HttpSmoke(seam.around(Web()), Redactor()), command=command), command]

    return Scenario(steps, {}, service, effects=jobs.marks, once=ONCE)


async def gate_beside_the_bot(places: Places) -> Scenario:
    says = places.marking("onboarding-report: " + json.dumps(REPORT))
    run = {"run": [*says, "${tenant}", "${gate}"], "runner": "local", "trusted": True}
    return Scenario(
        lambda seam: [places.command(seam, kind=TenantGate)],
        {"gate": "rls-harness", "tenant": "acme"},
        {"onboarding": run},
        effects=places.marks,
        once=ONCE,
    )
