"""The watch's look at pods: what falls and stays so fails it, and so does what somebody else changed; reads only."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from pydantic import TypeAdapter

from runbooks.digests import digest_of
from runbooks.steps.base import Turn
from runbooks.steps.kubernetes.rollout_state import Observed
from runbooks.steps.kubernetes.workloads import Denied, Missing
from runbooks.steps.watch import Watch
from runbooks.vocabulary import Done, Failed, Json, KnownGood, KnownWorkload, Outcome, Pending, Unreachable
from tests.engine.knob import known_good
from tests.steps.clusters import NEW, changed, deployment, pod, replica_set, settled, template, waiting
from tests.steps.places import later, site, turn
from tests.steps.watching import Standing, Well

LOOKS = 7  # every 10 s for a minute; a bad sign counts after 20 s


async def begun(step: Watch, evidence: dict[str, Json] | None = None, length: str = "60s") -> Turn:
    watch = {"for": length, "every": "10s", "grace": "20s"}
    where = site(
        environment={"url": "https://api.example", "watch": watch},
        service={"workloads": [{"deployment": "web", "containers": ["api"]}]},
    )
    return replace(await turn(step, {}, where), evidence=evidence or {})


async def watched(
    at: Callable[[int], Observed | Exception], evidence: dict[str, Json] | None = None, *, length: str = "60s"
) -> list[Outcome]:
    """Every look of a watch to its end; `at` says what stands there at each, from 1 on."""
    cluster, found = Standing(), list[Outcome]()
    step = Watch(Well(), None, cluster)  # type: ignore[arg-type]  # no KPI is asked for
    now = await begun(step, evidence, length)
    while not found or isinstance(found[-1], Pending):
        stands = at(len(found) + 1)
        cluster.trouble = stands if isinstance(stands, Exception) else None
        cluster.seen = cluster.seen if isinstance(stands, Exception) else stands
        if found and isinstance(last := found[-1], Pending):
            now = replace(now, now=last.check_at)
            found.append(await step.check(now, last.token))
        else:
            found.append(await step.start(now))
    return found


def with_pods(*pods: Json, **status: Any) -> Observed:
    return Observed(deployment(**status), (replica_set("new", ready=3),), pods)


GOOD = tuple(pod(name, ready=True) for name in "abc")
CRASHING = with_pods(*GOOD[:2], pod("c", state=waiting("CrashLoopBackOff")))
UNREADY = with_pods(*GOOD[:2], pod("c"))


async def test_pods_that_stand_are_all_well() -> None:
    *_, last = await watched(lambda _: settled(restarts=5))
    assert isinstance(last, Done)
    assert last.line == "1 m · 7 looks"


@pytest.mark.parametrize(
    ("fallen", "said"),
    [
        (CRASHING, "Pods of web: 1 of 3 in CrashLoopBackOff"),
        (UNREADY, "Pods of web: 1 of 3 running but not ready"),
        (
            Observed(changed(deployment(), replicas=0)),
            "Pods of web: zero replicas (scaled down by a person or by an autoscaler)",
        ),
    ],
    ids=["crash-loop", "not ready", "zero"],
)
async def test_what_falls_and_stays_so_fails_it_and_what_passes_does_not(fallen: Observed, said: str) -> None:
    *_, failed = await watched(lambda look: fallen if look > 2 else settled())
    *waits, well = await watched(lambda look: fallen if look == 3 else settled())

    assert isinstance(failed, Failed)
    assert failed.reason == f"{said}, for 20 s. It was seen 40 s into the watch."
    assert failed.finding is None  # the document's
    assert isinstance(waits[2], Pending)
    assert waits[2].line.capitalize() == said.capitalize()
    assert isinstance(well, Done)
    assert well.line == "1 m · 7 looks, 1 of them with a bad sign that passed"


async def test_a_pod_that_only_starts_is_no_sign_until_a_rollout_would_have_ended() -> None:
    starting = pod("c", state=waiting("ContainerCreating"), phase="Pending")
    starting["metadata"]["creationTimestamp"] = "2026-11-24T09:59:30Z"
    stuck = pod("c", started=False)
    stuck["metadata"]["creationTimestamp"] = "2026-11-24T09:49:30Z"

    assert isinstance((await watched(lambda _: with_pods(*GOOD[:2], starting)))[-1], Done)
    *_, last = await watched(lambda _: with_pods(*GOOD[:2], stuck))
    assert isinstance(last, Failed)
    assert last.reason.startswith("Pods of web: 1 of 3 still not ready, for 20 s.")


def restarted(*counts: int) -> Callable[[int], Observed]:
    """One pod's restarts at each look, and from then on as at the last."""
    return lambda look: with_pods(*GOOD[:2], pod("c", ready=True, restarts=counts[min(look, len(counts)) - 1]))


