"""Makes the sample service's git repository on the spot, always with the same commits.

v41 is good; v42 is good and brings migration 024; v43 starts and never gets ready; v44 crashes at start; v45 brings
migration 025 without a rollback script, which the head of `main` then adds. Three branches leave from v42: v46 is
well until somebody plans a whole season; v47 brings another 025, whose rollback script forgets an index, and v48 the
same with that script mended; v49 brings a third 025, on which the code of v42 does not run.
"""

import os
import shutil
import subprocess
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

_TEMPLATE = Path(__file__).parent / "template"
_CRASHES = "v44"

_ADA = ("Ada Beispiel", "ada@solvereign.example")
_BODO = ("Bodo Muster", "bodo@solvereign.example")
_CLEO = ("Cleo Sample", "cleo@solvereign.example")


@dataclass(frozen=True)
class _Commit:
    subject: str
    author: tuple[str, str]
    day: int  # of January 2026
    layers: tuple[str, ...]  # folders of the template, later ones over earlier ones
    version: str  # what the code says it is
    tag: str | None = None


_HISTORY = (
    _Commit("Plan shifts for tenants", _ADA, 5, ("v41",), "v40"),
    _Commit("Release v41", _BODO, 7, ("v41",), "v41", "v41"),
    _Commit("Switch features per tenant", _CLEO, 8, ("v41", "v42"), "v41"),
    _Commit("Release v42", _BODO, 9, ("v41", "v42"), "v42", "v42"),
    _Commit("Read all flags once, at start", _CLEO, 12, ("v41", "v42", "v43"), "v42"),
    _Commit("Release v43", _ADA, 13, ("v41", "v42", "v43"), "v43", "v43"),
    _Commit("Name our settings after ourselves", _ADA, 14, ("v41", "v42", "v44"), "v43"),
    _Commit("Release v44", _BODO, 15, ("v41", "v42", "v44"), "v44", "v44"),
    _Commit("Let planners write notes", _CLEO, 19, ("v41", "v42", "v45"), "v44"),
    _Commit("Release v45", _BODO, 20, ("v41", "v42", "v45"), "v45", "v45"),
    _Commit("Write the way back of 025", _ADA, 21, ("v41", "v42", "v45", "main"), "v45"),
)
_BRANCHES = {  # each from v42
    "planner": (
        _Commit("Never plan the same twice", _BODO, 22, ("v41", "v42", "v46"), "v42"),
        _Commit("Release v46", _CLEO, 23, ("v41", "v42", "v46"), "v46", "v46"),
    ),
    "labels": (
        _Commit("Call a shift by a name", _ADA, 26, ("v41", "v42", "v47"), "v42"),
        _Commit("Release v47", _BODO, 26, ("v41", "v42", "v47"), "v47", "v47"),
        _Commit("Drop the index on the way back of 025", _ADA, 27, ("v41", "v42", "v47", "v48"), "v47"),
        _Commit("Release v48", _BODO, 27, ("v41", "v42", "v47", "v48"), "v48", "v48"),
    ),
    "hours": (
        _Commit("Say hours of a week", _CLEO, 28, ("v41", "v42", "v49"), "v42"),
        _Commit("Release v49", _ADA, 28, ("v41", "v42", "v49"), "v49", "v49"),
    ),
}


def build(folder: Path, *, crashing: Collection[str] = ()) -> Path:
    """Make the repository in `folder` anew, with a working tree of `main`; the folder.

    Versions named in `crashing` crash at start like v44: a rehearsal of a release that was believed to be good.
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    git(folder, "init", "--quiet", "--initial-branch=main")
    _write_history(folder, _HISTORY, crashing)
    for branch, commits in _BRANCHES.items():
        git(folder, "checkout", "--quiet", "-b", branch, "v42")
        _write_history(folder, commits, crashing)
    git(folder, "checkout", "--quiet", "main")
    return folder


def git(folder: Path, *arguments: str, environment: dict[str, str] | None = None) -> str:
    """What git prints, without the settings of the person or the machine; CalledProcessError when it fails."""
    clean = {"PATH": os.environ["PATH"], "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    result = subprocess.run(
        ["git", "-C", str(folder), "-c", "safe.directory=*", *arguments],
        env={**clean, **(environment or {})},
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    return result.stdout.strip()


def commit_of(folder: Path, version: str) -> str:
    """The full commit of a tag, branch or commit; CalledProcessError when there is none."""
    return git(folder, "rev-parse", "--verify", "--quiet", f"{version}^{{commit}}")


def _write_history(folder: Path, commits: Sequence[_Commit], crashing: Collection[str]) -> None:
    for commit in commits:
        broken = (_CRASHES,) if commit.version in crashing else ()
        _write(folder, layers=(*commit.layers, *broken), version=commit.version)
        _commit(folder, commit)


def _write(folder: Path, *, layers: tuple[str, ...], version: str) -> None:
    for old in folder.iterdir():
        if old.name != ".git":
            shutil.rmtree(old) if old.is_dir() else old.unlink()
    for layer in layers:
        shutil.copytree(
            _TEMPLATE / layer, folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__", ".*_cache")
        )
    package = folder / "backend_py"
    (package / "VERSION").write_text(f"{version}\n")
    (package / "COMMIT").write_text("$Format:%H$\n")  # git archive, the image's builder, writes the commit here
    (folder / ".gitattributes").write_text("backend_py/COMMIT export-subst\n")


def _commit(folder: Path, commit: _Commit) -> None:
    name, address = commit.author
    when = f"2026-01-{commit.day:02}T09:30:00+00:00"
    who = {
        f"GIT_{role}_{part}": value
        for role in ("AUTHOR", "COMMITTER")
        for part, value in (("NAME", name), ("EMAIL", address), ("DATE", when))
    }
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", commit.subject, environment=who)
    if commit.tag:
        git(folder, "tag", commit.tag)
