"""The engine's small world with tenants in it: the shipped document, a real command that tells what is written."""

import json
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg

from bot.adapters.processes.runner import LocalProcesses
from bot.library import read_document, shipped
from bot.tenants import TenantRecord
from runbooks.catalogue import Catalogue
from runbooks.engine import asks
from runbooks.gates import Gate, stream_of
from runbooks.redaction import Redactor
from runbooks.runs.state import Run, Status
from runbooks.steps.tenant_gate import TenantGate
from runbooks.steps.tenant_go_live import TenantGoLive
from runbooks.tenants.state import Tenant
from runbooks.vocabulary import Actor
from tests.documents.reading import KNOWN
from tests.engine.world import ALEX, CATALOGUE, RILEY, World
from tests.fixtures.store import StoreDatabase
from tests.steps.test_command import Jobs

CONTRACT = """
import json, sys
tenant, gate = sys.argv[1:3]
failing = json.load(open(sys.argv[3])).get(tenant, {})
passed = gate not in failing
checks = [{"name": "contract", "passed": passed, "detail": failing.get(gate, "")}]
report = {"tenant": tenant, "gate": gate, "passed": passed, "checks": checks}
print("onboarding-report: " + json.dumps(report))
sys.exit(0 if passed else 1)
"""


@dataclass
class Onboarding:
    """The world, and the contract that the service's command tells of: which gates fail for which tenant, and why."""

    world: World
    database: StoreDatabase
    folder: Path
    failing: dict[str, dict[str, str]] = field(default_factory=dict)

    def prepare(self) -> None:
        """Put the command, the steps and the document in their places."""
        (self.folder / "contract.py").write_text(CONTRACT)
        run = [sys.executable, str(self.folder / "contract.py"), "${tenant}", "${gate}", str(self.folder / "failing")]
        told = json.loads(json.dumps(CATALOGUE))
        told["services"]["api"]["onboarding"] = {"run": run, "runner": "local", "repeatable": True}
        self.world.catalogue = Catalogue.model_validate(told)
        self.fails({})
        self.use()

    def use(self) -> None:
        """Work on the world's store, with all that onboarding needs."""
        world, local = self.world, LocalProcesses(self.folder / "commands", {})
        gate = TenantGate(jobs=Jobs(), local=local, outputs=world.store, redactor=Redactor())
        for step in (gate, TenantGoLive(TenantRecord(world.store))):
            world.steps[step.uses] = step
        world.use(world.store)
        book = read_document(shipped() / "tenant-onboarding.md", known=KNOWN)
        world.shelf.documents[book.id] = book

    def fails(self, failing: dict[str, dict[str, str]]) -> None:
        """From now on these gates fail, and no others."""
        (self.folder / "failing").write_text(json.dumps(failing))

    async def begins(self, tenant: str = "acme", by: Actor = RILEY) -> str:
        reply = await self.world.hears(asks.Onboard(tenant, "api"), by)
        assert reply.did == "onboarding", reply
        return str(reply.facts["run"])

    async def goes_on(self, run_id: str) -> Run:
        """Tick whatever is for people, and let the rest be done, until it waits for approval or is over."""
        await self.world.works()
        while not (run := await self.world.run(run_id)).status.over and not run.waits_for_approval:
            lines = [step.id for step in run.open_items if step.uses == "confirm"]
            assert lines, run.current
            await self.world.ticks(run_id, lines[0])
            await self.world.works()
        return run

    async def at_the_gate(self, tenant: str = "acme") -> str:
        run = await self.goes_on(await self.begins(tenant))
        assert run.waits_for_approval, run.reason
        return run.id

    async def approved(self, run_id: str) -> Run:
        await self.world.approves(run_id, ALEX)
        return await self.goes_on(run_id)

    async def live(self, tenant: str = "acme") -> Run:
        run = await self.approved(await self.at_the_gate(tenant))
        assert run.status is Status.SUCCEEDED, run.reason
        return run

    async def tenant(self, code: str = "acme") -> Tenant:
        stream = stream_of("api", "production", code)
        found: Tenant = (await self.world.store.read([stream])).streams[stream].state
        return found

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Ask the database, as the bot's own role may."""
        with psycopg.connect(self.database.url) as connection:
            return connection.execute(query.encode()).fetchall()

    @property
    def live_rows(self) -> list[tuple[Any, ...]]:
        return self.rows("select service, environment, tenant, release from tenants_live")


ALL = [gate.value for gate in Gate]
