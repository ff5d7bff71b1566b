"""Which build this is: the release's name, and the commit that `git archive` wrote into COMMIT."""

from pathlib import Path

_HERE = Path(__file__).parent


def version() -> str:
    """The release, such as v41."""
    return (_HERE / "VERSION").read_text().strip()


def commit() -> str:
    """The full commit; "unknown" in a checkout that was not made by `git archive`."""
    text = (_HERE / "COMMIT").read_text().strip()
    return "unknown" if text.startswith("$") else text
