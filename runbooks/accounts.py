"""What a finding says of the run that raised it, in sentences: what happened, what stands, what it means. Pure."""

from collections.abc import Iterator, Sequence

from pydantic import TypeAdapter

from runbooks.automatic_rollback import ran_before
from runbooks.catalogue import Catalogue
from runbooks.releases.state import Release
from runbooks.runs.drill import DRILL
from runbooks.runs.state import Run, Status
from runbooks.runs.todo import under_way
from runbooks.suspects import NOT_RECORDED, SEEN, Seen, Suspects
from runbooks.vocabulary import Done, InDoubt, KnownGood

_SEEN = TypeAdapter(Seen)


def of_failure(run: Run, release: Release) -> Iterator[str]:
    """Of a failed run: what happened, the pod that shows it, what it means for the schema."""
    yield run.reason if run.changed or run.command == "rollback" else f"{run.reason} Nothing was changed."
    found = run.evidence.get(run.failed_step, {})
    if pod := found.get("pod"):
        code, lines = found.get("exit_code"), found.get("last_lines") or [""]
        how = [f"exit {code}"] if code is not None else []
        yield " · ".join([pod, *how, *([f"“{lines[-1]}”"] if lines[-1] else [])])
    yield from _schema(run, release)
    if run.roll_back and release.known_good and (before := ran_before(run, release)):
        good = release.known_good.version
        yield f"{' and '.join(before)} ran before, and the last known good is {good}, so nothing goes back by itself."


def of_giving_up(run: Run, release: Release, behind: Sequence[Run]) -> Iterator[str]:
    """Of a run that people ended: what was done, what was under way, between which versions it left things.

    `behind`: the runs that a rollback was to take back.
    """
    yield from _done(run)
    yield from _under_way(run)
    yield from _schema(run, release)
    yield _meaning(run, release, behind)
    if run.command == DRILL and run.changed and (ran := _base(run, release)) != release.known_good:
        was = ran.version if ran else "another version"
        yield f"Before it {was} ran, not the last known good: `/rollback {run.service} {run.environment} to {was}`."


def gone_back(run: Run, good: KnownGood) -> tuple[str, ...]:
    """Of a rollback to another release than the one of record."""
    place = f"{run.service} {run.environment}"
    went = f"{run.version} {run.target.commit[:7]}" if run.target else run.version
    return (
        f"{run.id} went back to {went}, and the last known good is still {good.version} {good.commit[:7]}.",
        f"To keep what runs: /deploy it, or `opsbot adopt {place}`. "
        f"To go to the record: /rollback {place} to {good.version}.",
    )


def suspects(run: Run, catalogue: Catalogue) -> Suspects | None:
    """What changed in a failed run, and what was seen when it failed; None where nobody looked."""
    found = run.evidence.get(run.failed_step, {}).get(SEEN) if run.status is Status.FAILED else None
    if found is None or run.plan is None:
        return None
    seen, brings = _SEEN.validate_python(found), run.plan.brings
    service = catalogue.services.get(run.service)
    link = service.source.compare if service and seen.since else None
    return Suspects(
        commits=brings,
        no_commits="" if brings or run.command == "rollback" else _no_commits(seen),
        of_rollback=run.command == "rollback",
        compare=link.replace("{base}", seen.since).replace("{head}", run.plan.commit) if link else "",
        migrations=tuple(_applied(run)),
        seen=seen,
    )


def _no_commits(seen: Seen) -> str:
    """Why none are known to come: nothing to count from, none that the source still has, or indeed none."""
    if seen.since:
        return "the source does not have the last known good's commit any more"
    return NOT_RECORDED if seen.unknown.get("config") == NOT_RECORDED else ""


def _applied(run: Run) -> Iterator[str]:
    """The migrations that it applied and did not take back itself."""
    back = {name for evidence in run.evidence.values() for name in evidence.get("reverted") or ()}
    applied = (name for evidence in run.evidence.values() for name in evidence.get("applied") or ())
    return (name for name in applied if name not in back)


def _under_way(run: Run) -> Iterator[str]:
    step = run.current
    state = run.of(step) if step else None
    if step is not None and state is not None and isinstance(state.outcome, InDoubt):
        yield f"Whether “{step.title}” was done is not known."
    elif (cut := under_way(run)) is not None:
        yield (
            f"“{cut.title}” was under way: {run.reason.rstrip('.')}."
            if run.reason
            else f"“{cut.title}” was under way."
        )


def _done(run: Run) -> Iterator[str]:
    for step in run.plan.steps if run.plan else ():
        outcome = run.steps[step.id].outcome if step.id in run.steps else None
        if step.changes and isinstance(outcome, Done) and outcome.line and "applied" not in outcome.evidence:
            yield f"“{step.title}” was done: {outcome.line}."


def _schema(run: Run, release: Release) -> Iterator[str]:
    if applied := list(_applied(run)):
        are = f"Migration {applied[0]} is" if len(applied) == 1 else f"{len(applied)} migrations are"
        base = _base(run, release)
        to = base.version if base else "an older version"
        yield f"{are} applied; it is not known whether {to} runs on {'it' if len(applied) == 1 else 'them'}."


def _meaning(run: Run, release: Release, behind: Sequence[Run]) -> str:
    if run.carried_out:
        return f"Every change was made: {run.environment} runs {run.version}, which is not recorded as good."
    if not run.changed:
        stand = " and ".join(other.id for other in behind if other.changed)
        return f"The rollback changed nothing: what {stand} changed still stands in {run.environment}."
    return f"So {run.environment} may stand between {_versions(run, release, behind)}."


def _base(run: Run, release: Release) -> KnownGood | None:
    """What ran before it: of a drill what it was to come back to, of a deploy the last known good."""
    return run.target if run.command == DRILL and run.target else release.known_good


def _versions(run: Run, release: Release, behind: Sequence[Run]) -> str:
    base = _base(run, release)
    known = [base.version] if base and run.command != "rollback" else []
    found = dict.fromkeys([*known, *(b.version for b in behind if b.command == "deploy" and b.changed), run.version])
    return " and ".join(found) if len(found) > 1 else "two versions"
