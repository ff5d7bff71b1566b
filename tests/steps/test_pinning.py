"""Images by digest beside their tags: what is written, what is recognised, and which pods give a moved tag away."""

from dataclasses import replace
from typing import Any

import pytest

from runbooks.digests import digest_of
from runbooks.steps.kubernetes.outdated import difference
from runbooks.steps.kubernetes.pinning import digests_of, is_template, moved_tags, pinned, unpinned
from runbooks.steps.kubernetes.rollout_state import Observed
from runbooks.vocabulary import Json, KnownWorkload
from tests.steps.clusters import NEW, OLD, deployment, pod, replica_set, settled, template

REPOSITORY = NEW.partition(":")[0]
GOOD, OTHER = (f"{REPOSITORY}@sha256:{digit * 64}" for digit in "ab")
BY_DIGEST = template(f"{NEW}@{GOOD.partition('@')[2]}")


def known(image: str = GOOD, recorded: Json | None = None) -> KnownWorkload:
    recorded = recorded or template()
    return KnownWorkload("web", "d-1", recorded, {"api": image}, digest=digest_of(recorded))


def running(*image_ids: str, asked: Json | None = None) -> Observed:
    """Pods of the new template, with the images that they report."""
    made = replica_set("new", replicas=len(image_ids))
    made["spec"]["template"] = asked or template()
    pods = tuple(pod(str(n), ready=True, imageID=found) for n, found in enumerate(image_ids))
    return replace(settled(), deployment=deployment(template_=asked or template()), replica_sets=(made,), pods=pods)


def test_the_digest_is_written_beside_the_tag_and_nothing_else_is_changed() -> None:
    assert pinned(template(), {"api": GOOD}) == BY_DIGEST
    assert template()["spec"]["containers"][0]["image"] == NEW


@pytest.mark.parametrize(
    ("asked", "recorded"),
    [
        (template(), NEW),  # no digest was known
        (BY_DIGEST, GOOD),  # it stands there
        (template(), GOOD.replace("example/", "example/other-")),  # a digest of another repository
    ],
)
def test_where_there_is_nothing_to_write_it_stays(asked: Json, recorded: str) -> None:
    assert pinned(asked, {"api": recorded}) == asked


def test_a_plan_knows_it_by_tag_and_by_digest() -> None:
    assert digests_of(template(), known()) == {"template": digest_of(template()), "by_digest": digest_of(BY_DIGEST)}
    assert digests_of(template(), known(NEW)) == {"template": digest_of(template())}
    for carried, same in ((template(), True), (BY_DIGEST, True), (template(OLD), False)):
        assert is_template(deployment(template_=carried), template(), known()) is same


def test_what_was_put_back_by_digest_is_what_was_recorded() -> None:
    assert unpinned(BY_DIGEST, known()) == template()
    assert list(difference(known(), running(GOOD, GOOD, GOOD, asked=BY_DIGEST))) == []
    other = template(f"{NEW}@{OTHER.partition('@')[2]}")
    assert unpinned(other, known()) == other
    assert len(list(difference(known(), running(OTHER, asked=other)))) == 1


@pytest.mark.parametrize(
    ("ids", "moved"),
    [
        ((GOOD, GOOD), False),
        ((GOOD, OTHER), True),  # one is enough: it needn't be waited for
        ((f"docker-pullable://{OTHER}",), True),
        (("",), False),  # not started yet
        ((OTHER.partition("@")[2],), False),  # a node's own id, which nobody can pull
        (
            (f"docker.io/library/import-2026-11-24@{OTHER.partition('@')[2]}",),
            False,
        ),  # loaded by hand, as nodes name it
        ((), False),
    ],
)
def test_a_pod_that_runs_another_image_gives_the_tag_away(ids: tuple[str, ...], moved: bool) -> None:
    assert moved_tags(running(*ids), known(), ("api",)) == (("api",) if moved else ())


@pytest.mark.parametrize(
    "given",
    [
        {"recorded": known(NEW)},  # nothing to hold it against
        {"asked": BY_DIGEST},  # it can't be another
        {"ours": ()},  # somebody else's container
    ],
)
def test_what_can_not_be_told_is_not_told(given: dict[str, Any]) -> None:
    seen = running(OTHER, asked=given.get("asked"))
    assert moved_tags(seen, given.get("recorded", known()), given.get("ours", ("api",))) == ()
