"""A deploy and a rollback by the shipped runbooks, at the stages at which people look at them."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

from runbooks.catalogue import Catalogue
from runbooks.folds import rooms
from runbooks.releases.state import Release
from runbooks.runs import commands as c
from runbooks.runs.state import Run
from runbooks.vocabulary import (
    Choice,
    Cut,
    Done,
    Failed,
    Json,
    KnownGood,
    Means,
    OnFailure,
    Pending,
    PlannedStep,
    Then,
    Waiting,
)
from tests.engine.world import CATALOGUE
from tests.runs.stories import RILEY, SRE, TEN, Story

KNOWN = Catalogue.model_validate(
    {
        **CATALOGUE,
        "services": {
            "solvereign-api": {
                **CATALOGUE["services"]["api"],
                "environments": {
                    **CATALOGUE["services"]["api"]["environments"],
                    "staging": CATALOGUE["services"]["api"]["environments"]["production"],
                },
            }
        },
    }
)
V41 = KnownGood("adopt", "v41", "3f2c1d9" + "0" * 33, (), "023_policy_profiles", "sha256:0", TEN - timedelta(days=15))
V42 = replace(V41, run="D-106", version="v42", commit="a8005c2" + "0" * 33, at=TEN - timedelta(hours=2))
RELEASE = Release("solvereign-api", "production", good=(V41,))


def sees(stream: str) -> Any:
    """What else a card looks at: the release above, and nothing of any incident."""
    room, _, _ = stream.partition("/")
    return RELEASE if room == "release" else rooms()[room].fold.start(stream)


_BACK = OnFailure("deploy-failed", Then.ROLLBACK)
_TESTS: Json = {"command": "tests", "runner": "job", "argv": ["python", "-m", "pytest", "backend_py/"], "tests": True}
_SMOKE: Json = {
    "command": "smoke",
    "runner": "job",
    "argv": ["python", "-m", "backend_py.tools.smoke", "--url", "https://api.example"],
}
_MIGRATION = ("1 migration: 024_tenant_flags.sql (reversible)",)
_HEALTH = ("/health/live, /health/ready · 3 good rounds in a row, within 30 s",)


def _step(phase: str, step_id: str, uses: str, title: str, *shows: str, **more: object) -> PlannedStep:
    found = PlannedStep(id=step_id, title=title, phase=phase, uses=uses, shows=shows)
    return replace(found, **more)  # type: ignore[arg-type] # fields by name


def _changing(step_id: str, uses: str, title: str, *shows: str) -> PlannedStep:
    return _step("Deploy", step_id, uses, title, *shows, changes=True, cut=Cut.RECONCILES, on_failure=_BACK)


DEPLOY = (
    _step(
        "Pre-Deploy",
        "tests",
        "command",
        "All tests pass (python -m pytest backend_py/)",
        "tests: python -m pytest backend_py/ · as a Job in the image v42",
        params=_TESTS,
    ),
    _step("Pre-Deploy", "migrations-plan", "migrations.plan", "Migrations planned", *_MIGRATION),
    _step("Pre-Deploy", "staging", "confirm", "Migrations tested on staging"),
    _step("Pre-Deploy", "health-before", "http.health", "Health probes verified", *_HEALTH),
    _step("Pre-Deploy", "documented", "confirm", "Rollback plan documented"),
    _step("Pre-Deploy", "notified", "confirm", "Stakeholders notified"),
    _step("Pre-Deploy", "approval", "approve", "Plan approved"),
    _changing("migrations", "migrations.apply", "Apply migrations in order", *_MIGRATION),
    replace(
        _changing(
            "rollout", "kubernetes.rollout", "Deploy new pods", "Deployment solvereign-api: v41 → v42 · 3 replicas"
        ),
        runs=("v41",),
    ),
    _step("Deploy", "health", "http.health", "Verify health probes pass", *_HEALTH, on_failure=_BACK),
    _step(
        "Deploy",
        "smoke",
        "command",
        "Run smoke tests",
        "smoke: python -m backend_py.tools.smoke --url https://api.example · as a Job in the image v42",
        params=_SMOKE,
    ),
    _step("Post-Deploy", "last-known-good", "lkg.update", "Update last-known-good.json"),
    _step("Post-Deploy", "kpis", "confirm", "Verify KPI baselines"),
    _step("Post-Deploy", "monitor", "confirm", "Monitor for 30min"),
    _step("Post-Deploy", "announce", "announce", "Announce completion", on_failure=OnFailure(None, Then.GO_ON)),
)
ROLLBACK = (
    _step("Emergency rollback", "take-over", "take-over", "Take over from a deploy that is still under way"),
    _step(
        "Emergency rollback",
        "revert",
        "kubernetes.restore",
        "Revert to previous deployment",
        "Deployment solvereign-api: v42 → v41 · 3 replicas stay",
        "Not brought back: ConfigMap solvereign-env changed since (2 keys)",
        changes=True,
    ),
    _step("Emergency rollback", "health", "http.health", "Verify health", *_HEALTH),
    _step(
        "Emergency rollback",
        "schema",
        "migrations.rollback",
        "If DB migration was applied, check rollback script",
        "Schema: 024_tenant_flags.sql stays unless a person decides otherwise",
    ),
    _step("Emergency rollback", "announce", "announce", "Announce the rollback"),
    _step("Emergency rollback", "lessons", "confirm", "Document lessons learned"),
)
PASSED = Done(
    "412 passed · 48 s",
    {"command": "tests", "counts": {"passed": 412}, "exit_code": 0, "tests": True, "seconds": 48.0},
)
SMOKED = Done("exit 0 · 1 s", {"command": "smoke", "counts": {}, "exit_code": 0, "seconds": 1.0})
HEALTHY = Done("/health/live, /health/ready · 3 of 3", {"paths": ["/health/live", "/health/ready"], "passes": 3})
CRASHED = Failed(
    "New pods crash: 2 of 2 in CrashLoopBackOff for 20 s. Old pods still serve (3 of 3 ready).",
    {
        "deployment": "solvereign-api",
        "pod": "web-669894df6b-sdkhg",
        "reason": "CrashLoopBackOff",
        "exit_code": 1,
        "last_lines": ["Traceback (most recent call last):", "DATABASE_URL is not set"],
    },
)
DOWN = "024_rollback.sql, the way back of 024_tenant_flags.sql: drops table tenant_flags\nDROP TABLE tenant_flags;"
ASKED = Waiting(
    "a decision about the schema",
    (
        Choice("leave", "Leave the schema as it is"),
        Choice("take-back-1", "Run 024_rollback.sql", Means.AGAIN, danger=True),
    ),
    DOWN,
)


class Stages(Story):
    """A story about the sample service, with a clock that goes on by itself."""

    def does(self, command: c.Command) -> list[object]:
        self.after(seconds=2)
        return super().does(command)

    def asked(self, **more: object) -> "Stages":
        self.requested(**more)  # type: ignore[arg-type] # passed on
        self.run = replace(self.run, service="solvereign-api")
        return self

    def deploying(self) -> "Stages":
        self.asked().planned(*DEPLOY, commit="a8005c2" + "0" * 33)
        return self

    def checked(self) -> "Stages":
        """Up to the first line that a person must tick."""
        self.done("tests", PASSED).done("migrations-plan", Done("1 to apply, with its way back", {"files": ["024"]}))
        return self

    def judged(self) -> "Stages":
        """Waits for an approval."""
        self.checked().ticked("staging").done("health-before", HEALTHY)
        self.ticked("documented").ticked("notified").begun("approval")
        return self

    def changing(self) -> "Stages":
        """Approved; its pods are rolled out."""
        self.judged().approved().verified()
        self.done("migrations", Done("024_tenant_flags.sql applied", {"applied": ["024_tenant_flags.sql"]}))
        self.begun("rollout")
        return self

    def serving(self) -> "Stages":
        """Only people's lines are left, and the announcement."""
        self.changing().does(c.Record("rollout", 1, Done("3 of 3 pods on v42")))
        self.done("health", HEALTHY).done("smoke", SMOKED).done("last-known-good", Done("candidate v42 a8005c2"))
        return self

    def back(self) -> "Stages":
        """A rollback by hand, up to its question about the schema."""
        self.asked(command="rollback", quorum=None, target=V41, supersedes=("D-1",))
        self.run = replace(self.run, id="R-2", version="v41")
        self.planned(*ROLLBACK, commit=V41.commit, quorum=False)
        stopped = "D-1 stopped: 1 of 1 workload was already patched to v42"
        self.done("take-over", Done(stopped, {"D-1": "Stopped for R-2: 1 of 1 workload was already patched to v42."}))
        self.done("revert", Done("3 of 3 pods on v41, by digest", {})).done("health", HEALTHY).done("schema", ASKED)
        return self


