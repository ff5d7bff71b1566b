"""The steps in which people act, or are told."""

import os
from dataclasses import replace
from pathlib import Path

import pytest

from bot.adapters.source.git import GitSource
from runbooks.steps.announce import Announce
from runbooks.steps.approve import Approve
from runbooks.steps.base import Site
from runbooks.steps.confirm import Confirm
from runbooks.steps.notify import Delivery, NotifyStakeholders, key_of, recipients
from runbooks.steps.source import Author
from runbooks.vocabulary import Choice, Cut, Done, Failed, KnownGood, Means, Pending, Waiting
from tests.fixtures.repositories import Repository
from tests.steps.places import NOW, later, site, through, turn


class Slack:
    """What was posted, known to this many looks."""

    def __init__(self, after: int) -> None:
        self.after, self.asked = after, list[str]()

    async def posted(self, key: str) -> bool:
        self.asked.append(key)
        return len(self.asked) > self.after


async def test_a_manual_item_waits_for_a_tick() -> None:
    step = Confirm()
    first = await turn(step, {}, site())
    assert await step.start(first) == Waiting("a tick", (Choice("done", "Done", Means.DONE),))
    assert (first.step.changes, first.step.cut) == (False, Cut.IDEMPOTENT)


async def test_an_approval_is_waited_for_without_a_button_of_the_steps_own() -> None:
    step = Approve()
    assert await step.start(await turn(step, {}, site())) == Waiting("approval")


async def test_an_announcement_is_done_when_it_stands_there() -> None:
    slack = Slack(after=2)
    step = Announce(slack)
    answers = await through(step, await turn(step, {}, site()))
    assert [type(answer) for answer in answers] == [Pending, Pending, Pending, Done]
    assert set(slack.asked) == {"run/D-107/announce"}


async def test_an_announcement_that_does_not_get_out_is_said_after_two_minutes() -> None:
    step = Announce(Slack(after=10_000))
    first = await turn(step, {}, site())
    waits = await step.check(later(first, 119), {})
    assert waits == Pending(later(first, 120).now, "sending")
    failed = await step.check(later(first, 120), {})
    assert isinstance(failed, Failed)
    assert first.began_at == NOW
    assert failed.reason.startswith("The announcement could not be posted for 2 minutes.")


CHANNEL, PERSON = "C01GENERAL", "U01ADA"
NAMED = {"stakeholders": {"channels": [CHANNEL, CHANNEL], "people": [PERSON, "U01BODO"]}}


class Sending:
    """What became of a run's messages."""

    def __init__(self, **found: Delivery) -> None:
        self.found = found

    async def deliveries(self, run: str) -> dict[str, Delivery]:
        return {key_of(run, whom): delivery for whom, delivery in self.found.items()}


class Wrote(GitSource):
    """A source with these authors of whatever comes."""

    def __init__(self, *authors: Author) -> None:
        super().__init__(Path("nowhere"), environment={})
        self._authors = authors

    async def authors(self, repository: str, base: str, head: str) -> tuple[Author, ...]:
        return self._authors


async def test_stakeholders_are_told_when_all_messages_stand_there() -> None:
    there = Delivery(posted=True)
    sending = Sending(**{CHANNEL: there, PERSON: there})
    step = NotifyStakeholders(sending, Wrote(), people={})
    first = await turn(step, {}, site(environment=NAMED))
    assert first.step.shows == ("tells 1 channel and 2 people",)
    assert await step.start(first) == Pending(later(first, 1).now, "sending")
    assert await step.check(first, {}) == Pending(later(first, 1).now, "sending")
    sending.found["U01BODO"] = there
    told = {"channels": [CHANNEL], "people": [PERSON, "U01BODO"]}
    assert await step.check(first, {}) == Done("told 1 channel and 2 people", told)


async def test_whom_slack_refuses_is_named_with_the_reason() -> None:
    there, refused = Delivery(posted=True), Delivery(refused="channel_not_found")
    step = NotifyStakeholders(
        Sending(**{CHANNEL: refused, PERSON: there, "U01BODO": Delivery(refused="odd")}), Wrote(), people={}
    )
    failed = await step.check(await turn(step, {}, site(environment=NAMED)), {})
    assert isinstance(failed, Failed)
    assert failed.reason == (
        "Not told: C01GENERAL (there is no such channel, or Opsbot is not in it), U01BODO (Slack says odd). Mend "
        "that, or correct `stakeholders` of production in the catalogue, then ask again."
    )


async def test_who_is_not_told_after_a_change_is_not_told_that_nothing_was_changed() -> None:
    step = NotifyStakeholders(Sending(**{CHANNEL: Delivery(refused="is_archived")}), Wrote(), people={})
    first = await turn(step, {}, site(environment=NAMED))
    failed = await step.check(replace(first, changed_at=NOW), {})
    assert isinstance(failed, Failed)
    assert failed.reason.endswith("then ask again.")


async def test_what_does_not_get_out_for_two_minutes_is_named() -> None:
    step = NotifyStakeholders(Sending(**{CHANNEL: Delivery(posted=True)}), Wrote(), people={})
    first = await turn(step, {}, site(environment=NAMED))
    assert isinstance(await step.check(later(first, 119), {}), Pending)
    failed = await step.check(later(first, 120), {})
    assert isinstance(failed, Failed)
    assert failed.reason.startswith(
        "Not told: U01ADA (not posted for 2 minutes), U01BODO (not posted for 2 minutes)."
    )


async def test_where_nobody_is_named_a_person_tells_them() -> None:
    step = NotifyStakeholders(Sending(), Wrote(), people={})
    resolved = await step.resolve(step.params(), site())
    assert (resolved.uses, resolved.shows) == (
        "confirm",
        ("A person tells the stakeholders: production names none",),
    )


