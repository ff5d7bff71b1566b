"""A holder who is cut off while a change is on its way still learns what the cluster made of it."""

import asyncio

import pytest

from bot.adapters.kubernetes.client import Reply
from bot.adapters.kubernetes.late import heard
from runbooks.vocabulary import Fenced

REFUSED = Reply(422, b"")


def refusal(reply: Reply) -> Exception | None:
    return Fenced("it was refused") if reply.status == 422 else None


async def cut_off(answer: asyncio.Future[Reply], reply: Reply | None) -> asyncio.CancelledError:
    """Sent, cut off, and only then answered; what the holder who was cut off is left with."""

    async def sending() -> Reply:
        return await answer

    holder = asyncio.create_task(heard(sending(), refused=refusal))
    await asyncio.sleep(0)
    holder.cancel()
    await asyncio.sleep(0)
    if reply is None:
        answer.set_exception(OSError("made up"))
    else:
        answer.set_result(reply)
    with pytest.raises(asyncio.CancelledError) as caught:
        await holder
    assert holder.cancelled()
    return caught.value


@pytest.fixture
async def answer() -> asyncio.Future[Reply]:
    return asyncio.get_running_loop().create_future()


async def test_a_refusal_is_why_it_was_cut_off(answer: asyncio.Future[Reply]) -> None:
    assert str((await cut_off(answer, REFUSED)).__cause__) == "it was refused"


@pytest.mark.parametrize("reply", [Reply(200, b"{}"), None])
async def test_anything_else_is_no_refusal(answer: asyncio.Future[Reply], reply: Reply | None) -> None:
    assert (await cut_off(answer, reply)).__cause__ is None


async def test_who_is_not_cut_off_has_the_answer(answer: asyncio.Future[Reply]) -> None:
    async def sending() -> Reply:
        return REFUSED

    assert await heard(sending(), refused=refusal) is REFUSED


async def test_what_sending_raises_is_raised() -> None:
    async def sending() -> Reply:
        raise OSError("made up")

    with pytest.raises(OSError, match="made up"):
        await heard(sending(), refused=refusal)
