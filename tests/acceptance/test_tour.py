"""The tour, act by act: what kubectl, psql and the service's own port say, held against what the card says."""

import asyncio
import json
import os
import re
import signal
import subprocess
from dataclasses import dataclass

import httpx
import pytest

from sandbox.postgres import program
from sandbox.service import manifests
from sandbox.service.repository import commit_of
from sandbox.slack import Message
from sandbox.tour import Tour
from sandbox.waiting import until
from sandbox.world import PLACES, SERVICE, World

pytestmark = pytest.mark.asyncio(loop_scope="session")
PODS, GOOD = re.compile(r"(\d+) of \1 pods on (v\d+)"), re.compile(r"candidate (v\d+) ([0-9a-f]{7})")
NAMESPACE = PLACES["production"]


@dataclass(frozen=True)
class Act:
    """What the cards of an act say in the end."""

    run: str  # whose card it is
    title: str
    pods: int
    version: str


async def says(world: World, title: str) -> Act:
    """What the newest card of that title says."""
    card = await world.person("riley").sees("deploys", lambda m: m.shown.startswith(title), seconds=20)
    found = PODS.search(card.shown)
    assert found, card.shown
    return Act(_run(card), title, int(found[1]), found[2])


def _run(card: Message) -> str:
    return next(word for word in card.shown.split() if re.fullmatch(r"[DR]-\d+", word))


def table(text: str) -> list[dict[str, str]]:
    """A table of kubectl by its headings."""
    head, *lines = text.splitlines()
    starts = [found.start() for found in re.finditer(r"(?<=\s\s)\S|^\S", head)]
    ends = [*starts[1:], None]

    def cells(line: str) -> list[str]:
        return [line[start:end].strip() for start, end in zip(starts, ends, strict=True)]

    return [dict(zip(cells(head), cells(line), strict=True)) for line in lines]


def psql(url: str, query: str, **values: str) -> list[str]:
    """What psql prints, a line for each row."""
    given = [f"--set={name}={value}" for name, value in values.items()]
    command = [str(program("psql")), url, "--no-psqlrc", "--quiet", "--tuples-only", "--no-align", *given]
    return subprocess.run(command, input=query, capture_output=True, text=True, check=True).stdout.splitlines()


async def cluster_agrees(world: World, act: Act) -> None:
    def get(what: str) -> list[dict[str, str]]:
        return table(world.cluster.kubectl("get", what, "-n", NAMESPACE, "-o", "wide"))

    async def settled() -> bool:  # an old pod may still be going down
        return len(get("pods")) == act.pods

    await until(settled, seconds=15, what="the old pods are gone")
    [deployment] = get("deploy")
    assert (deployment["NAME"], deployment["READY"]) == (SERVICE, f"{act.pods}/{act.pods}")
    assert deployment["IMAGES"] == f"{manifests.IMAGE}:{act.version}"
    sets = {found["IMAGES"].rpartition(":")[2]: (found["DESIRED"], found["READY"]) for found in get("rs")}
    assert {tag: counts for tag, counts in sets.items() if counts != ("0", "0")} == {
        act.version: (str(act.pods), str(act.pods))
    }
    assert [(pod["READY"], pod["STATUS"]) for pod in get("pods")] == [("1/1", "Running")] * act.pods


STATUS = "select state->>'status' from streams where name = 'run/' || :'run';"
VERSION = "select state->>'version' from streams where name = 'run/' || :'run';"
KNOWN_GOOD = "select state->'good'->0->>'version' from streams where name = :'release';"
LEDGER = "select name from opsbot.migrations where state = 'applied' order by number;"


async def databases_agree(world: World, act: Act, *, good: str) -> None:
    assert psql(world.databases["production"], LEDGER)[-2:] == ["023_policy_profiles.sql", "024_tenant_flags.sql"]
    assert psql(world.owner_url, STATUS, run=act.run) == ["succeeded"]
    assert psql(world.owner_url, VERSION, run=act.run) == [act.version]
    assert psql(world.owner_url, KNOWN_GOOD, release=f"release/{SERVICE}/production") == [good]
    assert json.loads(world.known_good_file.read_text())["git_sha"] == commit_of(world.repository, good)[:7]


async def port_agrees(world: World, act: Act) -> None:
    async with httpx.AsyncClient() as client:
        answers = [(await client.get(f"{world.urls['production']}/version")).json() for _ in range(2 * act.pods)]
    wanted = {"version": act.version, "commit": commit_of(world.repository, act.version)}
    assert answers == [wanted] * (2 * act.pods)


async def test_outsiders_agree_with_the_card_after_each_act(production: World) -> None:
    world, tour = production, Tour(production)

    await tour.good_deploy()
    act = await says(world, f"Deployed {SERVICE} to production")
    assert act.version == "v42"
    await cluster_agrees(world, act)
    await databases_agree(world, act, good="v42")
    await port_agrees(world, act)

    await tour.crash()
    failed = await world.person("riley").sees("deploys", f"Deploy failed: {SERVICE} to production")
    assert psql(world.owner_url, STATUS, run=_run(failed)) == ["failed"]
    act = await says(world, f"Rolled back {SERVICE} production to v42")
    await cluster_agrees(world, act)
    await databases_agree(world, act, good="v42")
    await port_agrees(world, act)

    await tour.kpi_breaks()
    failed = await world.person("riley").sees("deploys", lambda m: "Deploy failed" in m.shown and "v46" in m.shown)
    assert psql(world.owner_url, STATUS, run=_run(failed)) == ["failed"]
    act = await says(world, f"Rolled back {SERVICE} production to v42")
    await cluster_agrees(world, act)
    await databases_agree(world, act, good="v42")
    await port_agrees(world, act)

    await tour.back_by_hand()
    act = await says(world, f"Rolled back {SERVICE} production to v41")
    assert act.version == "v41"
    await cluster_agrees(world, act)
    await databases_agree(world, act, good="v42")
    await port_agrees(world, act)

    await tour.back_without_hurry()
    planned = await world.person("riley").sees("deploys", lambda m: "· planned ·" in m.shown)
    assert planned.shown.startswith(f"Rolled back {SERVICE} production to v42")
    assert psql(world.owner_url, STATUS, run=_run(planned)) == ["succeeded"]
    act = await says(world, f"Rolled back {SERVICE} production to v42")
    await cluster_agrees(world, act)
    await databases_agree(world, act, good="v42")
    await port_agrees(world, act)


async def test_a_killed_process_shows_as_a_restart(world: World) -> None:
    namespace = PLACES["staging"]
    victim = world.node.pods(namespace, manifests.LABELS)[0]
    pid = victim.containers[0].pid
    assert pid

    def restarts() -> dict[str, str]:
        pods = table(world.cluster.kubectl("get", "pods", "-n", namespace))
        return {pod["NAME"]: pod["RESTARTS"].partition(" ")[0] for pod in pods}

    before = restarts()
    os.kill(pid, signal.SIGKILL)
    name = victim.name
    await until(
        lambda: asyncio.to_thread(lambda: restarts() == {**before, name: str(int(before[name]) + 1)}), seconds=20
    )
    await until(lambda: world.node.pods(namespace, manifests.LABELS)[0].containers[0].pid not in (pid, None))
