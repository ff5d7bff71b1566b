"""Where last known goods are kept, as the doctor sees it: fine, missing, and not to be written."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from bot.adapters.kubernetes.client import Address, Clusters
from bot.adapters.kubernetes.config_maps import KubernetesConfigMaps
from bot.adapters.lkg_git import GitRecords
from bot.doctor.finding import Finding, Verdict
from bot.doctor.records import RecordChecks
from runbooks.catalogue import Catalogue
from sandbox.cluster.control_plane import ControlPlane
from tests.doctor.reading import faults, found, only_fault
from tests.doctor.test_outside import catalogue
from tests.fixtures.repositories import Repository


def about(**place: Any) -> Catalogue:
    return catalogue("file:///source", last_known_good=place)


async def look(
    what: Catalogue, folder: Path, *, kubeconfig: Path | None = None, named: Mapping[str, str] | None = None
) -> list[Finding]:
    """All places, the cluster's by this kubeconfig."""
    async with Clusters({"main": Address(kubeconfig or folder / "none")}) as clusters:
        git = GitRecords(folder / "git", environment=os.environ, author="ops@solvereign.example")
        checks = RecordChecks(KubernetesConfigMaps(clusters), git, (named or {}).__getitem__)
        return await found([*checks.in_cluster(what, "main"), *checks.in_git(what)])


@pytest.fixture
def shared(tmp_path: Path) -> str:
    """A bare repository with a branch `main`."""
    clone = Repository(tmp_path / "clone")
    clone.commit({"README.md": "# Operations\n"})
    clone.git("clone", "--quiet", "--bare", clone.url, str(tmp_path / "shared.git"))
    return (tmp_path / "shared.git").as_uri()


async def test_a_branch_that_takes_a_push(tmp_path: Path, shared: str) -> None:
    for repository, named in ((shared, {}), ("RECORDS", {"RECORDS": shared})):
        [fine] = await look(about(git={"repository": repository}), tmp_path, named=named)
        assert fine.holds, fine
        assert (fine.part, fine.check) == (
            "last known good of api production",
            "last-known-good.json on branch main",
        )


async def test_a_branch_and_a_repository_that_are_not_there(tmp_path: Path, shared: str) -> None:
    fault = only_fault(await look(about(git={"repository": shared, "branch": "records"}), tmp_path))
    assert (fault.verdict, fault.says) == (
        Verdict.WRONG,
        f"the repository {shared} has no branch records. Make it, or name another",
    )
    fault = only_fault(await look(about(git={"repository": f"{shared}/gone"}), tmp_path))
    assert (fault.verdict, fault.says) == (Verdict.MISSING, f"the repository {shared}/gone did not answer")
    assert "`git ls-remote`" in fault.mend


@pytest.mark.cluster
async def test_config_maps(control_plane: ControlPlane, namespace: str, tmp_path: Path) -> None:
    kubeconfig = control_plane.opsbot_kubeconfig
    control_plane.kubectl("create", "configmap", "somebody-elses", "-n", namespace)

    async def of(name: str) -> list[Finding]:
        place = catalogue("file:///source", namespace=namespace, last_known_good={"config-map": name})
        return await look(place, tmp_path, kubeconfig=kubeconfig)

    assert faults(await of("solvereign-api-last-known-good")) == []
    fault = only_fault(await of("gone"))
    assert (fault.check, fault.verdict) == ("ConfigMap gone", Verdict.WRONG)
    assert fault.says.endswith(f"Make it, empty: kubectl create configmap gone --namespace {namespace}")
    fault = only_fault(await of("somebody-elses"))
    assert "this bot has no right to it" in fault.says
