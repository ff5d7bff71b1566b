"""Which version's code runs on which version's schema, as the sample service's own command says."""

import subprocess
import sys
from pathlib import Path

import pytest

from sandbox.node.images import Images
from sandbox.postgres import PostgresServer
from sandbox.service.database import prepare
from sandbox.service.manifests import IMAGE


@pytest.fixture
def images(service_repository: Path, image_cache: Path) -> Images:
    return Images({IMAGE: service_repository}, image_cache)


@pytest.mark.parametrize(
    ("code", "schema", "runs"),
    [
        ("v41", "v41", True),
        ("v41", "v42", True),
        ("v42", "v48", True),
        ("v42", "v49", False),
        ("v49", "v49", True),
    ],
)
def test_it_says_whether_the_code_runs_on_the_schema(
    *,
    postgres_server: PostgresServer,
    images: Images,
    service_repository: Path,
    code: str,
    schema: str,
    runs: bool,
) -> None:
    url = prepare(postgres_server, "compatibility", repository=service_repository, version=schema)
    done = subprocess.run(
        [sys.executable, "-m", "backend_py.tools.compatibility"],
        cwd=images.pull(f"{IMAGE}:{code}").files,
        env={"DATABASE_URL": url},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode == 0) is runs, done.stdout
    if not runs:
        assert "FAILED a profile is entered" in done.stdout
        assert 'column "longest_week_hours"' in done.stdout
