"""The sample service: its repository's commits, its own tests, and each version's failing."""

import http.client
import json
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from sandbox.node.images import ImageNotFound, Images, InvalidImageName, digest_of
from sandbox.postgres import PostgresServer
from sandbox.service.database import MIGRATIONS, migrations, prepare
from sandbox.service.manifests import IMAGE
from sandbox.service.repository import build, commit_of, git
from sandbox.waiting import until

VERSIONS = ("v41", "v42", "v43", "v44", "v45", "v46", "v47", "v48", "v49", "main")


@pytest.fixture(scope="module")
def repository(service_repository: Path) -> Path:
    return service_repository


@pytest.fixture(scope="module")
def images(repository: Path, image_cache: Path) -> Images:
    return Images({IMAGE: repository}, image_cache)


@contextmanager
def _running(files: Path, **environment: str) -> Iterator[http.client.HTTPConnection]:
    """The service in these files, once it listens."""
    command = [sys.executable, "-m", "backend_py"]
    with subprocess.Popen(
        command, cwd=files, env={"PORT": "0", **environment}, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            port = int(process.stdout.readline().rpartition(" ")[2])
            yield http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        finally:
            process.send_signal(signal.SIGTERM)
            assert process.wait(10) == 0


def _get(connection: http.client.HTTPConnection, path: str) -> tuple[int, dict[str, str]]:
    connection.request("GET", path)
    response = connection.getresponse()
    return response.status, json.load(response)


def test_commits_are_the_same_wherever_they_are_made(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = tmp_path / "gitconfig"
    settings.write_text("[user]\nname = Somebody Else\n[commit]\ngpgsign = true\n[core]\nautocrlf = true\n")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(settings))
    monkeypatch.setenv("GIT_AUTHOR_NAME", "Somebody Else")
    monkeypatch.setenv("TZ", "Pacific/Auckland")
    again = build(tmp_path / "again")
    assert [commit_of(again, version) for version in VERSIONS] == [commit_of(repository, one) for one in VERSIONS]


def test_several_people_wrote_it(repository: Path) -> None:
    assert len(set(git(repository, "log", "--format=%an", "main").splitlines())) == 3


def test_only_v45_has_a_migration_without_a_way_back(repository: Path) -> None:
    for version in VERSIONS:
        present = git(repository, "ls-tree", "--name-only", f"{version}:{MIGRATIONS}").splitlines()
        missing = [name for name in migrations(repository, version) if f"{name[:3]}_rollback.sql" not in present]
        assert missing == (["025_shift_notes"] if version == "v45" else []), version


@pytest.mark.parametrize(("version", "last"), [("v41", "023_policy_profiles"), ("v42", "024_tenant_flags")])
def test_the_last_migration_of_the_good_versions(repository: Path, version: str, last: str) -> None:
    assert list(migrations(repository, version))[-1] == last


@pytest.mark.parametrize("version", VERSIONS)
def test_its_own_tests_pass(images: Images, version: str) -> None:
    files = (images.pull(f"{IMAGE}:{version}")).files
    result = subprocess.run(
        [sys.executable, "-m", "pytest", "backend_py/"], cwd=files, check=False, capture_output=True, text=True
    )
    assert result.returncode == 0, result.stdout
    assert " passed" in result.stdout


@pytest.mark.parametrize("version", ["v41", "v42", "v45", "v46", "v47", "v48", "v49", "main"])
def test_the_good_ones_answer_and_say_who_they_are(images: Images, version: str) -> None:
    image = images.pull(f"{IMAGE}:{version}")
    with _running(image.files) as service:
        assert _get(service, "/health/live")[0] == 200
        assert _get(service, "/health/ready") == (200, {"status": "ready"})
        expected = "v45" if version == "main" else version
        assert _get(service, "/version") == (200, {"version": expected, "commit": image.commit})


def _plans(service: http.client.HTTPConnection) -> dict[str, int]:
    """Made and failed ones, as the service counts them."""
    service.request("GET", "/metrics")
    text = service.getresponse().read().decode()
    return {outcome: int(n) for outcome, n in re.findall(r'solvereign_plans_total{outcome="(\w+)"} (\d+)', text)}


async def test_a_good_one_plans_and_counts_its_answers(images: Images) -> None:
    with _running(images.pull(f"{IMAGE}:v42").files) as service:
        _get(service, "/version")
        plans = await until(lambda: (found := _plans(service))["made"] and found, what="plans")
        service.request("GET", "/metrics")
        text = service.getresponse().read().decode()
    assert plans["failed"] == 0
    assert 'http_requests_total{status="200"} 1' in text
    assert 'http_request_duration_seconds_bucket{le="+Inf"} 1' in text


def test_v46_has_no_room_for_a_whole_season(images: Images) -> None:
    with _running(images.pull(f"{IMAGE}:v46").files) as service:
        service.request("POST", "/plans/6000")
        assert json.loads(service.getresponse().read())["made"] <= 5000
        assert _plans(service)["failed"] >= 1000
        assert _get(service, "/health/ready")[0] == 200


def test_a_good_one_has_room_for_a_season(images: Images) -> None:
    with _running(images.pull(f"{IMAGE}:v42").files) as service:
        service.request("POST", "/plans/6000")
        assert json.loads(service.getresponse().read()) == {"made": 6000}
        service.request("POST", "/plans/x")
        assert json.loads(service.getresponse().read()) == {"error": "not found"}


def test_v43_lives_and_is_never_ready(images: Images) -> None:
    with _running(images.pull(f"{IMAGE}:v43").files) as service:
        assert _get(service, "/health/live")[0] == 200
        assert _get(service, "/health/ready") == (503, {"status": "not ready", "reason": "flag cache is cold"})


def test_v44_crashes_at_start_and_says_why(images: Images) -> None:
    files = (images.pull(f"{IMAGE}:v44")).files
    result = subprocess.run(
        [sys.executable, "-m", "backend_py"],
        cwd=files,
        env={"PORT": "0", "DATABASE_URL": "postgresql://db.example/solvereign"},
        check=False,
        capture_output=True,
        text=True,
    )
    assert result.returncode == 1
    assert "SOLVEREIGN_DATABASE_URL is not set" in result.stderr


def test_a_good_version_can_be_made_to_crash(tmp_path: Path) -> None:
    images = Images({IMAGE: build(tmp_path / "repository", crashing={"v42"})}, tmp_path)
    files = (images.pull(f"{IMAGE}:v42")).files
    result = subprocess.run(
        [sys.executable, "-m", "backend_py"], cwd=files, env={}, check=False, capture_output=True, text=True
    )
    assert result.returncode == 1


def test_readiness_follows_the_database(images: Images, postgres_server: PostgresServer) -> None:
    files = (images.pull(f"{IMAGE}:v41")).files
    with _running(files, DATABASE_URL=postgres_server.url()) as service:
        assert _get(service, "/health/ready")[0] == 200
    with _running(files, DATABASE_URL="postgresql://127.0.0.1:1/none") as service:
        assert _get(service, "/health/ready") == (503, {"status": "not ready", "reason": "database unreachable"})


def test_the_smoke_test_tells_the_right_version_from_the_wrong(images: Images) -> None:
    files = (images.pull(f"{IMAGE}:v41")).files
    with _running(files) as service:
        smoke = [sys.executable, "-m", "backend_py.tools.smoke", "--url", f"http://127.0.0.1:{service.port}"]
        results = [
            subprocess.run([*smoke, "--version", version], cwd=files, check=False, capture_output=True, text=True)
            for version in ("v41", "v42")
        ]
    assert [result.returncode for result in results] == [0, 1]
    assert "/version says v41, expected v42" in results[1].stdout


def test_an_image_is_found_by_tag_commit_branch_and_digest(repository: Path, images: Images) -> None:
    commit = commit_of(repository, "v42")
    by_tag = images.pull(f"{IMAGE}:v42")
    assert by_tag.commit == commit
    assert by_tag.id == f"{IMAGE}@sha256:{digest_of(commit)}"
    for reference in (
        f"{IMAGE}:{commit}",
        f"{IMAGE}:{commit[:7]}",
        by_tag.id,
        f"{IMAGE}:v41@sha256:{digest_of(commit)}",
    ):
        assert images.pull(reference) == by_tag
    assert (images.pull(f"{IMAGE}:main")).commit == commit_of(repository, "main")


@pytest.mark.parametrize(
    "reference", [f"{IMAGE}:v99", "registry.example/other:v42", IMAGE, f"{IMAGE}@sha256:{'0' * 64}"]
)
def test_an_image_that_does_not_exist_is_not_found(images: Images, reference: str) -> None:
    with pytest.raises(ImageNotFound):
        images.pull(reference)


@pytest.mark.parametrize("reference", ["Registry.example/UPPER:v1", f"{IMAGE}:v 42", f"{IMAGE}:-v42", ""])
def test_what_is_no_image_name_is_said(images: Images, reference: str) -> None:
    with pytest.raises(InvalidImageName):
        images.pull(reference)


def test_rows_are_fenced_by_tenant_and_the_way_back_is_whole(
    postgres_server: PostgresServer, repository: Path
) -> None:
    url = prepare(postgres_server, "solvereign_test", repository=repository, version="v42")
    try:
        with psycopg.connect(url) as connection:
            assert connection.execute("select count(*) from shifts").fetchone() == (0,)
            connection.execute("select set_config('app.tenant', 'acme', false)")
            assert connection.execute("select count(*) from shifts").fetchone() == (1,)
            for number in ("024", "023", "022", "021"):
                connection.execute(git(repository, "show", f"v42:{MIGRATIONS}/{number}_rollback.sql").encode())
            left = connection.execute("select relname from pg_class where relnamespace = 'public'::regnamespace")
            assert left.fetchall() == []
    finally:
        postgres_server.drop_database("solvereign_test")
