"""The steps in which people act, or are told."""

from runbooks.steps.announce import Announce
from runbooks.steps.approve import Approve
from runbooks.steps.confirm import Confirm
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
