"""README.md, "Going live", as a new team walks it: every block in order, on real parts, to the first deploy.

Nothing but what the page itself made up is changed, and what is not run is named here with its reason.
"""

import asyncio
import json
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

import httpx
import psycopg
import pytest

from sandbox.cluster.control_plane import ControlPlane
from sandbox.postgres import PostgresServer, program
from sandbox.service import manifests
from sandbox.service.repository import commit_of, git
from sandbox.slack import LocalSlack, Message
from sandbox.waiting import until
from tests.acceptance.page import Block, blocks
from tests.acceptance.terminal import Terminal, machine
from tests.deploy.dockerfile import ROOT
from tests.deploy.wheels import locked_wheels
from tests.fixtures.cluster import cluster_programs
from tests.fixtures.node import running_node
from tests.fixtures.postgres import temporary_server

pytestmark = [pytest.mark.cluster, pytest.mark.slack]
NAMESPACE = DEPLOYMENT = "orders"
REPOSITORY = "https://opsbot:made-up@git.example/shop/orders.git"

NOT_RUN = {
    "docker build": "no engine here, and no registry to push to; tests/deploy/test_image.py takes the same steps",
    "kubectl --namespace opsbot rollout status": "it waits for that image; the sandbox's node has only the service's",
}
MADE_UP_AND_KEPT = {
    "made-up": "a password: as good as any where PostgreSQL trusts everybody",
    "registry.example/operations/opsbot": "an image that was not built",
    "registry.example/opsbot": "the image's name in deploy/kubernetes/base, which the page replaces",
}


@dataclass(frozen=True)
class Place:
    """A team's machine, its cluster with its service at v41, its workspace."""

    terminal: Terminal
    cluster: ControlPlane
    postgres: PostgresServer
    slack: LocalSlack
    url: str
    values: Mapping[str, str]  # what stands here for what the page made up


@pytest.fixture
def plane(tmp_path: Path) -> Iterator[ControlPlane]:
    """A cluster that never heard of Opsbot."""
    with ControlPlane(tmp_path / "cluster", binaries=cluster_programs(), durable=False, rights=False) as plane:
        yield plane


@pytest.fixture
async def place(
    tmp_path: Path, plane: ControlPlane, local_slack: LocalSlack, service_repository: Path, image_cache: Path
) -> AsyncIterator[Place]:
    async with AsyncExitStack() as stack:
        postgres = stack.enter_context(temporary_server())
        node = await stack.enter_async_context(running_node(plane, repository=service_repository, cache=image_cache))
        service = manifests.deployment(NAMESPACE, version="v41", name=DEPLOYMENT)
        plane.kubectl("create", "namespace", NAMESPACE)
        plane.kubectl("create", "--filename=-", stdin=json.dumps(service))
        rolled_out = ("rollout", "status", f"deployment/{DEPLOYMENT}", "-n", NAMESPACE, "--timeout=60s")
        await asyncio.to_thread(plane.kubectl, *rolled_out)
        url = f"http://127.0.0.1:{await node.expose(NAMESPACE, {'app': DEPLOYMENT})}"
        values = {
            "https://git.example/operations/opsbot.git": str(clone_of_this(tmp_path / "opsbot.git")),
            REPOSITORY: str(service_repository),
            "registry.example/orders": manifests.IMAGE,
            "https://orders.example": url,
            "U0EXAMPLEADA": local_slack.users["riley"],
            "U0EXAMPLEBODO": local_slack.users["alex"],
            "C0EXAMPLEDEPLOYS": local_slack.channels["deploys"],
            "xoxb-made-up": local_slack.bot_token,
            "xapp-made-up": local_slack.app_token,
            "db.example": f"127.0.0.1:{postgres.port}",
        }
        terminal = newcomer(tmp_path, plane, local_slack)
        yield Place(terminal, plane, postgres, local_slack, url, values)


def newcomer(folder: Path, plane: ControlPlane, slack: LocalSlack) -> Terminal:
    """Their machine: what the page asks for is installed, Slack is elsewhere, and the index is a folder."""
    home, notes = folder / "home", folder / "notes"
    home.mkdir()
    notes.mkdir()
    python = Path(sys.base_prefix) / "bin" / f"python{sys.version_info.major}.{sys.version_info.minor}"
    git_itself = Path(shutil.which("git") or "")
    kubectl = plane.programs / "kubectl"
    programs = {"python3": python, "git": git_itself, "kubectl": kubectl, "psql": program("psql")}
    index = locked_wheels(ROOT / "requirements" / "run.txt", ROOT / "requirements" / "build.txt")
    more = {
        "KUBECONFIG": str(plane.admin_kubeconfig),
        "KUBERC": "off",
        "SLACK_API_URL": slack.api_url,
        "PIP_NO_INDEX": "1",
        "PIP_FIND_LINKS": str(index),
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    }
    return Terminal(notes, home, machine(home, programs, more))


def clone_of_this(folder: Path) -> Path:
    """A repository of what stands here now, whether it is committed yet or not."""
    ls_files = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(ls_files, cwd=ROOT, check=True, capture_output=True).stdout
    for name in filter(None, listed.decode().split("\0")):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes((ROOT / name).read_bytes())
    git(folder, "init", "--quiet")
    git(folder, "add", "--all")
    who = ("-c", "user.name=Ada Beispiel", "-c", "user.email=ada@solvereign.example")
    git(folder, *who, "commit", "--quiet", "--message", "As it is")
    return folder


