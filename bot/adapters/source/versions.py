"""What a version is in a mirror: a tag, a branch, a commit by its digits, or nothing of that name."""

import re
from collections.abc import Sequence

from bot.adapters.source.mirror import Mirror
from runbooks.nearest import near
from runbooks.steps.source import Found, Kind, UnknownVersion

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_./+@-]*")
_DIGITS = re.compile(r"[0-9a-f]{7,40}")
FULL = 40  # digits of a whole commit
_MOST_NAMES = 3  # that a refusal gives


async def named(mirror: Mirror, version: str) -> Found | None:
    """A tag, else a branch, of that name."""
    if not _NAME.fullmatch(version):
        return None
    for kind, place in ((Kind.TAG, "refs/tags"), (Kind.BRANCH, "refs/heads")):
        if commit := await _parsed(mirror, f"{place}/{version}^{{commit}}"):
            return Found(commit, version, kind)
    return None


async def newest(mirror: Mirror) -> list[str]:
    """All tags, then all branches that are not called like one, newest first."""
    return list(dict.fromkeys([*await _names(mirror, "refs/tags"), *await _names(mirror, "refs/heads")]))


async def by_digits(mirror: Mirror, version: str) -> Found:
    """A commit by its first digits, if a branch or tag still has it. Raises UnknownVersion."""
    digits = version.lower()
    known = await _beginning_with(mirror, digits) if _DIGITS.fullmatch(digits) else []
    found = [commit for commit in known if await is_reachable(mirror, commit)]
    if len(found) > 1:
        some = ", ".join(commit[:12] for commit in found[:3])
        sentence = f"{version} is the beginning of {len(found)} commits: {some}. Give more digits."
        raise UnknownVersion(sentence, nearest=tuple(found[:3]))
    if not found:
        raise await _unknown(mirror, version)
    return Found(found[0], found[0][:7], Kind.COMMIT)


async def _beginning_with(mirror: Mirror, digits: str) -> list[str]:
    objects = await mirror.git("rev-parse", f"--disambiguate={digits}")
    types = await mirror.git("cat-file", "--batch-check=%(objecttype) %(objectname)", stdin=objects)
    lines = [line.split() for line in types.decode().splitlines()]
    return sorted(line[1] for line in lines if line[0] == "commit")


async def is_known(mirror: Mirror, commit: str) -> bool:
    """Whether the mirror has this commit, given in full."""
    whole = len(commit) == FULL and _DIGITS.fullmatch(commit) is not None and mirror.exists
    return whole and bool(await _parsed(mirror, f"{commit}^{{commit}}"))


async def is_reachable(mirror: Mirror, commit: str) -> bool:
    """Whether a branch or tag has it: what was taken back out of the source is no version of it."""
    return bool(await mirror.git("for-each-ref", "--contains", commit, "--count=1", "refs/heads", "refs/tags"))


async def _parsed(mirror: Mirror, name: str) -> str:
    """The commit that a full name stands for; "" where there is none.

    Asked so that git fails only where it can't tell: a fault must not be read as "there is none".
    """
    about = await mirror.git("cat-file", "--batch-check=%(objecttype) %(objectname)", stdin=f"{name}\n".encode())
    kind, _, digits = about.decode().strip().partition(" ")
    return digits if kind == "commit" else ""


async def _unknown(mirror: Mirror, version: str) -> UnknownVersion:
    tags, branches = await _names(mirror, "refs/tags"), await _names(mirror, "refs/heads")
    close = near(version, [*tags, *branches], most=_MOST_NAMES)
    missing = f"There is no version “{version[:80]}” in {mirror.name}: no tag, branch or commit is called that."
    hint = (
        f"Did you mean {_row(close, 'or')}?" if close else _newest(tags, "tag") or _newest(branches, "branch", "es")
    )
    return UnknownVersion(f"{missing} {hint}".strip(), nearest=tuple(close or (tags or branches)[:_MOST_NAMES]))


async def _names(mirror: Mirror, place: str) -> list[str]:
    """The names there, newest first; of the same second those with the higher number."""
    order = ("--sort=-version:refname", "--sort=-creatordate")
    return (
        (await mirror.git("for-each-ref", "--format=%(refname:lstrip=2)", *order, place))
        .decode("utf-8", "replace")
        .split()
    )


def _newest(names: Sequence[str], kind: str, plural: str = "s") -> str:
    if not names:
        return ""
    shown = names[:_MOST_NAMES]
    which = "only" if len(names) == 1 else "newest"
    return f"The {which} {kind}{' is' if len(shown) == 1 else f'{plural} are'} {_row(shown, 'and')}."


def _row(names: Sequence[str], word: str) -> str:
    *first, last = names
    return f"{', '.join(first)} {word} {last}" if first else last
