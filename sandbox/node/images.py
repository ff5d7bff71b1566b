"""The sandbox's registry: an image is a commit of a git repository, unpacked into a cache folder.

The tag is a git tag, a branch or a commit; the digest is the SHA-256 of the commit's full name, so `repo@sha256:...`
names one commit for ever.
"""

import hashlib
import re
import subprocess
import tarfile
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from sandbox.service.repository import git

_REFERENCE = re.compile(
    r"(?P<name>[a-z0-9][a-z0-9.-]*(:\d+)?(/[a-z0-9._-]+)*)"
    r"(:(?P<tag>[A-Za-z0-9_][\w.-]{0,127}))?(@sha256:(?P<digest>[0-9a-f]{64}))?"
)


class InvalidImageName(Exception):
    """What the pod names is no image reference."""


class ImageNotFound(Exception):
    """The registry has no such image."""


@dataclass(frozen=True)
class Image:
    """An image that was pulled: its id with the digest, its commit, and the folder its files stand in."""

    id: str
    commit: str
    files: Path


@dataclass(frozen=True)
class Images:
    """Repositories by the image's name, without tag; unpacked images stand under `cache`."""

    repositories: Mapping[str, Path]
    cache: Path

    def pull(self, reference: str) -> Image:
        """The image, unpacked; InvalidImageName or ImageNotFound. Runs git: not on an event loop."""
        found = _REFERENCE.fullmatch(reference)
        if found is None:
            raise InvalidImageName(f"couldn't parse image name {reference!r}: invalid reference format")
        repository = self.repositories.get(found["name"])
        commit = repository and _commit(repository, tag=found["tag"] or "latest", digest=found["digest"])
        if repository is None or not commit:
            raise ImageNotFound(f"failed to pull and unpack image {reference!r}: {reference}: not found")
        return Image(f"{found['name']}@sha256:{digest_of(commit)}", commit, self._unpacked(repository, commit))

    def _unpacked(self, repository: Path, commit: str) -> Path:
        folder = self.cache / "images" / commit
        if not folder.exists():
            folder.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".new-") as new:
                _unpack(repository, commit, Path(new) / "files")
                _put(Path(new) / "files", folder)
        return folder


def digest_of(commit: str) -> str:
    """The digest, 64 hexadecimal digits, of the image of a full commit."""
    return hashlib.sha256(commit.encode()).hexdigest()


def _commit(repository: Path, *, tag: str, digest: str | None) -> str | None:
    if digest is not None:
        commits = git(repository, "rev-list", "--all").splitlines()
        return next((commit for commit in commits if digest_of(commit) == digest), None)
    try:
        return git(repository, "rev-parse", "--verify", "--quiet", f"{tag}^{{commit}}")
    except subprocess.CalledProcessError:
        return None


def _unpack(repository: Path, commit: str, folder: Path) -> None:
    archive = folder.with_suffix(".tar")
    git(repository, "archive", "--format=tar", f"--output={archive}", commit)
    with tarfile.open(archive) as files:
        files.extractall(folder, filter="data")


def _put(new: Path, folder: Path) -> None:
    try:
        new.rename(folder)
    except OSError:
        if not folder.is_dir():  # else somebody unpacked the same commit meanwhile, which is as good
            raise
