"""The Dockerfile, as far as the tests need to read it: stages of instructions."""

import re
import shlex
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Step:
    """One instruction: `RUN`, and what follows it."""

    word: str
    rest: str


def stages() -> list[list[Step]]:
    """The steps of each stage, its FROM first."""
    text = re.sub(r"\\\n", " ", (ROOT / "Dockerfile").read_text())
    found: list[list[Step]] = []
    for line in text.splitlines():
        word, _, rest = line.strip().partition(" ")
        if not word or word.startswith("#"):
            continue
        if word == "FROM":
            found.append([])
        found[-1].append(Step(word, rest))
    return found


def copied(stage: list[Step]) -> list[tuple[str, str]]:
    """What a stage copies from the clone: each path, and where to."""
    pairs = []
    for step in stage:
        if step.word == "COPY" and not step.rest.startswith("--from"):
            *sources, target = shlex.split(step.rest)
            pairs += [(source, target) for source in sources]
    return pairs


def runs(stage: list[Step]) -> str:
    """All that a stage runs."""
    return "\n".join(step.rest for step in stage if step.word == "RUN")
