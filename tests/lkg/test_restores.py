"""A bundle against a real control plane: what it brings back once history is lost, and what is said of it before."""

import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from bot import adopting
from bot.adapters.kubernetes.client import Address, Clusters
from bot.adapters.kubernetes.secret_names import KubernetesSecretNames
from bot.adapters.kubernetes.workloads import KubernetesWorkloads
from bot.adapters.postgres.pool import Pool
from bot.adapters.postgres.store import PostgresStore
from bot.lkg import exporting, importing
from bot.lkg.files import NoBundle
from bot.lkg.verifying import verify
from bot.settings import Settings
from runbooks.digests import digest_of
from runbooks.folds import folds
from runbooks.releases import events as e
from runbooks.releases.bundle import Bundle, bundle_of, read
from runbooks.releases.state import Release
from runbooks.steps.kubernetes.deployments import EPOCH, template_of
from runbooks.steps.kubernetes.restore import Restore
from runbooks.steps.kubernetes.trial import tried
from runbooks.store import Changes, Work
from runbooks.vocabulary import Done, Json, KnownGood
from sandbox.cluster.control_plane import ControlPlane
from sandbox.node import Node
from sandbox.service import manifests
from tests.bad_input.test_command_line import catalogue
from tests.fixtures.store import StoreDatabase
from tests.steps.kube import API, ROLLOUT, Kube, connected, image, images, planned, watched
from tests.steps.restoring import NO_DATABASES, all_seen, recorded

pytestmark = pytest.mark.cluster
PLACE = f"release/{API}/production"


@pytest.fixture
async def kube(control_plane: ControlPlane, namespace: str) -> AsyncIterator[Kube]:
    async with connected(control_plane, namespace) as kube:
        yield kube


def through_a_file(known: KnownGood, folder: Path) -> KnownGood:
    """What is left of a release when all that there is of it is a file."""
    bundle = bundle_of(API, "production", known)
    path = folder / f"{bundle.digest}.json"
    path.write_text(bundle.text)
    return read(path.read_bytes()).known_good


async def restored(kube: Kube, known: KnownGood) -> Done:
    """A rollback to it, to its end."""
    step = Restore(kube.workloads, NO_DATABASES)
    site = kube.site(run="R-107", version=known.version, target=known)
    turn = all_seen(await planned(step, site, epoch=9000))
    outcome, _ = await watched(step, turn, await step.start(turn), seconds=90)
    assert isinstance(outcome, Done), outcome
    return outcome


# ---------------------------------------------------------------- history that is lost


async def test_after_its_replica_sets_were_pruned(kube: Kube, node: Node, tmp_path: Path) -> None:
    await kube.create("v41", revisionHistoryLimit=0)
    await kube.settled()
    known = through_a_file(await recorded(kube), tmp_path)
    await kube.set_image("v42")
    await kube.settled()
    sets = await kube.workloads.replica_sets(kube.ref(), {"matchLabels": {"app": API}})
    assert [images({"spec": each["spec"]})["api"] for each in sets] == [image("v42")], "nothing to go back to is left"
    assert (await restored(kube, known)).line == "1 of 1 pods on v41, by digest"
    assert digest_of(template_of(await kube.raw())) == known.workloads[0].digest


async def test_into_a_deployment_that_was_deleted_and_created_anew(kube: Kube, node: Node, tmp_path: Path) -> None:
    before = await kube.create("v41")
    await kube.settled()
    known = through_a_file(await recorded(kube), tmp_path)
    await kube.kubectl("delete", "deployment", API, "--cascade=foreground")
    anew = await kube.create("v42")
    assert anew["metadata"]["uid"] != before["metadata"]["uid"]
    for version in ("v43", "v42"):
        await kube.set_image(version)  # so that its revisions have other numbers
    await kube.settled()
    assert (await restored(kube, known)).line == "1 of 1 pods on v41, by digest"
    assert digest_of(template_of(await kube.raw())) == known.workloads[0].digest


# ---------------------------------------------------------------- from one bot to another


