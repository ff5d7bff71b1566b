"""`opsbot lkg` from one database to another: files named by their digest, and a sentence where something is wrong."""

import asyncio
import json
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from bot import cli
from bot.adapters.postgres.pool import Pool
from bot.adapters.postgres.store import PostgresStore
from bot.settings import Settings
from runbooks.catalogue import Catalogue
from runbooks.engine.draft import Draft
from runbooks.folds import folds
from runbooks.releases.bundle import Bundle, bundle_of
from runbooks.releases.decide import Adopt
from runbooks.vocabulary import OPSBOT, KnownGood
from tests.bad_input.test_command_line import catalogue
from tests.engine.world import CATALOGUE
from tests.fixtures.store import StoreDatabase
from tests.lkg.releases import TEN, good, template, workload

Opsbot = Callable[..., tuple[int, str, str]]
NAMES = [str(field.validation_alias) for field in Settings.model_fields.values()]
SECRET = {"name": "MAIL_URL", "value": "smtp://mail:MadeUpForThisTest@mail.example"}
V41 = good()
BUNDLE = bundle_of("api", "production", V41)


@pytest.fixture
def opsbot(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Opsbot:
    """Run `opsbot lkg ARGUMENTS` in a folder with a catalogue; exit code, stdout, stderr."""
    monkeypatch.chdir(tmp_path)
    for name in {*NAMES} & os.environ.keys():
        monkeypatch.delenv(name)
    catalogue(tmp_path)

    def run(*arguments: str, **variables: str) -> tuple[int, str, str]:
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        code = cli.main(["lkg", *arguments])
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return run


async def adopted(url: str, *releases: KnownGood) -> None:
    """What was good of `api production`, in this database."""
    async with Pool(url) as pool:
        store = PostgresStore(pool, folds())
        for known in releases:
            draft = Draft(store=store, catalogue=Catalogue.model_construct(clusters={}, services={}), now=TEN)
            await draft.apply("release/api/production", Adopt(known, OPSBOT))
            await store.commit(draft.changes())


def file_of(folder: Path, bundle: Bundle = BUNDLE, name: str = "") -> Path:
    path = folder / (name or f"{bundle.digest}.json")
    path.write_text(bundle.text)
    return path


# ---------------------------------------------------------------- export


async def test_the_last_known_good_goes_into_a_file_named_by_its_digest(
    opsbot: Opsbot, store_database: StoreDatabase, tmp_path: Path
) -> None:
    await adopted(store_database.url, V41)
    code, said, _ = await _apart(opsbot, "export", "api", "production", OPSBOT_DATABASE_URL=store_database.url)
    path = tmp_path / f"{BUNDLE.digest}.json"
    assert (code, said) == (
        0,
        f"Wrote {path.name}: v41 3f2c1d9 of api in production, SHA-256 {BUNDLE.digest}.\n",
    )
    assert (path.read_text(), path.stat().st_mode & 0o777) == (BUNDLE.text, 0o600)
    code, said, _ = await _apart(opsbot, "export", "api", "production", ".")
    assert (code, said.startswith(f"It is there already: {path.name}: v41")) == (0, True)


async def test_another_version_and_the_standard_output(opsbot: Opsbot, store_database: StoreDatabase) -> None:
    await adopted(store_database.url, V41, good("v42", commit="a8005c2" + "0" * 33))
    url = {"OPSBOT_DATABASE_URL": store_database.url}
    code, text, said = await _apart(opsbot, "export", "api", "production", "-", "--version", "v41", **url)
    assert (code, text) == (0, BUNDLE.text)
    assert said == f"v41 3f2c1d9 of api in production, SHA-256 {BUNDLE.digest}.\n"
    code, _, said = await _apart(opsbot, "export", "api", "production", "--version", "v9")
    assert (code, said) == (2, "v9 is not among what was good of api in production: v42, v41. Nothing was written.\n")


async def test_a_secret_in_plain_text_is_said_and_is_not_in_the_file(
    opsbot: Opsbot, store_database: StoreDatabase, tmp_path: Path
) -> None:
    await adopted(store_database.url, good(workloads=(workload(held=template("v41", SECRET)),)))
    path = tmp_path / "bundle.json"
    url = {"OPSBOT_DATABASE_URL": store_database.url}
    code, said, _ = await _apart(opsbot, "export", "api", "production", str(path), **url)
    honest = (
        "The template of Deployment api holds a secret in plain text, which is not kept: it can't be restored from "
        "this file alone, only while the cluster keeps its ReplicaSet. Move it into a Secret, and deploy."
    )
    assert (code, said.splitlines()[1:]) == (0, [honest])
    assert "MadeUpForThisTest" not in path.read_text()
    code, said, _ = await _apart(opsbot, "verify", str(path))
    assert (code, f"✗ {honest}" in said.splitlines(), said.splitlines()[-1]) == (
        1,
        True,
        "As it is, it can't be restored.",
    )


async def test_where_nothing_is_recorded_and_where_a_file_stands(
    opsbot: Opsbot, store_database: StoreDatabase, tmp_path: Path
) -> None:
    url = {"OPSBOT_DATABASE_URL": store_database.url}
    code, _, said = await _apart(opsbot, "export", "api", "prodution", **url)
    assert (code, said) == (
        2,
        "Nothing is recorded as good of api in prodution. Nothing was written; see that both names are right.\n",
    )
    await adopted(store_database.url, V41)
    (tmp_path / "mine.json").write_text("mine")
    code, _, said = await _apart(opsbot, "export", "api", "production", "mine.json")
    assert (code, said) == (
        2,
        "mine.json exists already; nothing was written. Name another file, or move it away.\n",
    )
    assert (tmp_path / "mine.json").read_text() == "mine"


# ---------------------------------------------------------------- verify


def test_a_whole_bundle_of_this_catalogue(opsbot: Opsbot, tmp_path: Path) -> None:
    code, said, _ = opsbot("verify", str(file_of(tmp_path)))
    assert (code, said.splitlines()) == (
        0,
        [
            f"v41 3f2c1d9 of api in production, SHA-256 {BUNDLE.digest}.",
            "· The cluster was not asked: `--against-cluster` tries the restore there, without changing anything.",
            "It can be restored, as far as was looked.",
        ],
    )


def test_a_file_that_was_changed_is_no_bundle_under_its_name(opsbot: Opsbot, tmp_path: Path) -> None:
    path = file_of(tmp_path)
    other = bundle_of("api", "production", replace(V41, version="v66"))
    path.write_text(other.text)
    code, _, said = opsbot("verify", str(path))
    assert (code, said) == (
        2,
        f"{path} can't be used. Its SHA-256 is {other.digest}, not {BUNDLE.digest}: it was changed since it was "
        "written. Take another copy of it.\n",
    )
    renamed = file_of(tmp_path, name="bundle.json")
    assert opsbot("verify", str(renamed), "--digest", f"sha256:{BUNDLE.digest}")[0] == 0
    assert opsbot("verify", str(renamed), "--digest", other.digest)[0] == 2
    assert opsbot("verify", str(renamed), "--digest", "abc")[2] == "“abc” is no SHA-256, which has 64 hex digits.\n"
    assert "· No SHA-256 was given and its name holds none" in opsbot("verify", str(renamed))[1]


@pytest.mark.parametrize(
    ("service", "environment", "known", "said"),
    [
        ("orders", "production", V41, "✗ The catalogue has no service 'orders'; there are: api."),
        ("api", "prod", V41, "✗ The catalogue has no environment 'prod'; there are: production."),
        (
            "api",
            "production",
            good(workloads=(workload(name="web"),)),
            "✗ The catalogue names Deployment api, and it holds none.",
        ),
        (
            "api",
            "production",
            good(workloads=(workload(held=json.loads(json.dumps(template()).replace('"web"', '"api"'))),)),
            "✗ The catalogue names container web of Deployment api, and it holds none.",
        ),
        (
            "api",
            "production",
            good(workloads=(workload(), workload(name="web"))),
            "· It holds Deployment web, which the catalogue does not name: a rollback leaves it as it is.",
        ),
        (
            "api",
            "production",
            good(workloads=(replace(workload(), images={"web": "registry.example/api:v41"}),)),
            "· Container web of Deployment api is kept as registry.example/api:v41, without a digest: whether the "
            "same image comes back depends on its tag.",
        ),
    ],
)
def test_what_is_of_another_place_or_less_than_whole(
    opsbot: Opsbot, tmp_path: Path, service: str, environment: str, known: KnownGood, said: str
) -> None:
    code, lines, _ = opsbot("verify", str(file_of(tmp_path, bundle_of(service, environment, known))))
    assert said in lines.splitlines()
    assert code == (1 if said.startswith("✗") else 0)


# ---------------------------------------------------------------- import, as far as no cluster is asked


@pytest.mark.parametrize(
    ("bundle", "name", "reason", "said"),
    [
        (BUNDLE, "bundle.json", "lost", "holds no SHA-256, so nobody can say that it is what was exported. Nothing"),
        (BUNDLE, f"{'0' * 64}.json", "lost", f"Its SHA-256 is {BUNDLE.digest}, not {'0' * 64}: it was changed"),
        (BUNDLE, "", "  ", "A reason is wanted, for the record: `--reason TEXT`. Nothing was recorded."),
        (
            bundle_of("orders", "production", V41),
            "",
            "lost",
            "The catalogue has no service 'orders'; there are: api. Nothing was recorded.",
        ),
        (
            bundle_of("api", "production", good(workloads=())),
            "",
            "lost",
            "The catalogue names Deployment api, and it holds none. Nothing was recorded.",
        ),
    ],
)
async def test_what_is_not_imported(  # noqa: PLR0917  # fixtures, and the columns of the table
    opsbot: Opsbot,
    store_database: StoreDatabase,
    tmp_path: Path,
    bundle: Bundle,
    name: str,
    reason: str,
    said: str,
) -> None:
    variables = {"OPSBOT_DATABASE_URL": store_database.url, **_variables(tmp_path)}
    path = str(file_of(tmp_path, bundle, name))
    code, _, told = await _apart(opsbot, "import", path, "--reason", reason, **variables)
    assert (code, said in told) == (2, True), told
    async with Pool(store_database.url) as pool:
        assert await PostgresStore(pool, folds()).history("release/api/production") == []


def test_its_help_says_what_a_bundle_is(opsbot: Opsbot, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        opsbot("--help")
    said = " ".join(capsys.readouterr().out.split())
    assert "Its name is its SHA-256. Keep it outside the cluster, and outside the database." in said


def _variables(folder: Path) -> dict[str, str]:
    """What the catalogue names, set to places where nothing is."""
    found = yaml.safe_load((folder / "opsbot.yaml").read_text())
    assert found["clusters"] == CATALOGUE["clusters"]
    names = [cluster["kubeconfig"] for cluster in found["clusters"].values() if "kubeconfig" in cluster]
    return {"DATABASE": "postgresql://nobody@127.0.0.1:1/nothing", **dict.fromkeys(names, str(folder / "kubeconfig"))}


async def _apart(opsbot: Opsbot, *arguments: str, **variables: str) -> tuple[int, str, str]:
    """Beside the test's own event loop: the command runs one itself."""
    return await asyncio.to_thread(opsbot, *arguments, **variables)
