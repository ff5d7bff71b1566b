"""A person's Home: what waits for them, what is under way, what runs where, which incidents and findings are open."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from commands.views import words
from commands.views.asking import lines_to_do
from commands.views.blocks import Block, context, divider, header, paragraphs
from commands.views.drill_times import lines
from commands.views.finding_card import number
from commands.views.held import kept_out
from commands.views.incident_follow_up import follow_up_for
from commands.views.incident_words import entry
from commands.views.known_good import outdated
from commands.views.lists import status
from commands.views.pack_requests import waits_for
from runbooks.audit.requests import Packs
from runbooks.catalogue import Catalogue
from runbooks.drills.state import Drills
from runbooks.engine.people import operators
from runbooks.incidents.findings import Finding
from runbooks.incidents.incident import Incident
from runbooks.releases.lag import Lag
from runbooks.releases.state import Release
from runbooks.runs.drill import DRILL
from runbooks.runs.state import Run, Status, approval_ends
from runbooks.vocabulary import Actor, InDoubt, Waiting

_MOST = 15  # entries of a list
_PLACES = 40


@dataclass(frozen=True)
class Seen:
    """All that is shown; `groups` are those that the person is in now, None where that can't be told."""

    me: Actor
    groups: frozenset[str] | None
    runs: Sequence[Run]  # newest first
    releases: Sequence[Release]  # in the catalogue's order
    findings: Sequence[Finding]  # newest first
    incidents: Sequence[Incident] = ()  # newest first
    packs: Sequence[Packs] = ()
    drills: Sequence[Drills] = ()  # of the places that have some, in the catalogue's order


def home(catalogue: Catalogue, seen: Seen, plot: Block | None = None) -> Block:
    """The view that is published; `plot`: what drills took, as an image."""
    going = [run for run in seen.runs if not run.status.over]
    parts = [
        ("Waits for you", _waits(catalogue, seen, going)),
        ("Under way", status(going[:_MOST]).split("\n")[1 if going else 0 :]),
        ("What runs where", _places(seen)),
        ("Open incidents", _incidents(seen.incidents)),
        ("Findings that nobody has taken on", _findings(seen.findings)),
    ]
    blocks = [block for title, lines in parts for block in (header(title), *paragraphs(lines), divider())]
    last = context("`/deploy` opens a form · `/ops` leads to what to do · `/lkg` tells more")
    return _home([*blocks, *_drills(seen.drills, plot), last])


def _drills(drills: Sequence[Drills], plot: Block | None) -> list[Block]:
    """Nothing where no place has any."""
    if not drills:
        return []
    told = [line for each in drills[:_MOST] for line in lines(each)]
    return [header("Drills of the way back"), *paragraphs(told), *([plot] if plot else []), divider()]


def waited_for(catalogue: Catalogue, going: Iterable[Run], packs: Iterable[Packs]) -> frozenset[str]:
    """The groups that something waits for, as far as the view tells of it."""
    of_runs = (group for run in going for group in (*operators(catalogue, run), *_quorum(run)))
    of_packs = (request.wanted.group for each in packs for request in each.requests if request.wanted)
    return frozenset([*of_runs, *of_packs])


def _quorum(run: Run) -> list[str]:
    return [run.quorum.group] if run.quorum else []


def unread(sentence: str) -> Block:
    """The view where nothing can be told."""
    return _home(paragraphs([sentence]))


def _home(blocks: list[Block]) -> Block:
    return {"type": "home", "blocks": blocks}


def _waits(catalogue: Catalogue, seen: Seen, going: Iterable[Run]) -> list[str]:
    if seen.groups is None:
        return ["Slack did not say who is in which group, so this can't be told now. Open this again in a minute."]
    asked = ((run, _asked(run, seen, frozenset(operators(catalogue, run)) & seen.groups)) for run in going)
    lines = [f"⏸ *{run.id}* {_what(run)}: {said}{_where(catalogue, run)}" for run, said in asked if said]
    lines += [said for packs in seen.packs for said in waits_for(seen.me, seen.groups, packs)]
    lines += [said for incident in seen.incidents if (said := follow_up_for(seen.me, incident))]
    return _listed(lines) or ["Nothing."]


