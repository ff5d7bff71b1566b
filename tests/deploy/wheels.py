"""The wheels of lock files, kept so that an empty environment can be filled without an index."""

import subprocess
import sys
from pathlib import Path

from sandbox.cache import cache_folder, cached, recipe_key


def locked_wheels(*locks: Path) -> Path:
    """The folder of all that these lock files pin, downloaded once for these pins."""

    def download(folder: Path) -> None:
        pip = (sys.executable, "-m", "pip", "download", "--quiet", "--only-binary=:all:", "--require-hashes")
        subprocess.run([*pip, *(f"--requirement={lock}" for lock in locks), f"--dest={folder}"], check=True)

    key = recipe_key(*(lock.read_bytes() for lock in locks), sys.version.encode())
    return cached(cache_folder() / f"wheels-{key}", download)
