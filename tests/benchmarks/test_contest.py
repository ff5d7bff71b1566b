"""What is measured is real: runs go through the program that stands for Opsbot, and what its holder left goes on."""

from collections.abc import Iterator

import pytest

from benchmarks import contest
from benchmarks.contest import Contestant, Program, opsbot
from tests.fixtures.postgres import temporary_server


@pytest.fixture
def contestant(monkeypatch: pytest.MonkeyPatch) -> Iterator[Contestant]:
    monkeypatch.setattr(contest, "SLOTS", 2)
    with temporary_server() as server:
        yield opsbot(server)


def items(program: Program, word: str) -> list[str]:
    return sorted(told.item for told in program.of(word))


async def test_one_process_asks_and_works(contestant: Contestant) -> None:
    async with contestant.runs("through", 5, 2) as process:
        await process.until("done")
        assert items(process, "ready") == items(process, "started") == items(process, "ended")
        assert len(process.of("ended")) == 5


async def test_what_a_killed_one_left_goes_on_in_another(contestant: Contestant) -> None:
    async with contestant.works("a", hangs=True) as doomed:
        ready = await contestant.asks(2, steps=2, prefix="left")
        await doomed.until("started", 2)
        async with contestant.works("b") as standing:
            killed = doomed.kill()
            told = await standing.until("ended", 2)
            assert items(standing, "started") == items(doomed, "started") == sorted(each.item for each in ready)
            assert all(killed < each.at < killed + 60 for each in told), "by one clock"
            assert not doomed.of("ended")
