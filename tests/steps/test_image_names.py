"""What an image is called: its repository, and its tag or the first digits of its digest."""

import pytest

from bot.adopting import NotAdopted, version_of
from runbooks.steps.kubernetes.deployments import repository_of, tag_of
from tests.steps.places import site

DIGEST = f"sha256:{'a' * 64}"
SHORT = f"sha256:{'a' * 7}"


@pytest.mark.parametrize(
    ("image", "repository", "tag"),
    [
        ("api", "api", "latest"),
        ("api:v42", "api", "v42"),
        ("registry.example/team/api:v42", "registry.example/team/api", "v42"),
        ("localhost:5000/team/api", "localhost:5000/team/api", "latest"),
        ("localhost:5000/team/api:v42", "localhost:5000/team/api", "v42"),
        ("registry.example/api:feature/x", "registry.example/api", "feature/x"),
        ("localhost:5000/api:feature/x", "localhost:5000/api", "feature/x"),
        (f"localhost:5000/api@{DIGEST}", "localhost:5000/api", SHORT),
        (f"registry.example/api:v42@{DIGEST}", "registry.example/api", SHORT),
        ("", "", "latest"),
    ],
)
def test_the_parts_of_an_image(image: str, repository: str, tag: str) -> None:
    assert (repository_of(image), tag_of(image)) == (repository, tag)


# ---------------------------------------------------------------- the version of what is adopted

BY_DIGEST = f"registry.example:5000/api@{DIGEST}"


@pytest.mark.parametrize(
    ("image", "said", "version"),
    [
        ("registry.example:5000/api:v41", "", "v41"),
        (BY_DIGEST.replace("@", ":v41@"), "", "v41"),
        (BY_DIGEST.replace("@", ":v41@"), "v41", "v41"),
        (BY_DIGEST, "v41", "v41"),
    ],
)
def test_the_version_is_the_tags_or_what_who_adopts_says(image: str, said: str, version: str) -> None:
    assert version_of(image, site(version=said)) == version


@pytest.mark.parametrize("image", [BY_DIGEST, "registry.example:5000/api"])
def test_an_image_without_a_tag_asks_for_the_version(image: str) -> None:
    with pytest.raises(NotAdopted) as caught:
        version_of(image, site(version=""))
    assert str(caught.value) == (
        f"{image} has no tag, so which version it is can't be read. Nothing was recorded. Say which it is: "
        "`opsbot adopt solvereign-api production --version VERSION`, a tag or a commit of the source."
    )


def test_another_version_than_the_tag_says_is_refused() -> None:
    with pytest.raises(NotAdopted, match=r"api:v41 is v41, not v42\. Nothing was recorded; adopt it without"):
        version_of("api:v41", site(version="v42"))