def stages() -> Iterator[tuple[str, Run]]:
    """Every stage by its name."""
    yield "planning", Stages().asked().run
    yield "open lines", Stages().deploying().run
    yield "waits for lines", Stages().deploying().checked().run
    yield "waits for approval", Stages().deploying().judged().run
    story = Stages().deploying().changing()
    story.does(c.Record("rollout", 1, Pending(story.now, "2 of 3 new pods ready")))
    yield "rolling out", story.run
    story.does(c.Abort(story.run.requester, frozenset(), frozenset()))
    yield "stopping", story.run
    story.does(c.Stopped("1 of 1 workload was already patched to v42"))
    yield "aborted", story.run
    story = Stages().deploying().changing()
    story.does(c.Record("rollout", 1, CRASHED))
    yield "failed", story.run
    story = Stages().deploying().serving()
    yield "serving", story.run
    yield "deployed", story.ticked("kpis").ticked("monitor").done("announce", Done("announced")).run
    story = Stages().deploying().changing()
    story.does(c.Supersede("R-2", story.run.requester))
    story.does(c.Note("Stopped for R-2: 1 of 1 workload was already patched to v42."))
    yield "superseded", story.run
    story = Stages().back()
    yield "asks about the schema", story.run
    story.does(c.Answer(RILEY, "schema", "leave", SRE, SRE))
    story.done("announce", Done("announced")).ticked("lessons")
    yield "rolled back", story.run
    story = Stages().deploying().judged()
    story.does(c.Expire())
    yield "expired", story.run
    story = Stages().asked()
    missing = "There is no version “v99” in the source of solvereign-api: no tag, branch or commit is called that."
    story.does(c.PlanFailed(f"{missing} The newest tags are v42, v41 and v40."))
    yield "not planned", story.run
