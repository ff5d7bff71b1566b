"""What an image is called: its repository, and its tag or the first digits of its digest."""

import pytest

from runbooks.steps.kubernetes.deployments import repository_of, tag_of

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