@pytest.fixture
def bots(
    control_plane: ControlPlane,
    namespace: str,
    service_repository: Path,
    tmp_path: Path,
    store_databases: Callable[[], StoreDatabase],
    monkeypatch: pytest.MonkeyPatch,
) -> Callable[[], Settings]:
    """Makes bots of the same catalogue, each with an empty database of its own: the settings of each."""
    monkeypatch.chdir(tmp_path)
    place = {
        "cluster": "main",
        "namespace": namespace,
        "channels": {"deploys": "C1", "s2": "C2"},
        "rollers-back": ["sre"],
        "approval": {"group": "sre"},
        "rollout": ROLLOUT,
    }
    service = {
        "image": manifests.IMAGE,
        "source": {"repository": f"file://{service_repository}"},
        "workloads": [{"deployment": API, "containers": ["api"]}],
        "runbooks": {"deploy": "deploy", "rollback": "back"},
        "default-environment": "production",
        "environments": {"production": place},
    }
    catalogue(tmp_path, clusters={"main": {"kubeconfig": "TEST_KUBECONFIG"}}, services={API: service})
    monkeypatch.setenv("TEST_KUBECONFIG", str(control_plane.opsbot_kubeconfig))

    def make() -> Settings:
        monkeypatch.setenv("OPSBOT_DATABASE_URL", store_databases().url)
        return Settings.load("database_url")

    return make


async def exported(settings: Settings) -> Bundle:
    return await exporting.exported(settings, exporting.Wanted(API, "production"))


async def release_of(settings: Settings) -> tuple[Release, list[object]]:
    async with Pool(settings.database_url.get_secret_value()) as pool:
        store = PostgresStore(pool, folds())
        state = (await store.read([PLACE])).streams[PLACE].state
        kind = folds()["release"].event_type
        return state, [kind.validate_json(each.data) for each in await store.history(PLACE)]


async def test_what_one_bot_exported_another_one_imports_and_restores(
    kube: Kube, node: Node, bots: Callable[[], Settings], tmp_path: Path
) -> None:
    await kube.create("v41", revisionHistoryLimit=0)
    await kube.settled()
    first = bots()
    await adopting.adopt(first, API, "production")
    bundle = await exported(first)
    exporting.write(bundle, exporting.Wanted(API, "production", str(tmp_path)))
    await kube.kubectl("annotate", "deployment", API, f"{EPOCH}=4711")  # as far as the first one had come
    await kube.set_image("v42")
    await kube.settled()
    second, path = bots(), tmp_path / f"{bundle.digest}.json"
    verdict = await verify(second, path, against_cluster=True)
    assert (verdict.good, verdict.lines[0]) == (True, exporting.told(bundle))
    assert verdict.lines[1].startswith("· Whether Secret solvereign-database is there is not known")
    assert verdict.lines[2:] == ("It can be restored, as far as was looked.",)

    wanted = importing.Wanted(path, "its database is lost")
    said = await importing.import_bundle(second, wanted)
    assert said == (
        f"Recorded v41 {bundle.known_good.commit[:7]} as known good of {API} production. It is the last known good "
        f"there now: `/rollback {API} production` goes to it."
    )
    assert "is recorded so already. Nothing was recorded." in await importing.import_bundle(second, wanted)
    release, told = await release_of(second)
    (event,) = told
    assert isinstance(event, e.Imported)
    assert (event.bundle, event.reason) == (bundle.digest, "its database is lost")
    assert event.by.startswith("shell/")
    assert (await exported(second)).digest == bundle.digest, "it is the same release in both"
    assert await next_epoch(second) > 4711, "or the cluster would take it for the older one"
    assert release.known_good is not None
    await restored(kube, release.known_good)
    assert digest_of(template_of(await kube.raw())) == bundle.known_good.workloads[0].digest


async def next_epoch(settings: Settings) -> int:
    async with Pool(settings.database_url.get_secret_value()) as pool:
        store = PostgresStore(pool, folds())
        await store.commit(Changes(wake=(Work("test", PLACE),)))
        lease = await store.claim(["test"])
        assert lease is not None
        return lease.epoch


