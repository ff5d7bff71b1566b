"""What is last known good: everywhere in a few lines each, of one service with its history."""

from collections.abc import Mapping, Sequence

from commands.views import words
from commands.views.blocks import Block, context, fitted, header, paragraphs, section
from commands.views.held import kept_out
from runbooks.releases.bundle import bundle_of
from runbooks.releases.history import Entry
from runbooks.releases.lag import Behind, Lag
from runbooks.releases.state import Release
from runbooks.vocabulary import OPSBOT, KnownGood

_RECENT = 15  # entries of a history
_DIGITS = 12  # of a bundle's SHA-256
_TITLE = "Last known good"
_BEHIND = {
    Lag.RUNS: "what runs is not what is recorded",
    Lag.PLACE: "the record does not stand where it should",
}


def everywhere(releases: Sequence[Release]) -> list[Block]:
    """Every place of the catalogue; one paragraph each."""
    start = [header(_TITLE)]
    end = [context("`/lkg SERVICE` shows the history · `/rollback SERVICE` goes back to it")]
    return fitted(start, [section(_place(each)) for each in releases] or [section("No service is configured.")], end)


def of_service(service: str, releases: Sequence[Release], histories: Mapping[str, Sequence[Entry]]) -> list[Block]:
    """The places of one service, each with its history, by the environment's name."""
    start = [header(f"{_TITLE} of {service}")]
    middle = [block for each in releases for block in _with_history(each, histories.get(each.environment, ()))]
    return fitted(start, middle, [])


def _with_history(release: Release, history: Sequence[Entry]) -> list[Block]:
    before = list(history)
    if release.known_good is not None:
        now = next((n for n, each in enumerate(before) if each.good and each.release == release.known_good), None)
        before = before if now is None else [*before[:now], *before[now + 1 :]]
    lines = [_place(release), *(["*Before and beside it, newest first*"] if before else [])]
    more = len(before) - _RECENT
    lines += [_entry(each) for each in before[:_RECENT]]
    lines += [f"{words.INDENT}{more} more, older"] if more > 0 else []
    return paragraphs(lines)


def _place(release: Release) -> str:
    name = f"*{words.line(release.service, 90)} {words.line(release.environment, 90)}*"
    place = words.line(f"{release.service} {release.environment}", 180)
    if release.known_good is None:
        lines = [f"{name} · none is recorded; `opsbot adopt {place}` records what runs now"]
    else:
        lines = [f"{name} · {_version(release.known_good)}", *_facts(release, release.known_good)]
    if release.candidate is not None:
        run = words.line(release.candidate.run, 40)
        lines.append(f"⏳ {_version(release.candidate)} is a candidate until {run} has ended well")
    lines += map(outdated, release.behind)
    lines += kept_out(release)
    return f"\n{words.INDENT}".join(lines)


def outdated(behind: Behind) -> str:
    """One way in which the record is outdated, with the finding's number as its message has it."""
    number = words.line(behind.finding.partition(".")[0], 40)
    return f"⚠️ {_BEHIND[behind.lag]}, since {words.moment(behind.since)}: {number}"


def _facts(release: Release, known: KnownGood) -> list[str]:
    tests = "all tests passed" if known.all_tests_pass else "tests not known to pass"
    schema = words.line(known.migrations_version, 120) or "no migration"
    health = words.line(known.health_status, 60)
    return [
        f"good since {words.moment(known.at)} · {_origin(known)}",
        f"schema {schema} · {tests} · {'health unknown' if health == 'unknown' else health}",
        _bundle(release, known),
    ]


def _bundle(release: Release, known: KnownGood) -> str:
    """What `opsbot lkg export` writes, by the first digits of its SHA-256."""
    bundle = bundle_of(release.service, release.environment, known)
    by = f" · approved by {words.people(known.approved_by)}" if known.approved_by else ""
    lacks = " · a secret in plain text is not kept in it" if bundle.incomplete else ""
    return f"bundle `{bundle.digest[:_DIGITS]}`{lacks}{by}"


def _version(known: KnownGood) -> str:
    return f"{words.line(known.version, 90)} {words.commit(known.commit)}"


def _origin(known: KnownGood) -> str:
    return "adopted as it ran" if known.run == "adopt" else f"brought by {words.line(known.run, 40)}"


def _entry(entry: Entry) -> str:
    known = entry.release
    schema = f" · schema {words.line(known.migrations_version, 90)}" if known.migrations_version else ""
    if not entry.good:
        why = f"not good: {words.line(known.run, 40)} did not end well"
        return f"{words.INDENT}❌ {_version(known)} · {words.moment(entry.at)} · {why}"
    tests = " · all tests passed" if known.all_tests_pass else ""
    by = f" by {words.person(entry.by)}" if known.run == "adopt" and entry.by != OPSBOT else ""
    came = f" · imported by {words.person(entry.by)}: “{words.line(entry.imported, 120)}”" if entry.imported else by
    return f"{words.INDENT}✅ {_version(known)} · {words.moment(known.at)} · {_origin(known)}{came}{schema}{tests}"
