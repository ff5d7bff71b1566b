"""What a release brings since the last known good: how many commits, and by whom."""

from commands.views import words
from runbooks.commits import Commits
from runbooks.vocabulary import Plan

_NAMED, _LONGEST = 4, 40  # authors; characters of a name


def brought(plan: Plan | None) -> str:
    """Such as "4 commits by 2 authors (Ada, Bodo) since the last known good"; "" where it is not known."""
    return since(plan.brings) if plan is not None and plan.brings is not None else ""


def since(found: Commits) -> str:
    """The same of what lies between; "" where nothing does."""
    said = f"{words.count(found.count, 'commit')} by {_authors(found.authors)}" if found.count else ""
    back = f"{words.count(found.back, 'commit')} of the last known good left out" if found.back else ""
    coming = f"{said} since the last known good" if said else ""
    return ", ".join(filter(None, (coming, back)))


def _authors(names: tuple[str, ...]) -> str:
    named = [words.line(name, _LONGEST) for name in names[:_NAMED]]
    more = [f"{len(names) - _NAMED} more"] if len(names) > _NAMED else []
    return f"{words.count(len(names), 'author')} ({', '.join([*named, *more])})"
