"""The channels, groups and people of the catalogue: Slack has them, the bot is in each channel, no group is empty."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

from bot.adapters.slack.client import SlackRefused
from bot.adapters.slack.inspection import SlackInspection
from bot.doctor.finding import Check, Finding, Subject, listed
from runbooks.catalogue import Catalogue, Group

PART = "slack"
REACH = "see that this host reaches Slack, and that SLACK_API_URL is right"


@dataclass(frozen=True)
class PeopleChecks:
    """Asks by `slack`."""

    slack: SlackInspection

    def checks(self, catalogue: Catalogue) -> list[Check]:
        """One for each channel, however often it is named, one for each group, one for all authors of commits."""
        made = []
        for channel, places in _channels(catalogue).items():
            subject = Subject(PART, f"channel {channel}")
            made.append(Check(subject, partial(self._channel, subject, channel, places), REACH))
        for name, group in catalogue.groups.items():
            subject = Subject(PART, f"group {name}")
            made.append(Check(subject, partial(self._group, subject, group), REACH))
        for place, people in _stakeholders(catalogue):
            subject = Subject(PART, f"stakeholders of {place}")
            made.append(Check(subject, partial(self._people, subject, people), REACH))
        if authors := frozenset(catalogue.people.values()):
            subject = Subject(PART, "people")
            made.append(Check(subject, partial(self._authors, subject, authors), REACH))
        return made

    async def _authors(self, subject: Subject, authors: frozenset[str]) -> Finding:
        if gone := await self.slack.inactive(authors):
            return subject.wrong(
                f"Slack has no active {listed(sorted(gone))}, so these authors are never told",
                "correct their ids under `people` in the catalogue, or take them out",
            )
        return _all_there(subject, authors)

    async def _channel(self, subject: Subject, channel: str, places: list[str]) -> Finding:
        named = f"{places[0]} names it" + (f", and {len(places) - 1} more" if places[1:] else "")
        right = f"write the channel's id (at the end of its details) into {listed(places)}"
        invite = f"say /invite @opsbot in it, or {right}"
        try:
            found = await self.slack.channel(channel)
        except SlackRefused as refused:
            return subject.missing(f"the bot sees no such channel ({refused}); {named}", f"{right}; or {invite}")
        if found.archived:
            return subject.wrong(f"#{found.name} is archived; {named}", f"unarchive it, or {right}")
        if not found.member:
            return subject.missing(f"the bot is not in #{found.name}; {named}", invite)
        return subject.ok(f"the bot is in {'#' + found.name if found.name else 'it'}")

    async def _group(self, subject: Subject, group: Group) -> Finding:
        if group.slack:
            return await self._user_group(subject, group.slack)
        if not group.members:
            return subject.wrong("nobody is in it, so it denies everybody", "name a user group or people in it")
        return await self._people(subject, group.members)

    async def _people(self, subject: Subject, people: frozenset[str]) -> Finding:
        gone = [person for person in sorted(people) if not await self._is_there(person)]
        if gone:
            return subject.wrong(f"Slack has no active {listed(gone)}", "take them out of the catalogue")
        return _all_there(subject, people)

    async def _user_group(self, subject: Subject, group: str) -> Finding:
        try:
            count = await self.slack.members(group)
        except SlackRefused as refused:
            mend = "write the user group's id (S...) into the catalogue, and see that it is not disabled"
            return subject.missing(f"Slack does not show the user group {group} ({refused})", mend)
        if not count:
            return subject.wrong(f"nobody is in {group}, so it denies everybody", "put people into it, in Slack")
        return subject.ok(f"{group} has {count} {'person' if count == 1 else 'people'}")

    async def _is_there(self, person: str) -> bool:
        try:
            return await self.slack.is_active(person)
        except SlackRefused:
            return False


def _all_there(subject: Subject, people: frozenset[str]) -> Finding:
    return subject.ok(f"Slack has {'that person' if len(people) == 1 else f'all {len(people)} people'}")


def _channels(catalogue: Catalogue) -> dict[str, list[str]]:
    """Each channel with the places that name it."""
    found: dict[str, list[str]] = {}
    for channel, place in _named(catalogue):
        found.setdefault(channel, []).append(place)
    return found


def _named(catalogue: Catalogue) -> Iterator[tuple[str, str]]:
    for service, about in catalogue.services.items():
        for environment, place in about.environments.items():
            where = f"services.{service}.environments.{environment}"
            for key, channel in place.channels.model_dump(exclude_none=True).items():
                yield channel, f"{where}.channels.{key}"
            for channel in place.stakeholders.channels:
                yield channel, f"{where}.stakeholders.channels"


def _stakeholders(catalogue: Catalogue) -> Iterator[tuple[str, frozenset[str]]]:
    """The people of each place that are told before it changes."""
    for service, about in catalogue.services.items():
        for environment, place in about.environments.items():
            if place.stakeholders.people:
                yield f"{service} {environment}", frozenset(place.stakeholders.people)