async def test_not_where_the_cluster_does_not_answer(
    kube: Kube, bots: Callable[[], Settings], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await kube.create("v41")
    bundle = bundle_of(API, "production", await recorded(kube))
    settings, path = bots(), tmp_path / f"{bundle.digest}.json"
    path.write_text(bundle.text)
    monkeypatch.setenv("TEST_KUBECONFIG", str(tmp_path / "there-is-none"))
    with pytest.raises(NoBundle, match=r"Kubernetes cluster main did not answer.* Nothing was recorded\."):
        await importing.import_bundle(settings, importing.Wanted(path, "lost"))
    assert (await release_of(settings))[1] == []
    verdict = await verify(settings, path, against_cluster=True)
    assert (verdict.good, "so nothing could be tried there" in "\n".join(verdict.lines)) == (False, True)


# ---------------------------------------------------------------- what is said before


CONFIGURED: Json = {
    "env": [],
    "envFrom": [{"configMapRef": {"name": "api-env"}}, {"secretRef": {"name": "api-key"}}],
}


async def configured(kube: Kube) -> KnownGood:
    """A release that refers to a ConfigMap and a Secret; then both are changed."""
    await kube.kubectl("create", "configmap", "api-env", "--from-literal=LEVEL=1", "--from-literal=COLOUR=red")
    await kube.kubectl("create", "secret", "generic", "api-key", "--from-literal=KEY=made-up")
    container = {**manifests.container("v41"), **CONFIGURED}
    await kube.create("v41", pod={"containers": [container]})
    known = await recorded(kube)
    assert known.workloads[0].secrets == ("api-key",)
    await kube.set_image("v42")
    return known


async def test_what_drifted_is_told_and_what_is_gone_keeps_it_from_coming_back(
    kube: Kube, control_plane: ControlPlane
) -> None:
    site = kube.site(version="v41", target=await configured(kube))
    async with Clusters({"main": Address(control_plane.admin_kubeconfig)}) as clusters:
        names, workloads = KubernetesSecretNames(clusters), KubernetesWorkloads(clusters)
        assert await tried(workloads, names, site) == await tried(workloads, names, site)
        assert (await tried(workloads, names, site)).faults == ()
        await kube.kubectl("patch", "configmap", "api-env", f"--patch={json.dumps({'data': {'LEVEL': '2'}})}")
        await kube.kubectl("delete", "secret", "api-key")
        found = await tried(workloads, names, site)
        assert found.notes == ("ConfigMap api-env changed since (1 key); a restore does not bring that back.",)
        assert found.faults == (f"There is no Secret api-key in namespace {kube.namespace}, and the pods need it.",)
        await kube.kubectl("delete", "configmap", "api-env")
        assert (
            f"There is no ConfigMap api-env in namespace {kube.namespace}, and the pods need it."
            in (await tried(workloads, names, site)).faults
        )
    assert images(await kube.raw()) == {"api": image("v42")}, "nothing was changed"


async def test_the_bot_itself_may_not_ask_for_secrets_and_says_how_to_look(kube: Kube) -> None:
    site = kube.site(version="v41", target=await configured(kube))
    found = await tried(kube.workloads, KubernetesSecretNames(kube.clusters), site)
    assert found.notes == (
        "Whether Secret api-key is there is not known: Opsbot has no right to ask. Look yourself: "
        f"kubectl --namespace {kube.namespace} get secret api-key",
    )


async def test_what_the_cluster_would_refuse_is_told_by_a_dry_run(kube: Kube) -> None:
    await kube.create("v41")
    site = kube.site(version="v41", target=await recorded(kube))
    names = KubernetesSecretNames(kube.clusters)
    await kube.edit([{"op": "add", "path": "/spec/template/spec/hostAliases", "value": [{"ip": "192.0.2.1"}]}])
    (fault,) = (await tried(kube.workloads, names, site)).faults
    assert "the admission policy opsbot-deployments forbids it" in fault
    await kube.kubectl("patch", "deployment", API, "--type=merge", '--patch={"spec": {"paused": true}}')
    (fault,) = (await tried(kube.workloads, names, site)).faults
    assert fault.startswith(f"Deployment {API} in namespace {kube.namespace} is paused")
    await kube.kubectl("delete", "deployment", API)
    (fault,) = (await tried(kube.workloads, names, site)).faults
    assert fault == f"There is no Deployment {API} in namespace {kube.namespace}. Create it, then it can come back."
