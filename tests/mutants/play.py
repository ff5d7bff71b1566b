"""Plays every mutant in a copy of the tree and prints which tests saw it. `make mutants` runs it."""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path

from tests.mutants.table import MUTANTS, Mutant

ROOT = Path(__file__).parent.parent.parent
_FAILED = re.compile(r"^(?:FAILED|ERROR) (\S+\.py(?:::\S+)?)", re.MULTILINE)
_WITHIN = 300  # seconds, after which a mutant that stands still counts as seen
_STOOD_STILL = "it stood still"


def main() -> int:
    """Play; 0 where the tests pass as the tree stands, and fail under every mutant."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="", help="mutants whose names contain this")
    chosen = [mutant for mutant in MUTANTS if parser.parse_args().only in mutant.name]
    with tempfile.TemporaryDirectory(prefix="opsbot-mutants-") as folder:
        tree = Path(folder)
        _copy(tree)
        if failed := _failing(tree, sorted({module for mutant in chosen for module in mutant.seen_by})):
            print("Without any mutant these fail, so nothing can be told:", *failed, sep="\n  ")
            return 1
        seen = [(mutant, _played(tree, mutant)) for mutant in chosen]
    print(table(seen))
    return 0 if all(failed for _, failed in seen) else 1


def _copy(tree: Path) -> None:
    listing = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(listing, cwd=ROOT, capture_output=True, check=True, text=True).stdout.split("\0")
    for name in filter(None, names):
        if (ROOT / name).is_file():
            (tree / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, tree / name)


def _played(tree: Path, mutant: Mutant) -> list[str]:
    path = tree / mutant.path
    sound = path.read_text()
    path.write_text(mutant.mutated(tree))
    try:
        failed = _failing(tree, mutant.seen_by)
    finally:
        path.write_text(sound)
    print(f"{mutant.name}: {len(failed)} failed" if failed else f"{mutant.name}: NOT SEEN", flush=True)
    return failed


def _failing(tree: Path, modules: Sequence[str]) -> list[str]:
    """The tests of these modules that fail in this tree."""
    command = [sys.executable, "-B", "-m", "pytest", "-q", "-p", "no:cacheprovider", "--tb=no", *modules]
    environment = {**os.environ, "PYTHONPATH": str(tree)}
    try:
        done = subprocess.run(
            command, cwd=tree, env=environment, capture_output=True, text=True, timeout=_WITHIN, check=False
        )
    except subprocess.TimeoutExpired:
        return [_STOOD_STILL]
    failed = _FAILED.findall(done.stdout)
    if done.returncode not in (0, 1) or bool(failed) != bool(done.returncode):
        raise RuntimeError(f"the tests did not run: {done.stdout[-2000:]}{done.stderr[-2000:]}")
    return failed


def table(seen: Iterable[tuple[Mutant, Sequence[str]]]) -> str:
    """As in docs/reliability.md: a line for each mutant, with the first test that saw it and how many more did."""
    lines = ["| mutant | changed in | seen by |", "|---|---|---|"]
    for mutant, failed in seen:
        tests = [one.removeprefix("tests/") for one in dict.fromkeys(name.partition("[")[0] for name in failed)]
        more = f", and {len(tests) - 1} more" if len(tests) > 1 else ""
        lines.append(f"| {mutant.name} | `{mutant.path}` | {f'`{tests[0]}`{more}' if tests else 'NONE'} |")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
