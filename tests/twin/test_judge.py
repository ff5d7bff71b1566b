"""The judge sees what is planted: a wrong template, an edit lost unseen, a field moved, a pause gone over."""

import copy
from dataclasses import replace
from typing import Any

import pytest

from runbooks.vocabulary import Json
from sandbox.service import manifests
from tests.twin.edits import edit_of, stands
from tests.twin.histories import EDITS
from tests.twin.judge import RIGHT, Ended, lost, where, wrong


def template(version: str = "v1", *, memory: bool = False) -> Json:
    made: Json = copy.deepcopy(manifests.deployment("n", version=version)["spec"]["template"])
    if memory:
        made["spec"]["containers"][0]["resources"] = {"limits": {"memory": "2Gi"}}
    return made


GOOD = template()
VERSIONS = {f"{manifests.IMAGE}:{tag}": kind for tag, kind in {"v1": "good", "v2": "bad", "v0": "older"}.items()}
SHOWN = ("Overwrites what others changed in web: resources of container api (kubectl-set, 24 Nov 10:03 UTC)",)


def ended(after: Json, *, before: Json | None = None, **fields: Any) -> Ended:
    return replace(Ended(GOOD, before or template("v2"), after, versions=VERSIONS), **fields)


@pytest.mark.parametrize(
    ("planted", "found"),
    [
        (ended(template("v2")), ["it did not end in the good template (and did not say why)"]),
        (ended(template("v2"), refused="quota"), ["it did not end in the good template (quota)"]),
        (ended(GOOD, before=template("v2", memory=True)), ["resources of container api was overwritten unseen"]),
        (ended(GOOD, moved=("strategy",)), ["strategy was changed, which is no undo's business"]),
        (ended(GOOD, kept=True), ["the template was changed though a person wanted it kept"]),
        (ended(GOOD, paused="no refusal"), ["a paused Deployment was not refused (no refusal)"]),
    ],
    ids=["elsewhere", "refused", "unseen", "moved", "kept", "paused"],
)
def test_what_is_planted_is_seen(planted: Ended, found: list[str]) -> None:
    assert list(wrong(planted)) == found


def test_what_is_right_is_not_blamed() -> None:
    assert list(wrong(ended(GOOD))) == []
    assert list(wrong(ended(GOOD, before=template("v2", memory=True), said=SHOWN))) == []
    assert list(wrong(ended(template("v2"), kept=True))) == []


@pytest.mark.parametrize(
    ("after", "place"),
    [
        (ended(GOOD), RIGHT),
        (ended(template("v2")), "where it was: the same template"),
        (ended(template("v2"), before=template("v3")), "a bad release"),
        (ended(template("v0")), "an older release than the last good one"),
        (ended(template(memory=True)), "the good image, in another template than was recorded"),
        (ended(template("v2"), refused="error: no rollout history found"), "nowhere: nothing in its history"),
    ],
)
def test_where_an_undo_ended(after: Ended, place: str) -> None:
    assert where(after) == place


def test_every_kind_of_edit_that_can_be_lost_is_known_to_the_judge() -> None:
    kinds = [kind for kind in EDITS if edit_of(kind, GOOD).called]
    assert not any(stands(kind, GOOD) for kind in EDITS)
    assert set(EDITS) - set(kinds) == {"restart"}
    assert lost(ended(GOOD, before=template("v2", memory=True))) == ["resources"]
