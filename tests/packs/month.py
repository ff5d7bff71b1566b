"""A November of the service `api`, as its streams recorded it: good and bad deploys, a rollback, two tenants."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any

from runbooks.audit import packs
from runbooks.audit.chain import link
from runbooks.folds import folds
from runbooks.gates import Gate
from runbooks.incidents import findings as f
from runbooks.incidents import follow_up as u
from runbooks.incidents import incident as i
from runbooks.incidents.in_slack import Slack, SlackAnswered
from runbooks.packs.period import Period
from runbooks.packs.scope import Scope
from runbooks.releases import events as r
from runbooks.rollback_outcome import WayBack
from runbooks.runs import commands as c
from runbooks.runs import events as e
from runbooks.runs.evolve import start
from runbooks.store import Recorded
from runbooks.tenants import events as t
from runbooks.vocabulary import OPSBOT, Done, Pending, Severity
from tests.commands.stages import CRASHED, DEPLOY, HEALTHY, ROLLBACK, SMOKED, V41, V42, Stages
from tests.runs.stories import ALEX, RILEY, SAM, SRE

NOVEMBER = Period(date(2026, 11, 1), date(2026, 11, 30))
WHOLE = Scope("api", NOVEMBER)
ACME = replace(WHOLE, tenant="acme")
SECRET = "zanzibar-7"  # what was said of another tenant alone
NAMES = {RILEY: "Riley Example", ALEX: "Alex Example", SAM: "Sam Example"}


def day(number: int, hour: int = 10, minute: int = 0) -> datetime:
    return datetime(2026, 11, number, hour, minute, tzinfo=UTC)


def stream(name: str, events: Iterable[Any]) -> list[Recorded]:
    """The events as they are stored in a stream."""
    kind = folds()[name.partition("/")[0]].event_type
    found: list[Recorded] = []
    for event in events:
        data = json.dumps(
            json.loads(kind.dump_json(event)), sort_keys=True, separators=(",", ":"), ensure_ascii=False
        )
        found.append(
            link(
                stream=name,
                version=len(found) + 1,
                data=data,
                actor=event.by,
                at=event.at,
                previous=found[-1].hash if found else "",
            )
        )
    return found


def deploy(run: str, at: datetime) -> Stages:
    return Stages(run=start(f"run/{run}"), now=at)


def until_approval(run: str, at: datetime, *, waits: timedelta = timedelta(minutes=4)) -> Stages:
    story = deploy(run, at)
    story.requested()
    story.planned(*DEPLOY, commit="a8005c2" + "0" * 33)
    story.judged()
    story.now += waits
    return story


def deployed(run: str, at: datetime, *, waits: timedelta, takes: timedelta) -> list[e.Event]:
    story = until_approval(run, at, waits=waits)
    story.approved().verified()
    story.done("migrations", Done("024_tenant_flags.sql applied", {"applied": ["024_tenant_flags.sql"]}))
    story.begun("rollout").does(c.Record("rollout", 1, Pending(story.now, "2 of 3 new pods ready")))
    story.now += takes
    story.does(c.Record("rollout", 1, Done("3 of 3 pods on v42")))
    story.done("health", HEALTHY).done("smoke", SMOKED).done("last-known-good", Done("candidate v42 a8005c2"))
    story.ticked("kpis").ticked("monitor").done("announce", Done("announced"))
    return story.events


def failed(run: str, at: datetime, *, waits: timedelta, takes: timedelta) -> list[e.Event]:
    story = until_approval(run, at, waits=waits)
    story.approved().verified()
    story.done("migrations", Done("024_tenant_flags.sql applied", {"applied": ["024_tenant_flags.sql"]}))
    story.begun("rollout")
    story.now += takes
    story.does(c.Record("rollout", 1, CRASHED))
    way_back = WayBack("R-107", "v41", "succeeded", stands=True, by=OPSBOT, at=story.now + timedelta(seconds=43))
    return [*story.events, e.WayBackEnded(OPSBOT, way_back.at or at, way_back)]


def rolled_back(run: str, at: datetime) -> list[e.Event]:
    story = Stages(run=start(f"run/{run}"), now=at)
    story.requested(command="rollback", quorum=None, target=V41, because="D-107")

    story.planned(*ROLLBACK, commit=V41.commit, quorum=False)
    story.done("take-over").begun("revert").after(seconds=25)
    story.does(c.Record("revert", 1, Done("3 of 3 pods on v41, by digest")))
    story.done("health", HEALTHY).done("schema", Done("024 stays")).done("announce", Done("announced"))
    story.ticked("lessons")
    return story.events


def given_up(run: str, at: datetime, how: str) -> list[e.Event]:
    story = until_approval(run, at, waits=timedelta(minutes=29))
    if how == "rejected":
        story.does(c.Reject(ALEX, story.run.digest, SRE))
    else:
        story.after(minutes=2).does(c.Expire())
    return story.events


def waiting(run: str, at: datetime) -> list[e.Event]:
    return until_approval(run, at).events


def onboarding(run: str, at: datetime, tenant: str) -> list[e.Event]:
    story = Stages(run=start(f"run/{run}"), now=at)
    story.requested(command="onboard", parameters={"tenant": tenant})
    story.does(c.PlanFailed(f"The gates of {tenant} were not tried: its contract is missing."))
    return story.events


def finding(run: str, at: datetime, rolls_back: str = "") -> list[Any]:
    raised = f.Raised(
        OPSBOT,
        at,
        name="deploy-failed",
        severity=Severity.S2,
        title="Deploy failed, rollback needed",
        action="Execute rollback. Create incident.",
        what=(CRASHED.reason, 'web-669894df6b-sdkhg · exit 1 · "DATABASE_URL is not set"'),
        run=run,
        service="api",
        environment="production",
        rolls_back=rolls_back,
        incident=f"I-{run[2:]}" if rolls_back else "",
    )
    return [raised, f.Acknowledged(ALEX, at + timedelta(minutes=2))]


def incident(finding: str, at: datetime, *said: str, title: str = "Deploy failed, rollback needed") -> list[Any]:
    """Opened for a finding, with what people said of it."""
    opened = i.Opened(
        OPSBOT,
        at,
        severity=Severity.S2,
        service="api",
        environment="production",
        title=title,
        what=(CRASHED.reason,),
        finding=finding,
        requester=RILEY,
    )
    return [opened, *(i.Updated(ALEX, at + timedelta(minutes=n), text) for n, text in enumerate(said, 1))]


def learned_from(at: datetime) -> list[Any]:
    """An incident from its beginning to its lessons, with an investigation that outlasts it."""
    back = WayBack("R-107", "v41", "succeeded", stands=True, by=OPSBOT, at=at + timedelta(minutes=3))
    lessons = i.Lessons(
        "A variable was missing in the new release.",
        "The rollback was quick.",
        "Check variables first.",
        ALEX,
        at.date(),
    )
    return [
        *incident("D-107.deploy-failed", at),
        SlackAnswered(OPSBOT, at + timedelta(seconds=2), Slack.CREATE, channel="C9", name="inc-2026-11-12-api"),
        SlackAnswered(OPSBOT, at + timedelta(seconds=3), Slack.PIN),
        SlackAnswered(OPSBOT, at + timedelta(seconds=4), Slack.INVITE, refused="user_is_restricted"),
        i.TakenOn(ALEX, at + timedelta(minutes=1)),
        i.LeadTaken(SAM, at + timedelta(minutes=2)),
        i.WayBackEnded(OPSBOT, at + timedelta(minutes=3), back),
        u.FollowUpOpened(OPSBOT, at + timedelta(minutes=3), "Why the variable was missing", "D-107.deploy-failed"),
        i.Updated(SAM, at + timedelta(minutes=9), "Old pods serve; nobody saw an error."),
        u.FollowUpTaken(SAM, at + timedelta(minutes=10)),
        i.Resolved(ALEX, at + timedelta(minutes=50), "v41 serves again."),
        i.LessonsWritten(ALEX, at + timedelta(minutes=50), lessons),
        u.FollowUpDone(SAM, at + timedelta(days=1), "The chart lacked it since the move."),
    ]


def gates(run: str, at: datetime, *, failing: Gate | None = None) -> list[Any]:
    """All four gates, one of them failed first; then it goes live."""
    first = [t.GateFailed(OPSBOT, at, failing, V42.commit, "v42", run, "3 of 4 checks passed")] if failing else []
    later = at + timedelta(days=1) if failing else at
    passed = [t.GatePassed(OPSBOT, later, gate, V42.commit, "v42", run) for gate in Gate]
    numbers = {gate: len(first) + n for n, gate in enumerate(Gate, 1)}
    live = t.WentLive(OPSBOT, later + timedelta(minutes=9), V42.commit, "v42", run, numbers, (ALEX,))
    return [*first, *passed, live]


def release() -> list[r.Event]:
    good = replace(V42, run="D-112", all_tests_pass=True, health_status="healthy")
    return [
        r.Adopted(
            ALEX, datetime(2026, 10, 20, 9, tzinfo=UTC), replace(V41, at=datetime(2026, 10, 20, 9, tzinfo=UTC))
        ),
        r.Staged(OPSBOT, day(3, 10, 40), replace(V42, run="D-101")),
        r.Promoted(OPSBOT, day(3, 11, 10), "D-101"),
        r.Staged(OPSBOT, day(12, 10, 40), replace(V42, run="D-107", version="v43")),
        r.Dropped(OPSBOT, day(12, 10, 44), "D-107"),
        r.Locked(SAM, day(12, 11), "We look into D-107 first"),
        r.Unlocked(SAM, day(13, 9), "The variable is set"),
        r.Staged(OPSBOT, day(20, 10, 40), good),
        r.Promoted(OPSBOT, day(20, 11, 10), "D-112"),
    ]


def asked_before() -> list[packs.Event]:
    asked = packs.Asked(SAM, day(2, 8), date(2026, 10, 1), date(2026, 10, 31))
    return [asked, packs.Delivered(OPSBOT, day(2, 8, 1), 1, SAM, "Slack", "ab" * 32, 412)]


def month() -> list[Recorded]:
    """All of it."""
    return list(_month())


@cache
def _month() -> tuple[Recorded, ...]:

    def minutes(number: float) -> timedelta:
        return timedelta(minutes=number)

    return (
        *(
            each
            for n, (d, waits, takes) in enumerate(_GOOD, 101)
            for each in stream(f"run/D-{n}", deployed(f"D-{n}", day(d), waits=minutes(waits), takes=minutes(takes)))
        ),
        *stream("run/D-107", failed("D-107", day(12), waits=minutes(3), takes=minutes(1.2))),
        *stream("run/R-107", rolled_back("R-107", day(12, 10, 12))),
        *stream("run/D-113", given_up("D-113", day(22), "rejected")),
        *stream("run/D-114", given_up("D-114", day(23), "expired")),
        *stream("run/D-115", waiting("D-115", day(30, 23, 40))),
        *stream("run/D-120", onboarding("D-120", day(16), "acme")),
        *stream("run/D-121", onboarding("D-121", day(17), "globex")),
        *stream("finding/D-107.deploy-failed", finding("D-107", day(12, 10, 10), "R-107")),
        *stream("finding/D-121.tenant-gate-failed", finding("D-121", day(17, 11))),
        *stream("incident/I-107", learned_from(day(12, 10, 10))),
        *stream(
            "incident/I-121",
            incident("D-121.tenant-gate-failed", day(17, 11), SECRET, title="Tenant onboarding gate failed"),
        ),
        *stream("incident/I-132", incident("", day(19), "All tenants saw it for a minute.", title="Slow start")),
        *stream("release/api/production", release()),
        *stream("tenant/api/production/acme", gates("D-120", day(16, 12), failing=Gate.DETERMINISM_PROOF)),
        *stream("tenant/api/production/globex", gates("D-121", day(17, 12))),
        *stream("audit/api", asked_before()),
    )


_GOOD: Sequence[tuple[int, float, float]] = (
    (3, 6, 1.5),
    (4, 2, 1.1),
    (6, 28, 2.4),
    (9, 1, 0.9),
    (10, 12, 6),
    (11, 3, 1.3),
)
