"""The card of a run: what it is, where it stands, who is waited for. One per run, always current."""

from dataclasses import dataclass

from commands.views import words
from commands.views.asking import buttons, waiting
from commands.views.blocks import Block, context, divider, fitted, header
from commands.views.clock import clock_line
from commands.views.ending import ending
from commands.views.headline import locked, standing, subtitle, title
from commands.views.held import held_blocks
from commands.views.incident_words import reference
from commands.views.phases import phases
from commands.views.plan import plan_blocks
from commands.views.suspects import suspects_blocks
from runbooks.accounts import suspects
from runbooks.catalogue import Catalogue
from runbooks.incidents.incident import Incident
from runbooks.releases.state import Release
from runbooks.runs.state import Run

_NOTES, _NOTE = 3, 300  # the last ones; characters of one


@dataclass(frozen=True)
class Look:
    """What a view may look at beside its own stream."""

    catalogue: Catalogue
    release: Release
    incident: Incident | None = None


def card(run: Run, look: Look) -> list[Block]:
    """The whole card."""
    start = [header(title(run)), context(subtitle(run, look.release)), *_standing(run, look), *_notes(run)]
    plan = plan_blocks(run, look.release, _compare(run, look)) if _shows_plan(run) else []
    middle = [*plan, *([divider()] if run.plan else []), *phases(run, look.incident)]
    end = [*waiting(run, look.catalogue), *ending(run, look.release, look.catalogue)]
    end += [*suspects_blocks(suspects(run, look.catalogue)), *_incident(look)]
    end += [*held_blocks(run, look.release), *buttons(run)]
    return fitted(start, middle, end)


def _incident(look: Look) -> list[Block]:
    return [context(reference(look.incident))] if look.incident and look.incident.opened else []


def _standing(run: Run, look: Look) -> list[Block]:
    found = (clock_line(run), standing(run, look.release), locked(run, look.release))
    return [context(said) for said in found if said]


def _shows_plan(run: Run) -> bool:
    """The plan is shown until the first change begins; one of a take-over alone is not yet the plan."""
    return not run.provisional and not run.changed and not run.status.over


def _compare(run: Run, look: Look) -> str:
    """Where the change since the last known good can be read."""
    service, good = look.catalogue.services.get(run.service), look.release.known_good
    link = service.source.compare if service else None
    if not link or run.plan is None or good is None or good.commit == run.plan.commit:
        return ""
    return link.replace("{base}", good.commit).replace("{head}", run.plan.commit)


def _notes(run: Run) -> list[Block]:
    return [context(f"ℹ️ {words.line(note, _NOTE)}") for note in run.notes[-_NOTES:]]
