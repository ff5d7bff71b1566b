"""`notify.stakeholders`: tells the people and channels of the catalogue what comes, before it comes.

The messages are rendered and sent with all others, from the run's state: this step only waits for them. That they
were delivered is checked, that they were read is not. Where nobody is named a person ticks the line.

The authors of what comes are told after them, as far as the catalogue knows their Slack ids. One who can't be told is
said, and stops nothing: nobody named them, and a deploy must not wait for somebody who has left. Nor does it wait for
hundreds longer than two minutes: Slack takes them in its own time, and those left are told while the run goes on.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from runbooks.steps.base import Params, Resolved, Site, Step, Turn
from runbooks.steps.confirm import Confirm
from runbooks.steps.source import Source
from runbooks.vocabulary import Cut, Done, Failed, Json, Outcome, Pending

_AGAIN = timedelta(seconds=1)
_PATIENCE = timedelta(minutes=2)
_LATE = "not posted for 2 minutes"
_NAMED, _LONGEST = 4, 40  # people in a line; characters of a name
_WHY = {
    "channel_not_found": "there is no such channel, or Opsbot is not in it",
    "not_in_channel": "Opsbot is not in it",
    "is_archived": "it is archived",
    "user_not_found": "there is no such person",
    "user_disabled": "that account is closed",
    "cannot_dm_bot": "that is a bot",
}


@dataclass(frozen=True)
class Delivery:
    """How far a message has come: in Slack, refused by it (its own code), or neither yet."""

    posted: bool = False
    refused: str = ""


class Sent(Protocol):
    """The messages of runs, as they were sent."""

    async def deliveries(self, run: str) -> Mapping[str, Delivery]:
        """A run's messages, by key; one that is not there was not tried yet."""
        ...


def key_of(run: str, whom: str) -> str:
    """The key of the message that tells this person or channel."""
    return f"run/{run}/told/{whom}"


def recipients(params: Json) -> list[str]:
    """The ids of all whom a planned step tells."""
    return [*params["channels"], *params["people"], *params.get("authors", {})]


class NotifyStakeholders(Step):
    """Waits until all of them were told."""

    uses = "notify.stakeholders"
    cut = Cut.IDEMPOTENT

    def __init__(self, sent: Sent, source: Source, *, people: Mapping[str, str]) -> None:
        """`people` are Slack's ids by e-mail, as the catalogue has them."""
        self._sent = sent
        self._source = source
        self._people = {email.casefold(): person for email, person in people.items()}

    async def resolve(self, params: Params, site: Site) -> Resolved:  # noqa: ARG002  # it has no keys of its own
        """Who."""
        named = site.environment.stakeholders
        channels, people = list(dict.fromkeys(named.channels)), list(dict.fromkeys(named.people))
        if not channels and not people:
            shows = (f"A person tells the stakeholders: {site.environment_name} names none",)
            return Resolved(uses=Confirm.uses, shows=shows)
        found: Json = {"channels": channels, "people": people}
        authors, unknown = await self._authors(site)
        if joining := {whom: name for whom, name in authors.items() if whom not in people}:
            found["authors"] = joining
        if unknown:
            found["unknown"] = unknown
        return Resolved(found, (f"tells {_counted(channels, people, joining)}", *_unknown(unknown)))

    async def start(self, turn: Turn) -> Outcome:
        """That the step has begun lets the messages be sent."""
        return Pending(turn.now + _AGAIN, "sending")

    async def check(self, turn: Turn, token: Json) -> Outcome:
        """See who was reached."""
        params, found = turn.step.params, await self._sent.deliveries(turn.site.run)
        delivered = {whom: found.get(key_of(turn.site.run, whom), Delivery()) for whom in recipients(params)}
        missing = {whom: delivery.refused for whom, delivery in delivered.items() if not delivery.posted}
        late = turn.now - turn.began_at >= _PATIENCE
        why = {whom: _why(code) if code else _LATE for whom, code in missing.items() if code or late}
        if not why.keys().isdisjoint((*params["channels"], *params["people"])):
            return _failed(turn, why)
        return Pending(turn.now + _AGAIN, "sending", token) if missing.keys() - why.keys() else _done(params, why)

    async def _authors(self, site: Site) -> tuple[dict[str, str], list[str]]:
        """Of what comes: the names of those who have a Slack id, by it, without who asks; and of those who have none.

        Nobody, where the catalogue does not say who anybody is.
        """
        if not self._people or not site.since:
            return {}, []
        wrote = await self._source.authors(site.service.source.repository, site.since, site.commit)
        known: dict[str, str] = {}
        unknown: dict[str, None] = {}
        for author in wrote:
            if whom := self._people.get(author.email.casefold()):
                known.setdefault(whom, author.name)
            else:
                unknown[author.name] = None
        known.pop(site.requester.rpartition("/")[2], None)
        return known, list(unknown)


def _done(params: Json, why: Mapping[str, str]) -> Done:
    authors, unknown = params.get("authors", {}), params.get("unknown", [])
    told = {whom: name for whom, name in authors.items() if whom not in why}
    late = [name for whom, name in authors.items() if why.get(whom) == _LATE]
    refused = {whom: reason for whom, reason in why.items() if reason != _LATE}
    line = f"told {_counted(params['channels'], params['people'], told)}"
    left = [f"not told: {_named(authors, refused)}"] if refused else []
    left += [f"still to be told: {_counted((), (), late)}"] if late else []
    evidence = {"channels": params["channels"], "people": params["people"]}
    evidence |= {"authors": list(told)} if told else {}
    evidence |= {"not_told": [*unknown, *(authors[whom] for whom in refused)]} if unknown or refused else {}
    evidence |= {"still_to_tell": late} if late else {}
    return Done("; ".join([line, *_unknown(unknown), *left]), evidence)


def _failed(turn: Turn, why: Mapping[str, str]) -> Failed:
    return Failed(
        f"Not told: {_named(turn.step.params.get('authors', {}), why)}. Mend that, or correct `stakeholders` of "
        f"{turn.site.environment_name} in the catalogue, then ask again.",
        {"not_told": list(why)},
    )


def _named(authors: Mapping[str, str], why: Mapping[str, str]) -> str:
    named = [f"{authors.get(whom, whom)[:_LONGEST]} ({reason})" for whom, reason in why.items()]
    return _some(named)


def _unknown(names: Sequence[str]) -> list[str]:
    """The line that says whom nobody tells; none where that is nobody."""
    return [f"not told, no Slack id: {_some([name[:_LONGEST] for name in names])}"] if names else []


def _some(names: Sequence[str]) -> str:
    more = [f"{len(names) - _NAMED} more"] if len(names) > _NAMED else []
    return ", ".join([*names[:_NAMED], *more])


def _why(code: str) -> str:
    return _WHY.get(code, f"Slack says {code}")


def _counted(channels: Sequence[str], people: Sequence[str], authors: Collection[str]) -> str:
    counts = (
        (len(channels), "channel", "channels"),
        (len(people), "person", "people"),
        (len(authors), "author", "authors"),
    )
    *first, last = [f"{n} {one if n == 1 else many}" for n, one, many in counts if n]
    return f"{', '.join(first)} and {last}" if first else last
