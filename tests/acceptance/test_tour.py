"""The tour, act by act: what kubectl, psql and the service's own port say, held against what the card says."""

import asyncio
import io
import json
import os
import re
import signal
import subprocess
import sys
import zipfile
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
import pytest_asyncio
import yaml

from runbooks.packs.report import CHECK
from sandbox.postgres import program
from sandbox.service import manifests
from sandbox.service.repository import commit_of
from sandbox.slack import Fault, Kind, Message
from sandbox.tour import Players, TourFailed, play
from sandbox.tour.audit import an_audit_pack
from sandbox.tour.deploys import a_crash, a_good_deploy, a_kpi_that_breaks, staging_first
from sandbox.tour.tenant import a_tenant
from sandbox.tour.ways_back import by_hand, without_hurry
from sandbox.waiting import until
from sandbox.world import PLACES, SERVICE, World

pytestmark = pytest.mark.asyncio(loop_scope="session")
PODS = re.compile(r"(\d+) of \1 pods on (v\d+)")
SHORT = 25.0  # seconds for one thing to be seen, where it will not be


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
    return next(word for word in card.shown.split() if re.fullmatch(r"[DRT]-\d+", word))


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


async def cluster_agrees(world: World, act: Act, place: str) -> None:
    async def get(what: str) -> list[dict[str, str]]:
        # aside, since the local Slack lives in this loop
        asked = ("get", what, "-n", PLACES[place], "-o", "wide")
        return table(await asyncio.to_thread(world.cluster.kubectl, *asked))

    async def settled() -> bool:  # an old pod may still be going down
        return len(await get("pods")) == act.pods

    await until(settled, seconds=15, what="the old pods are gone")
    [deployment] = await get("deploy")
    assert (deployment["NAME"], deployment["READY"]) == (SERVICE, f"{act.pods}/{act.pods}")
    assert deployment["IMAGES"] == f"{manifests.IMAGE}:{act.version}"
    sets = {found["IMAGES"].rpartition(":")[2]: (found["DESIRED"], found["READY"]) for found in await get("rs")}
    assert {tag: counts for tag, counts in sets.items() if counts != ("0", "0")} == {
        act.version: (str(act.pods), str(act.pods))
    }
    assert [(pod["READY"], pod["STATUS"]) for pod in await get("pods")] == [("1/1", "Running")] * act.pods


STATUS = "select state->>'status' from streams where name = 'run/' || :'run';"
VERSION = "select state->>'version' from streams where name = 'run/' || :'run';"
KNOWN_GOOD = "select state->'good'->0->>'version' from streams where name = :'release';"
LEDGER = "select name from opsbot.migrations where state = 'applied' order by number;"
PROVEN = "select state #>> '{steps,migrations-proven,outcome,evidence,proven_in}' from streams where name = :'name';"
LIVE = (
    "select release from tenants_live where service = :'service' and environment = 'production' and tenant = 'delta';"
)
PASSES = """
select gate from gate_passes where tenant = 'delta' and release = :'release' and stream like '%/production/delta'
order by version desc limit 4;
"""
FINDING = """
select concat_ws(' ', state->>'severity', state->>'action', state->>'acknowledged_by')
from streams where name = 'finding/' || :'run' || '.tenant-gate-failed';
"""
HEADS = "select distinct on (stream) stream || ' ' || hash from events order by stream, version desc;"
RUNS = "select name from streams where name ~ '^run/' and state->>'service' = :'service' order by name;"


async def databases_agree(world: World, act: Act, place: str, *, good: str) -> None:
    assert psql(world.databases[place], LEDGER)[-2:] == ["023_policy_profiles.sql", "024_tenant_flags.sql"]
    assert psql(world.owner_url, STATUS, run=act.run) == ["succeeded"]
    assert psql(world.owner_url, VERSION, run=act.run) == [act.version]
    assert psql(world.owner_url, KNOWN_GOOD, release=f"release/{SERVICE}/{place}") == [good]
    file = world.folder / "state" / SERVICE / place / "last-known-good.json"
    assert json.loads(file.read_text())["git_sha"] == commit_of(world.repository, good)[:7]


async def port_agrees(world: World, act: Act, place: str) -> None:
    async with httpx.AsyncClient() as client:
        answers = [(await client.get(f"{world.urls[place]}/version")).json() for _ in range(2 * act.pods)]
    wanted = {"version": act.version, "commit": commit_of(world.repository, act.version)}
    assert answers == [wanted] * (2 * act.pods)


async def all_agree(world: World, title: str, version: str, *, place: str = "production") -> str:
    """Outsiders say what the newest card of that title says, and v42 is the last known good; the card's run."""
    act = await says(world, title)
    assert act.version == version
    await cluster_agrees(world, act, place)
    await databases_agree(world, act, place, good="v42")
    await port_agrees(world, act, place)
    return act.run


async def tenant_agrees(world: World) -> None:
    """delta is live by its four passes; its first try failed, was a finding, and somebody took it on."""
    commit, alex = commit_of(world.repository, "v42"), f"{world.slack.workspace.team_id}/{world.slack.users['alex']}"
    failed = await world.person("riley").sees("deploys", f"Onboarding failed: delta to {SERVICE} production")
    onboarded = await world.person("riley").sees("deploys", f"Onboarded delta to {SERVICE} production")
    assert [psql(world.owner_url, STATUS, run=_run(card)) for card in (failed, onboarded)] == [
        ["failed"],
        ["succeeded"],
    ]
    assert psql(world.owner_url, FINDING, run=_run(failed)) == [f"S3 Block go-live. Fix issues first. {alex}"]
    assert psql(world.owner_url, LIVE, service=SERVICE) == [commit]
    assert sorted(psql(world.owner_url, PASSES, release=commit)) == [
        "determinism-proof",
        "golden-path",
        "integrations-contract",
        "rls-harness",
    ]


