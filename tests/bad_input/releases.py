"""Releases of the sample service that go wrong: branches of the world's repository, made beside its working tree."""

import tempfile
from pathlib import Path

from sandbox.service.database import MIGRATIONS
from sandbox.service.repository import git

_WHO = {
    f"GIT_{role}_{part}": value
    for role in ("AUTHOR", "COMMITTER")
    for part, value in (("NAME", "Ada Beispiel"), ("EMAIL", "ada@solvereign.example"))
}


def release(repository: Path, name: str, *, base: str, migrations: dict[str, str]) -> str:
    """A branch of this name on top of `base` with these migrations, added or overwritten; the name."""
    with tempfile.TemporaryDirectory(prefix="opsbot-release-") as folder:
        tree = Path(folder) / "tree"
        git(repository, "worktree", "add", "--quiet", "--force", "-B", name, str(tree), base)
        for file, text in migrations.items():
            (tree / MIGRATIONS / file).write_text(text)
        git(tree, "add", "--all")
        git(tree, "commit", "--quiet", "--message", f"Release {name}", environment=_WHO)
        git(repository, "worktree", "remove", "--force", str(tree))
    return name
