"""Which commit a typed version is, and what is said where it is none."""

from hashlib import sha1

import pytest

from bot.adapters.source.git import GitSource
from runbooks.steps.source import Found, Kind, UnknownVersion
from tests.fixtures.repositories import Repository


async def test_a_tag_light_or_annotated_is_its_commit(repository: Repository, source: GitSource) -> None:
    first = repository.commit({"a": "1"}, tag="v41")
    second = repository.commit({"a": "2"})
    repository.git("tag", "--annotate", "--message", "Release", "v42")
    assert await source.resolve(repository.url, "v41") == Found(first, "v41", Kind.TAG)
    assert await source.resolve(repository.url, "v42") == Found(second, "v42", Kind.TAG)


async def test_a_branch_is_its_head_as_it_is_now(repository: Repository, source: GitSource) -> None:
    first = repository.commit({"a": "1"})
    assert await source.resolve(repository.url, "main") == Found(first, "main", Kind.BRANCH)
    second = repository.commit({"a": "2"})
    assert (await source.resolve(repository.url, "main")).commit == second


async def test_a_branch_with_a_slash(repository: Repository, source: GitSource) -> None:
    first = repository.commit({"a": "1"})
    repository.git("branch", "release/v41")
    assert await source.resolve(repository.url, "release/v41") == Found(first, "release/v41", Kind.BRANCH)


async def test_a_tag_goes_before_a_branch_of_the_same_name(repository: Repository, source: GitSource) -> None:
    first = repository.commit({"a": "1"}, tag="same")
    repository.commit({"a": "2"})
    repository.git("branch", "same")
    assert await source.resolve(repository.url, "same") == Found(first, "same", Kind.TAG)


async def test_a_moved_tag_and_a_deleted_one_are_seen(repository: Repository, source: GitSource) -> None:
    repository.commit({"a": "1"}, tag="v41")
    await source.resolve(repository.url, "v41")
    second = repository.commit({"a": "2"})
    repository.git("tag", "--force", "v41")
    assert (await source.resolve(repository.url, "v41")).commit == second
    repository.git("tag", "--delete", "v41")
    with pytest.raises(UnknownVersion):
        await source.resolve(repository.url, "v41")


async def test_a_commit_by_all_or_some_of_its_digits(repository: Repository, source: GitSource) -> None:
    first = repository.commit({"a": "1"})
    repository.commit({"a": "2"})
    for typed in (first, first[:7], first[:12], first.upper()):
        assert await source.resolve(repository.url, typed) == Found(first, first[:7], Kind.COMMIT)
    with pytest.raises(UnknownVersion):
        await source.resolve(repository.url, first[:6])


async def test_a_commit_that_is_new_since_the_last_fetch_is_found(repository: Repository, source: GitSource) -> None:
    repository.commit({"a": "1"}, tag="v41")
    await source.resolve(repository.url, "v41")
    second = repository.commit({"a": "2"})
    assert (await source.resolve(repository.url, second[:9])).commit == second


async def test_a_commit_that_no_branch_has_any_more_is_no_version(repository: Repository, source: GitSource) -> None:
    repository.commit({"a": "1"})
    taken_back = repository.commit({"a": "2"})
    await source.resolve(repository.url, taken_back)
    repository.git("reset", "--quiet", "--hard", "HEAD~1")
    await source.resolve(repository.url, "main")
    with pytest.raises(UnknownVersion):
        await source.resolve(repository.url, taken_back)


async def test_an_unknown_version_names_the_nearest(repository: Repository, source: GitSource) -> None:
    for tag in ("v41", "v42"):
        repository.commit({"a": tag}, tag=tag)
    missing = "There is no version “{}” in the source: no tag, branch or commit is called that."
    with pytest.raises(UnknownVersion) as caught:
        await source.resolve(repository.url, "v4O")
    assert caught.value.sentence == f"{missing.format('v4O')} Did you mean v42 or v41?"
    assert set(caught.value.nearest) == {"v41", "v42"}
    with pytest.raises(UnknownVersion) as caught:
        await source.resolve(repository.url, "zzzzzzzz")
    assert caught.value.sentence == f"{missing.format('zzzzzzzz')} The newest tags are v42 and v41."
    assert caught.value.nearest == ("v42", "v41")


async def test_without_any_tag_the_branches_are_named(repository: Repository, source: GitSource) -> None:
    repository.commit({"a": "1"})
    with pytest.raises(UnknownVersion, match=r"called that\. The only branch is main\.$"):
        await source.resolve(repository.url, "zzzzzzzz")
    repository.commit({"a": "2"}, tag="v1")
    with pytest.raises(UnknownVersion, match=r"called that\. The only tag is v1\.$"):
        await source.resolve(repository.url, "zzzzzzzz")


@pytest.mark.parametrize("typed", ["--upload-pack=x", "v41^{}", "v41..v42", "HEAD@{1}", "a b", "", "refs\n", "../x"])
async def test_what_is_no_name_is_never_given_to_git(repository: Repository, source: GitSource, typed: str) -> None:
    repository.commit({"a": "1"}, tag="v41")
    repository.commit({"a": "2"}, tag="v42")
    with pytest.raises(UnknownVersion):
        await source.resolve(repository.url, typed)


async def test_the_beginning_of_two_commits_is_said(repository: Repository, source: GitSource) -> None:
    repository.commit({"a": "1"})
    one, other = _alike(repository)
    with pytest.raises(UnknownVersion, match=r"is the beginning of 2 commits: .*Give more digits\.") as caught:
        await source.resolve(repository.url, one[:7])
    assert caught.value.nearest == tuple(sorted([one, other]))
    assert (await source.resolve(repository.url, other[:20])).commit == other


def _alike(repository: Repository) -> tuple[str, str]:
    """Two commits with the same seven first digits, on branches of their own."""
    tree = repository.git("rev-parse", "HEAD^{tree}")
    who = "Ada Beispiel <ada@solvereign.example> 1767600000 +0000"
    seen: dict[str, str] = {}
    for number in range(10**6):
        text = f"tree {tree}\nauthor {who}\ncommitter {who}\n\n{number}\n"
        digits = sha1(f"commit {len(text)}\0{text}".encode(), usedforsecurity=False).hexdigest()
        if digits[:7] in seen:
            pair = [
                repository.git("hash-object", "-t", "commit", "-w", "--stdin", stdin=t)
                for t in (seen[digits[:7]], text)
            ]
            for name, commit in zip(("one", "other"), pair, strict=True):
                repository.git("branch", name, commit)
            return pair[0], pair[1]
        seen[digits[:7]] = text
    raise AssertionError("no two commits are alike")


async def test_a_source_without_anything_in_it(repository: Repository, source: GitSource) -> None:
    with pytest.raises(UnknownVersion, match="no tag, branch or commit"):
        await source.resolve(repository.url, "v41")
