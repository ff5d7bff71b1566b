"""What goes back first in a rollback: the pods, or the schema that the release before does not run on. Pure."""

from collections.abc import Sequence

from runbooks.schema_fit import SchemaFit, found
from runbooks.steps.base import Params, Site
from runbooks.steps.migrations.database import Row, State
from runbooks.steps.migrations.files import digits_of, stem


class FirstParams(Params):
    """`first`: the line stands before the pods, and is for a release that is known not to run on this schema."""

    first: bool = False


def fit_of(site: Site, newer: Sequence[Row]) -> SchemaFit | None:
    """Whether the release that is gone back to runs on what was applied since (`newer`), as it was tried beforehand.

    None: it was not tried on exactly that. What this run itself takes back counts as it stood before.
    """
    half_way = [row for row in newer if not row.state.settled and row.run != site.run]
    if site.target is None or not newer or half_way:
        return None
    return found(site.fits, site.target.commit, {row.name: row.checksum for row in newer})


def known_to_run(fit: SchemaFit, newer: Sequence[Row]) -> str:
    """That the schema stays: `024 stays: v41 is known to run on it`."""
    names, stay = _named(newer), "stays" if len(newer) == 1 else "stay"
    return f"{names} {stay}: {fit.version} is known to run on it ({fit.run} tried it)"


def known_not_to_run(fit: SchemaFit, newer: Sequence[Row]) -> str:
    """Why the schema goes first: `Database first: v41 does not run on 024`."""
    why = f" ({fit.why.rstrip('.')})" if fit.why else ""
    return f"Database first: {fit.version} does not run on {stem(newer[0].name)}, as {fit.run} found{why}"


def not_first(fit: SchemaFit | None, newer: Sequence[Row], version: str) -> str:
    """Why the schema does not go first."""
    if fit is None:
        return f"the pods go first: it is not known whether {version} runs on {_named(newer)}"
    return f"the pods go first: {fit.version} is known to run on {_named(newer)}"


def standing(newer: Sequence[Row]) -> tuple[Row, ...]:
    """Those that were not taken back meanwhile."""
    return tuple(row for row in newer if row.state is not State.REVERTED)


def _named(newer: Sequence[Row]) -> str:
    return ", ".join(digits_of(row.name) for row in reversed(newer))