def pack_agrees(world: World, folder: Path) -> None:
    """One file was ever shared, with Alex alone; sha256sum and Python find in it what psql finds in the database."""
    [shared] = [c for c in world.slack.journal.calls("files.completeUploadExternal") if c.args.get("channel_id")]
    opened = world.slack.journal.calls("conversations.open")
    with_whom = {c.args["users"] for c in opened if c.response["channel"]["id"] == shared.args["channel_id"]}
    assert with_whom == {world.slack.users["alex"]}
    [file] = shared.args["files"]
    with zipfile.ZipFile(io.BytesIO(world.slack.proxy.files.known[file["id"]].content)) as archive:
        archive.extractall(folder)
    [pack] = folder.iterdir()
    subprocess.run(["sha256sum", "--check", "--strict", "MANIFEST"], cwd=pack, check=True, capture_output=True)
    checked = subprocess.run([sys.executable, "-c", CHECK], cwd=pack, check=True, capture_output=True, text=True)
    heads = {line for line in checked.stdout.splitlines() if not line.startswith("audit/")}
    assert heads <= set(psql(world.owner_url, HEADS))
    runs = psql(world.owner_url, RUNS, service=SERVICE)
    assert len(runs) >= 10  # the tour's own
    assert set(runs) <= {head.partition(" ")[0] for head in heads}
    report = (pack / "report.html").read_text()
    assert [run for run in runs if f'href="#{run.removeprefix("run/")}"' not in report] == []


@pytest_asyncio.fixture(loop_scope="session")
async def proven(production: World, staging: World) -> AsyncIterator[World]:
    """The session's world, where production's migrations are tried in staging first."""
    path = production.folder / "opsbot.yaml"
    before = path.read_text()
    told = yaml.safe_load(before)
    told["services"][SERVICE]["environments"]["production"]["proven-in"] = "staging"
    await _serves_by(production, yaml.safe_dump(told, sort_keys=False))
    yield production
    await _serves_by(production, before)


async def _serves_by(world: World, catalogue: str) -> None:
    """A new bot reads it."""
    assert world.bot is not None
    world.bot.terminate()
    await world.bot.wait()
    (world.folder / "opsbot.yaml").write_text(catalogue)
    await world.serve()
    await world.slack.bot_connected(seconds=30)


async def test_it_fails_where_a_finding_or_a_pack_is_lost(production: World) -> None:
    players = Players(production, lambda _: None, SHORT)
    lost = Fault("chat.postMessage", Kind.SWALLOW, match=lambda told: "Tenant onboarding gate failed" in told["text"])
    production.slack.proxy.inject(lost)
    with pytest.raises(TourFailed, match=r"not in Slack, though posted: finding/T-\d+.tenant-gate-failed"):
        await play(players, [a_tenant])
    assert psql(production.owner_url, LIVE, service=SERVICE) == []

    production.slack.proxy.inject(Fault("files.completeUploadExternal", Kind.ERROR, error="restricted_action"))
    with pytest.raises(TourFailed, match="an audit pack in a direct message"):
        await play(players, [an_audit_pack])


async def test_outsiders_agree_with_the_card_after_each_act(proven: World, tmp_path: Path) -> None:
    world, before_mending = proven, []

    def tell(line: str) -> None:
        if "Alex mends it" in line:
            before_mending.append(psql(world.owner_url, LIVE, service=SERVICE))

    players = Players(world, tell)

    await staging_first(players)
    await all_agree(world, f"Deployed {SERVICE} to staging", "v42", place="staging")

    await a_good_deploy(players)
    run = await all_agree(world, f"Deployed {SERVICE} to production", "v42")
    assert psql(world.owner_url, PROVEN, name=f"run/{run}") == ["staging"]

    await a_crash(players)
    failed = await world.person("riley").sees("deploys", f"Deploy failed: {SERVICE} to production")
    assert psql(world.owner_url, STATUS, run=_run(failed)) == ["failed"]
    await all_agree(world, f"Rolled back {SERVICE} production to v42", "v42")

    await a_kpi_that_breaks(players)
    failed = await world.person("riley").sees("deploys", lambda m: "Deploy failed" in m.shown and "v46" in m.shown)
    assert psql(world.owner_url, STATUS, run=_run(failed)) == ["failed"]
    await all_agree(world, f"Rolled back {SERVICE} production to v42", "v42")

    await by_hand(players)
    await all_agree(world, f"Rolled back {SERVICE} production to v41", "v41")

    await without_hurry(players)
    planned = await world.person("riley").sees("deploys", lambda m: "· planned ·" in m.shown)
    assert planned.shown.startswith(f"Rolled back {SERVICE} production to v42")
    assert await all_agree(world, f"Rolled back {SERVICE} production to v42", "v42") == _run(planned)

    await a_tenant(players)
    assert before_mending == [[]]
    await tenant_agrees(world)

    await an_audit_pack(players)
    pack_agrees(world, tmp_path)


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