# ---------------------------------------------------------------- the authors of what comes

BODO, CLEO = Author("Bodo", "bodo@x.example"), Author("Cleo", "cleo@x.example")
PEOPLE = {"Ada@X.example": "U01ADA", "bodo@x.example": "U02BODO", "me@x.example": "U01REQUESTER"}
THERE = Delivery(posted=True)
TOLD = {"stakeholders": {"channels": [CHANNEL], "people": [PERSON]}}


def coming(**fields: object) -> Site:
    """A site that names a channel and Ada, with something that comes since v41."""
    return site(environment=TOLD, known_good=good("3" * 40), **fields)


def good(commit: str) -> KnownGood:
    return KnownGood("adopt", "v41", commit, (), "", "", NOW)


async def test_authors_are_told_each_once_and_who_has_no_id_is_said(tmp_path: Path) -> None:
    repository = Repository(tmp_path / "repository")
    base = repository.commit({"a": "1"}, tag="v41")
    for who in (
        *("Ada <ada@x.example>", "Bodo <BODO@x.example>", "Bodo at home <bodo@x.example>"),
        *("Riley <me@x.example>", "Cleo <cleo@x.example>"),
    ):
        repository.git("commit", "--quiet", "--allow-empty", "--message", "b", "--author", who)
    head = repository.git("rev-parse", "HEAD")
    source = GitSource(tmp_path / "state", environment=os.environ)
    await source.resolve(repository.url, "main")
    sending = Sending(**{CHANNEL: THERE, PERSON: THERE})
    step = NotifyStakeholders(sending, source, people=PEOPLE)

    place = coming(service={"source": {"repository": repository.url}}, commit=head)
    first = await turn(step, {}, replace(place, known_good=good(base)))
    assert first.step.shows == ("tells 1 channel, 1 person and 1 author", "not told, no Slack id: Cleo")
    assert recipients(first.step.params) == [CHANNEL, PERSON, "U02BODO"]
    assert "@" not in str(first.step.params), "the plan has nobody's e-mail"
    assert isinstance(await step.check(first, {}), Pending)
    sending.found["U02BODO"] = THERE
    done = await step.check(first, {})
    assert isinstance(done, Done)
    assert done.line == "told 1 channel, 1 person and 1 author; not told, no Slack id: Cleo"
    assert (done.evidence["authors"], done.evidence["not_told"]) == (["U02BODO"], ["Cleo"])


async def test_an_author_whom_slack_refuses_stops_nothing_and_is_said() -> None:
    gone = Delivery(refused="user_disabled")
    step = NotifyStakeholders(Sending(**{CHANNEL: THERE, PERSON: THERE, "U02BODO": gone}), Wrote(BODO), people=PEOPLE)
    done = await step.check(await turn(step, {}, coming()), {})
    assert isinstance(done, Done)
    assert done.line == "told 1 channel and 1 person; not told: Bodo (that account is closed)"
    assert done.evidence["not_told"] == ["Bodo"]


async def test_an_author_who_is_not_reached_is_waited_for_no_longer_than_the_others() -> None:
    step = NotifyStakeholders(Sending(**{CHANNEL: THERE, PERSON: THERE}), Wrote(BODO), people=PEOPLE)
    first = await turn(step, {}, coming())
    assert isinstance(await step.check(later(first, 119), {}), Pending)
    done = await step.check(later(first, 120), {})
    assert isinstance(done, Done)
    assert done.line == "told 1 channel and 1 person; still to be told: 1 author"
    assert done.evidence["still_to_tell"] == ["Bodo"]


async def test_hundreds_of_authors_take_a_line_of_the_card_and_no_more_than_two_minutes() -> None:
    wrote = [Author(f"Author {n}", f"{n}@x.example") for n in range(300)]
    people = {author.email: f"U03N{n}" for n, author in enumerate(wrote)}
    gone = {f"U03N{n}": Delivery(refused="user_disabled") for n in range(90, 100)}
    sending = Sending(**{CHANNEL: THERE, PERSON: THERE, **{f"U03N{n}": THERE for n in range(90)}, **gone})
    first = await turn(NotifyStakeholders(sending, Wrote(*wrote), people=people), {}, coming())
    done = await NotifyStakeholders(sending, Wrote(*wrote), people=people).check(later(first, 120), {})
    assert isinstance(done, Done)
    closed = ", ".join(f"Author {n} (that account is closed)" for n in range(90, 94))
    assert done.line == (
        f"told 1 channel, 1 person and 90 authors; not told: {closed}, 6 more; still to be told: 200 authors"
    )


@pytest.mark.parametrize(
    ("place", "people"),
    [
        (coming(), {}),  # the catalogue says of nobody who they are
        (coming(target=good("4" * 40)), PEOPLE),  # a rollback brings nothing
        (coming(commit="3" * 40), PEOPLE),
        (site(environment=TOLD), PEOPLE),  # since when is not known
    ],
)
async def test_where_nothing_comes_or_nobody_is_known_no_author_is_spoken_of(
    place: Site, people: dict[str, str]
) -> None:
    step = NotifyStakeholders(Sending(), Wrote(BODO, CLEO), people=people)
    assert (await step.resolve(step.params(), place)).params == {"channels": [CHANNEL], "people": [PERSON]}


async def test_of_very_many_authors_without_an_id_a_few_are_named() -> None:
    step = NotifyStakeholders(Sending(), Wrote(*(Author("x" * 60 + str(n), "?") for n in range(9))), people=PEOPLE)
    shown = (await step.resolve(step.params(), coming())).shows[1]
    assert shown == f"not told, no Slack id: {', '.join(['x' * 40] * 4)}, 5 more"