async def test_one_restart_passes_and_restarts_in_short_turns_last() -> None:
    *waits, once = await watched(restarted(4, 4, 5))
    *_, twice = await watched(restarted(4, 5, 6))

    assert [w.line for w in waits if isinstance(w, Pending)][2] == "pod web-new-c restarted once in the watch"
    assert isinstance(once, Done)
    assert once.line == "1 m · 7 looks, 2 of them with a bad sign that passed"
    assert isinstance(twice, Failed)
    assert twice.reason == "Pod web-new-c restarted 2 times in the watch, for 20 s. It was seen 30 s into the watch."


async def test_a_pod_that_restarts_often_is_not_well_however_long_it_runs_between() -> None:
    *_, last = await watched(restarted(*[0] * 5, *[1] * 6, *[2] * 6, 3), length="5m")
    *_, well = await watched(restarted(*[0] * 5, *[1] * 6, 2), length="5m")
    assert isinstance(well, Done)
    assert isinstance(last, Failed)
    assert last.reason.startswith("Pod web-new-c restarted 3 times in the watch, for 20 s.")


def recorded(image: str = NEW) -> dict[str, Json]:
    """What `lkg.update` of the same run left."""
    raw = template(image)
    good = replace(
        known_good("v42", "D-107"),
        workloads=(KnownWorkload("web", "d-1", raw, {"api": image}, digest=digest_of(raw)),),
    )
    return {"last-known-good": {"known_good": TypeAdapter(KnownGood).dump_python(good, mode="json")}}


async def test_what_somebody_else_changed_fails_it_as_a_failed_deploy() -> None:
    other = Observed(deployment(template_=template("registry.example/solvereign-api:v43")))
    *_, last = await watched(lambda look: other if look > 2 else settled(), recorded())
    same = Observed(deployment(template_=template(terminationGracePeriodSeconds=5)))
    *_, too = await watched(lambda look: same if look > 2 else settled(), recorded())

    assert isinstance(last, Failed)
    assert last.reason.startswith(
        "Somebody else changed what was released: Deployment web runs v43, recorded is v42, for 20 s."
    )
    assert last.finding == "deploy-failed"
    assert isinstance(too, Failed)
    assert "Deployment web has another pod template than was recorded, with the same images" in too.reason


@pytest.mark.parametrize(
    ("trouble", "said"),
    [
        (Missing("web"), "There is no Deployment web any more, for 20 s."),
        (Denied("It may not be read."), "The pods of web are not known: It may not be read, for 20 s."),
    ],
    ids=["gone", "denied"],
)
async def test_what_can_not_be_read_any_more_fails_it(trouble: Exception, said: str) -> None:
    *_, last = await watched(lambda _: trouble)
    assert isinstance(last, Failed)
    assert last.reason.startswith(said)


async def test_a_silent_cluster_is_told_and_does_not_make_a_sign_pass() -> None:
    silence = Unreachable("The cluster main")
    *waits, well = await watched(lambda look: silence if 1 < look < LOOKS else settled())
    *_, failed = await watched(lambda look: (settled(), UNREADY, silence, silence)[min(look, 4) - 1])

    assert isinstance(waits[3], Pending)
    assert waits[3].line == "the pods are not known: The cluster main does not answer"
    assert isinstance(well, Done)
    assert well.line == "1 m · 7 looks, at 5 of them the cluster did not answer"
    assert isinstance(failed, Failed)
    assert failed.reason.startswith("Pods of web: 1 of 3 running but not ready, for 20 s.")


async def test_it_does_not_end_while_nobody_knows_how_its_pods_are() -> None:
    with pytest.raises(Unreachable):
        await watched(lambda look: settled() if look == 1 else Unreachable("The cluster main"))


async def test_a_restart_while_nobody_looked_is_seen_afterwards() -> None:
    cluster = Standing(restarted(0)(1))
    step = Watch(Well(), None, cluster)  # type: ignore[arg-type]  # no KPI is asked for
    at = await begun(step)
    first = await step.start(at)
    assert isinstance(first, Pending)
    cluster.seen = restarted(1)(1)
    after = await step.check(later(at, 45), first.token)
    assert isinstance(after, Pending)
    assert after.line.startswith("pod web-new-c restarted once in the watch · health and pods not looked at between")