def reason(block: Block) -> str:
    """Why it is not run; "" where it is."""
    return next((why for start, why in NOT_RUN.items() if block.first.startswith(start)), "")


async def follow(place: Place, page: list[Block]) -> None:
    """Do what the page says, and see that it prints what the page says."""
    for block in page:
        assert block.made_up(place.values) <= MADE_UP_AND_KEPT.keys(), block.first
        real = block.made_real(place.values)
        if real.file:
            place.terminal.save(real.file, real.text)
        elif not reason(real):
            assert real.language == "bash", real
            printed = await place.terminal.type(real.text)
            assert real.unkept(printed) == [], printed


async def first_deploy(slack: LocalSlack) -> Message:
    """Riley asks for v42 and ticks, Alex approves; the card in the end."""
    riley, alex = slack.person("riley"), slack.person("alex")
    await slack.bot_connected(seconds=30)
    await riley.command("deploys", "/deploy orders v42")
    await riley.sees("deploys", "D-1 started: orders v42 in production.")
    clicked: set[str] = set()

    async def over() -> list[Message]:
        card = await riley.sees("deploys", lambda m: " D-1 " in m.shown and "orders to production" in m.shown)
        assert not any(sign in card.shown for sign in ("❌", "⏹")), card.shown
        for label, person in (("Done", riley), ("Approve", alex)):
            if label in card.buttons and (what := str(card.element(label))) not in clicked:
                clicked.add(what)
                await person.click(card, label)
        return [card] if "✅ Done" in card.shown else []

    return (await until(over, seconds=120, what="the deploy to end well"))[0]


async def test_a_new_team_goes_from_clone_to_its_own_service(place: Place) -> None:
    page = blocks()
    [serve] = [number for number, block in enumerate(page) if block.text.strip() == "opsbot serve"]
    await follow(place, page[:serve])
    async with place.terminal.stays(page[serve].text) as log:
        card = await first_deploy(place.slack)
        assert page[serve].unkept(log.read_text()) == []
    for words in ("Deployed orders to production", "3 of 3 pods on v42", "2 lines ticked by", "approved by"):
        assert words in card.shown, card.shown
    await outsiders_agree(place)
    await follow(place, page[serve + 1 :])
    the_cluster_has_it(place)
    assert git(place.terminal.folder.parent / "opsbot", "status", "--porcelain") == "", "not a line of code"


async def outsiders_agree(place: Place) -> None:
    deployment = place.cluster.kubectl.json("get", "deployment", DEPLOYMENT, "-n", NAMESPACE)
    [container] = deployment["spec"]["template"]["spec"]["containers"]
    assert (container["image"], deployment["status"]["readyReplicas"]) == (f"{manifests.IMAGE}:v42", 3)
    async with httpx.AsyncClient() as client:
        assert (await client.get(f"{place.url}/version")).json()["version"] == "v42"
    v42 = commit_of(Path(place.values[REPOSITORY]), "v42")
    await until(lambda: v42.startswith(recorded(place.cluster)), what="the record names v42")
    with psycopg.connect(place.postgres.url("opsbot")) as connection:
        good = "select state->'good'->0->>'version' from streams where name = 'release/orders/production'"
        assert connection.execute(good).fetchall() == [("v42",)]


def recorded(cluster: ControlPlane) -> str:
    """The short commit in the ConfigMap of the last known good."""
    data = cluster.kubectl.json("get", "configmap", "orders-last-known-good", "-n", NAMESPACE)["data"]
    return str(json.loads(data["last-known-good.json"])["git_sha"])


def the_cluster_has_it(place: Place) -> None:
    """The bot's Deployment there reads this team's catalogue and runbooks, and is given its secrets."""
    kubectl, folder = place.cluster.kubectl, place.terminal.folder
    pod = kubectl.json("get", "deployment", "opsbot", "-n", "opsbot")["spec"]["template"]["spec"]
    names = {volume["name"]: volume["configMap"]["name"] for volume in pod["volumes"] if "configMap" in volume}
    maps = {volume: kubectl.json("get", "configmap", name, "-n", "opsbot")["data"] for volume, name in names.items()}
    assert maps == {
        "catalogue": {"opsbot.yaml": (folder / "opsbot.yaml").read_text()},
        "runbooks": {"release.md": (folder / "runbooks" / "release.md").read_text()},
    }
    assert "in-cluster: true" in maps["catalogue"]["opsbot.yaml"]
    [serving] = pod["containers"]
    assert serving["image"] == "registry.example/operations/opsbot:0.1.0"
    secrets = {
        name: kubectl.json("get", "secret", name, "-n", "opsbot")["data"] for name in ("opsbot", "opsbot-owner")
    }
    given = {name: sorted(data) for name, data in secrets.items()}
    assert given == {
        "opsbot": [
            "OPSBOT_DATABASE_URL",
            "OPSBOT_KUBECONFIG",
            "ORDERS_REPOSITORY",
            "SLACK_APP_TOKEN",
            "SLACK_BOT_TOKEN",
        ],
        "opsbot-owner": ["OPSBOT_OWNER_DATABASE_URL"],
    }


def test_all_that_is_not_run_and_all_that_is_made_up_is_on_the_page() -> None:
    page = blocks()
    firsts, text = [block.first for block in page], "\n".join(block.text for block in page)
    assert [start for start in NOT_RUN if not any(first.startswith(start) for first in firsts)] == []
    assert [made_up for made_up in MADE_UP_AND_KEPT if made_up not in text] == []