def _asked(run: Run, seen: Seen, mine: frozenset[str]) -> str:
    """What this person can do for the run now; "" where nothing."""
    if run.waits_for_approval:
        return _approval(run, seen)
    step = run.current
    state = run.of(step) if step else None
    if not mine or step is None or run.status is not Status.RUNNING:
        return ""
    if step.uses == "confirm":
        return lines_to_do(run)
    if step.uses != "approve" and state is not None and isinstance(state.outcome, Waiting | InDoubt):
        return f"to decide, “{words.short(step.title)}”"
    return ""


def _approval(run: Run, seen: Seen) -> str:
    """The requester's never counts, and nobody's twice."""
    given = any(approval.by == seen.me for approval in run.agreed)
    may = run.quorum is not None and seen.groups is not None and run.quorum.group in seen.groups
    if not may or given or run.requester == seen.me:
        return ""
    return f"to approve, until {words.clock(approval_ends(run))}"


def _what(run: Run) -> str:
    place = f"{words.line(run.service, 90)} {words.line(run.environment, 90)}"
    if run.command == DRILL:
        return f"drill of {place}"
    return f"{place} {'back to' if run.command == 'rollback' else '→'} {words.line(run.version, 90)}"


def _where(catalogue: Catalogue, run: Run) -> str:
    """The channel of its card."""
    place = catalogue.place(run.service, run.environment)
    return f" · on its card in {words.channel(place.channels.deploys)}" if place else ""


def _places(seen: Seen) -> list[str]:
    lines = [line for release in seen.releases[:_PLACES] for line in _place(release, seen.runs)]
    more = len(seen.releases) - _PLACES
    return [*(lines or ["No service is configured."]), *([f"{more} more: `/lkg`"] if more > 0 else [])]


def _place(release: Release, runs: Sequence[Run]) -> Iterator[str]:
    good = release.known_good
    name = f"*{words.line(release.service, 90)} {words.line(release.environment, 90)}*"
    known = "no last known good is recorded"
    if good is not None:
        version = f"{words.line(good.version, 90)} {words.commit(good.commit)}"
        known = f"last known good {version}, since {words.moment(good.at)}"
    differs = _differs(release, runs)
    as_recorded = good is not None and not differs and not release.is_behind(Lag.RUNS)
    yield " · ".join([name, *differs, f"runs its {known}" if as_recorded else known])
    yield from (f"{words.INDENT}{outdated(behind)}" for behind in release.behind)
    yield from (f"{words.INDENT}{line}" for line in kept_out(release))


def _differs(release: Release, runs: Sequence[Run]) -> list[str]:
    """What the last change left there, where that is not the last known good."""
    there = (run for run in runs if (run.service, run.environment) == (release.service, release.environment))
    last = next((run for run in there if run.changed and _leaves_something(run)), None)
    good, left = release.known_good, [f"as {name} left it" for name in release.left[-1:]]
    if last is None:
        return left
    if not last.status.over:
        return [f"{last.id} is under way"]
    if good is not None and last.ended_at is not None and good.at > last.ended_at:
        return []  # what it left was adopted since
    if last.status is not Status.SUCCEEDED:
        stands = last.way_back is not None and last.way_back.stands
        return left if stands else [f"as {last.id} left it, which {last.status.value}"]
    same = good is not None and good.version == last.version
    return [] if same else [f"runs {words.line(last.version, 90)} since {last.id}"]


def _leaves_something(run: Run) -> bool:
    """Whether what it did may still be seen there; after a drill that ended well all is as before."""
    drilled = run.command == DRILL and run.status is not Status.SUCCEEDED
    return drilled or run.command in ("deploy", "rollback")


def _incidents(incidents: Iterable[Incident]) -> list[str]:
    return _listed(["\n".join(entry(each)) for each in incidents if not each.resolved]) or ["None."]


def _findings(findings: Iterable[Finding]) -> list[str]:
    return _listed([_finding(each) for each in findings if each.free]) or ["None."]


def _finding(finding: Finding) -> str:
    where = words.line(f"{finding.service} {finding.environment}", 180)
    return f"*{finding.severity}* {words.line(finding.title, 120)} · {where} · {number(finding)}"


def _listed(lines: Sequence[str]) -> list[str]:
    more = len(lines) - _MOST
    return [*lines[:_MOST], *([f"{more} more"] if more > 0 else [])]
