"""The services of a campaign: each with a channel, a namespace, a Deployment and a database of its own.

All come from one repository of many versions; each version brings one migration more.
"""

import os
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sandbox.cluster.kwok import PLACEMENT
from sandbox.service import manifests
from sandbox.slack.workspace import Channel, Group, Member, Workspace

ENVIRONMENT = "here"
REQUESTERS, APPROVERS, OUTSIDERS = ("riley", "robin"), ("alex", "casey"), ("olive",)
MIGRATIONS = "db"
LIBRARY = Path(__file__).parent / "library"
INCIDENTS = Channel("C0INCIDENTS", "incidents")
_COMMIT = """commit refs/heads/main
mark :{number}
committer Ada Beispiel <ada@solvereign.example> {seconds} +0000
data 9
Release.

M 100644 inline {folder}/{digits}_m_{digits}.sql
data {up_size}
{up}
M 100644 inline {folder}/{digits}_rollback.sql
data {back_size}
{back}
reset refs/tags/{tag}
from :{number}

"""
_UP = "create table m_{digits} (id integer);\ninsert into effects (what) values ('m_{digits}');\n"
_BACK = "drop table m_{digits};\n"
_BROKEN, _FIRST = 20, 3  # one version in 20 has pods that crash, so that its deploy fails and goes back by itself
_BEGINNING = 1_767_600_000  # seconds since 1970; the same commits every time


@dataclass(frozen=True)
class Place:
    """One service in its one environment."""

    number: int

    @property
    def service(self) -> str:
        """Its name, and that of its namespace, database and channel."""
        return f"chaos-{self.number:02}"

    @property
    def channel(self) -> str:
        """Slack's id of its channel."""
        return f"C0CHAOS{self.number:02}"

    @property
    def variable(self) -> str:
        """What the catalogue calls the address of its database."""
        return f"CHAOS_{self.number:02}_DATABASE"


def version(number: int) -> str:
    """What a version is called; the end of the name tells a simulated node what becomes of its pods."""
    return f"v{number}-crash" if number % _BROKEN == _FIRST else f"v{number}"


def places(count: int) -> tuple[Place, ...]:
    """So many services."""
    return tuple(map(Place, range(1, count + 1)))


def workspace(services: Sequence[Place]) -> Workspace:
    """A Slack workspace with their channels."""
    people = (*REQUESTERS, *APPROVERS, *OUTSIDERS)
    return Workspace(
        name="Example Harbour",
        domain="example-harbour",
        team_id="T0HARBOUR",
        members=tuple(Member(f"U0{name.upper()}", name, name.capitalize()) for name in people),
        channels=(INCIDENTS, *(Channel(place.channel, place.service) for place in services)),
        groups=(
            Group("S0SRE", "sre", "Site reliability", (*APPROVERS, "riley")),
            Group("S0DEVELOPERS", "developers", "Developers", REQUESTERS),
        ),
    )


def catalogue(services: Sequence[Place], repository: Path, slack: Workspace) -> dict[str, Any]:
    """The campaign's `opsbot.yaml`."""
    return {
        "groups": {name: {"slack": identity} for name, identity in slack.group_ids.items()},
        "clusters": {"sandbox": {"kubeconfig": "SANDBOX_KUBECONFIG"}},
        "library": [str(LIBRARY)],
        "services": {place.service: _service(place, repository) for place in services},
    }


def _service(place: Place, repository: Path) -> dict[str, Any]:
    environment = {
        "cluster": "sandbox",
        "namespace": place.service,
        "database": place.variable,
        "channels": {"deploys": place.channel, "s1": INCIDENTS.id, "s2": INCIDENTS.id},
        "deployers": ["developers"],
        "rollers-back": ["sre"],
        "approval": {"group": "sre"},
        "rollout": {"deadline": "5m", "grace": "4s", "soak": "0s", "poll": "1s"},
    }
    return {
        "image": manifests.IMAGE,
        "source": {"repository": str(repository)},
        "workloads": [{"deployment": manifests.NAME, "containers": ["api"]}],
        "migrations": {"folder": MIGRATIONS},
        "runbooks": {"deploy": "chaos-deploy", "rollback": "chaos-back"},
        "environments": {ENVIRONMENT: environment},
    }


def deployment(place: Place) -> dict[str, Any]:
    """Its Deployment as it is before the first deploy: two pods that are simulated."""
    labels = {"app": manifests.NAME}
    container = {"name": "api", "image": f"{manifests.IMAGE}:v0"}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": manifests.NAME, "namespace": place.service, "labels": labels},
        "spec": {
            "replicas": 2,
            "revisionHistoryLimit": 3,
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": {**PLACEMENT, "containers": [container]}},
        },
    }


def repository(folder: Path, versions: int) -> Path:
    """A bare repository with so many versions, each a tag."""
    clean = {"PATH": os.environ["PATH"], "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    for arguments, told in (
        (["init", "--quiet", "--bare", "--initial-branch=main", str(folder)], ""),
        (["-C", str(folder), "fast-import", "--quiet"], "".join(_commits(versions))),
    ):
        subprocess.run(["git", *arguments], env=clean, input=told, text=True, check=True)
    return folder


def _commits(versions: int) -> Iterator[str]:
    for number in range(1, versions + 1):
        digits = f"{number:04}"
        up, back = _UP.format(digits=digits), _BACK.format(digits=digits)
        yield _COMMIT.format(
            number=number,
            tag=version(number),
            digits=digits,
            seconds=_BEGINNING + number,
            folder=MIGRATIONS,
            up=up,
            up_size=len(up),
            back=back,
            back_size=len(back),
        )
