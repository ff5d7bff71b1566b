"""Who is in which group now. Fail closed: a look-up that fails denies."""

from typing import Protocol

from runbooks.vocabulary import Actor


class Members(Protocol):
    """The catalogue's groups, as Slack or the catalogue has them."""

    async def of(self, group: str) -> frozenset[Actor]:
        """Everybody in the group, at most 60 s old. Raises Unreachable where it can't be known within 1 s."""
        ...


async def groups_of(members: Members, by: Actor, groups: frozenset[str]) -> frozenset[str]:
    """Which of these groups the person is in. Raises Unreachable."""
    return frozenset([group for group in sorted(groups) if by in await members.of(group)])
