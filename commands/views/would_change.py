"""What a deploy would find and change at a place, in a few lines: for the form, before anything is asked."""

from collections.abc import Iterator, Sequence

from commands.views import words
from commands.views.brings import since
from commands.views.held import kept_out
from runbooks.commits import Commits
from runbooks.releases.state import Release
from runbooks.runs.state import Run

_DOING = {"rollback": "rolling it back", "onboard": "onboarding a tenant", "drill": "trying its way back"}


def would_change(release: Release, running: Sequence[Run], version: str, brings: Commits | None) -> list[str]:
    """From the last known good to the version ("" where none is chosen), and what stands in the way."""
    return [_moves(release, version, brings), *_in_the_way(release, running)]


def _moves(release: Release, version: str, brings: Commits | None) -> str:
    place = f"*{words.line(release.service, 90)} {words.line(release.environment, 90)}*"
    to = words.line(version, 90)
    if (good := release.known_good) is None:
        return f"{place}: no last known good is recorded" + (f" → *{to}*" if to else "")
    found = f"{place}: last known good {words.line(good.version, 90)} {words.commit(good.commit)}"
    if not to:
        return f"{found}, since {words.moment(good.at)}"
    commits = f" · {said}" if brings is not None and (said := since(brings)) else ""
    return f"{found} → *{to}*{commits}"


def _in_the_way(release: Release, running: Sequence[Run]) -> Iterator[str]:
    for line in kept_out(release):
        yield f"{line}. It would not start."
    for run in running:
        doing = {"rollback": "rolling it back", "onboard": "onboarding a tenant", "drill": "trying its way back"}.get(
            run.command, "deploying it"
        )
        yield f"⏳ {run.id} is {doing} ({words.line(run.version, 90)}). Another would not start before it ends."
