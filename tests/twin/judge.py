"""What came of a history in each twin, and what is wrong with it. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from runbooks.digests import digest_of
from runbooks.steps.kubernetes.deployments import images_of
from runbooks.vocabulary import Json
from tests.twin.edits import edit_of, stands
from tests.twin.histories import EDITS


@dataclass(frozen=True)
class Ended:
    """One twin: the good template as it was recorded, the one before the undo and after, and all that was said."""

    good: Json
    before: Json
    after: Json
    said: tuple[str, ...] = ()  # to people, before anything was overwritten
    kept: bool = False  # a person who was asked wanted the others' changes to stay
    refused: str = ""  # why it did not go on, in the tool's own words
    paused: str = ""  # how it refused at first, where it was paused: then somebody resumed it
    moved: tuple[str, ...] = ()  # fields outside the pod template that the undo changed
    versions: dict[str, str] = field(default_factory=dict)  # image -> "good", "bad", "older", "hotfix"


def lost(ended: Ended) -> list[str]:
    """The kinds of edits that stood before the undo and do not stand after it."""
    return [kind for kind in EDITS if stands(kind, ended.before) and not stands(kind, ended.after)]


def wrong(ended: Ended) -> Iterator[str]:
    """What Opsbot's undo did that it must not do, a clause each."""
    if ended.kept:
        if digest_of(ended.after) != digest_of(ended.before):
            yield "the template was changed though a person wanted it kept"
    elif digest_of(ended.after) != digest_of(ended.good):
        yield f"it did not end in the good template ({ended.refused or 'and did not say why'})"
    told = " ".join(ended.said)
    for kind in lost(ended):
        if edit_of(kind, ended.before).called not in told:
            yield f"{edit_of(kind, ended.before).called} was overwritten unseen"
    if ended.paused and "is paused" not in ended.paused:
        yield f"a paused Deployment was not refused ({ended.paused})"
    yield from (f"{name} was changed, which is no undo's business" for name in ended.moved)


RIGHT = "the good template"
"""Where every undo should end."""


def where(ended: Ended) -> str:
    """Where an undo ended, as a row of the report."""
    if digest_of(ended.after) == digest_of(ended.good):
        return RIGHT
    if ended.refused:
        return f"nowhere: {_why(ended.refused)}"
    if digest_of(ended.after) == digest_of(ended.before):
        return "where it was: the same template"
    match ended.versions.get(images_of(ended.after)["api"], "another"):
        case "good":
            return "the good image, in another template than was recorded"
        case "bad":
            return "a bad release"
        case "older":
            return "an older release than the last good one"
        case "hotfix":
            return "somebody's hotfix by hand"
        case _:
            return "another image"


def _why(refused: str) -> str:
    return "nothing in its history" if "no rollout history" in refused or "no revision" in refused else "refused"
