"""The steps in which people act, or are told."""

from dataclasses import replace

from runbooks.steps.announce import Announce
from runbooks.steps.approve import Approve
from runbooks.steps.confirm import Confirm
from runbooks.steps.notify import Delivery, NotifyStakeholders, key_of
from runbooks.vocabulary import Choice, Cut, Done, Failed, Means, Pending, Waiting
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


async def test_stakeholders_are_told_when_all_messages_stand_there() -> None:
    there = Delivery(posted=True)
    sending = Sending(**{CHANNEL: there, PERSON: there})
    step = NotifyStakeholders(sending)
    first = await turn(step, {}, site(environment=NAMED))
    assert first.step.shows == ("tells 1 channel and 2 people",)
    assert await step.start(first) == Pending(later(first, 1).now, "sending")
    assert await step.check(first, {}) == Pending(later(first, 1).now, "sending")
    sending.found["U01BODO"] = there
    told = {"channels": [CHANNEL], "people": [PERSON, "U01BODO"]}
    assert await step.check(first, {}) == Done("told 1 channel and 2 people", told)


async def test_whom_slack_refuses_is_named_with_the_reason() -> None:
    there, refused = Delivery(posted=True), Delivery(refused="channel_not_found")
    step = NotifyStakeholders(Sending(**{CHANNEL: refused, PERSON: there, "U01BODO": Delivery(refused="odd")}))
    failed = await step.check(await turn(step, {}, site(environment=NAMED)), {})
    assert isinstance(failed, Failed)
    assert failed.reason == (
        "Not told: C01GENERAL (there is no such channel, or Opsbot is not in it), U01BODO (Slack says odd). Mend "
        "that, or correct `stakeholders` of production in the catalogue, then ask again. Nothing was changed."
    )


async def test_who_is_not_told_after_a_change_is_not_told_that_nothing_was_changed() -> None:
    step = NotifyStakeholders(Sending(**{CHANNEL: Delivery(refused="is_archived")}))
    first = await turn(step, {}, site(environment=NAMED))
    failed = await step.check(replace(first, changed_at=NOW), {})
    assert isinstance(failed, Failed)
    assert failed.reason.endswith("then ask again.")


async def test_what_does_not_get_out_for_two_minutes_is_named() -> None:
    step = NotifyStakeholders(Sending(**{CHANNEL: Delivery(posted=True)}))
    first = await turn(step, {}, site(environment=NAMED))
    assert isinstance(await step.check(later(first, 119), {}), Pending)
    failed = await step.check(later(first, 120), {})
    assert isinstance(failed, Failed)
    assert failed.reason.startswith(
        "Not told: U01ADA (not posted for 2 minutes), U01BODO (not posted for 2 minutes)."
    )


async def test_where_nobody_is_named_a_person_tells_them() -> None:
    step = NotifyStakeholders(Sending())
    resolved = await step.resolve(step.params(), site())
    assert (resolved.uses, resolved.shows) == (
        "confirm",
        ("A person tells the stakeholders: production names none",),
    )
