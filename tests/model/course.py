"""A course of events: whatever people, processes, the outside and the clock do, engine and model come to the same."""

import copy
from collections import Counter
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from bot.adapters.postgres.verify import faults
from runbooks import folds
from runbooks.engine import asks
from runbooks.engine.draft import stored_reply
from runbooks.engine.starts import shown_digest
from runbooks.vocabulary import Actor
from tests.engine.world import ALEX, SAM
from tests.model.asked import Asked
from tests.model.bench import Bench, Still
from tests.model.holding import holding
from tests.model.model import Lease, Model, Run
from tests.model.places import KIM, SCRIPTS, Shown, Spot
from tests.model.seen import engine_view, model_view, plan_of, unapproved

LEASE = timedelta(seconds=10)


class Course:
    """What happens, step by step; each holds the engine's answer against the model's."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.model = Model()
        self.asked: list[Asked] = []
        self.requests: list[tuple[Still, Asked]] = []  # that stand still
        self.processes: list[tuple[Still, Any]] = []  # that stand still, each with its part of the model
        self.plans: dict[tuple[str, str], str | None] = {}  # by run and digest
        self.happened = Counter[str]()

    def possible(self, steps: Iterable[str]) -> list[str]:
        """Those of the steps that have something to act on."""
        runs = list(self.model.runs.values())
        nothing = {
            "bring_on": not any(run.open for run in runs),
            "judge": not any(run.open for run in runs),
            "tick": not runs,
            "abort": not runs,
            "ask_again": not self.asked,
            "wake": not self.processes,
            "kill": not self.processes,
            "let_come": not self.requests,
            "pass_time": self.requests,  # they come within seconds
            "let_expire": self.requests or not any(run.waits or run.approvals for run in runs if run.open),
            "change_groups": self.requests,  # who is in which group was read before
        }
        return [name for name in steps if not nothing.get(name)]

    @property
    def held(self) -> bool:
        """Whether deploys are held somewhere."""
        return any(place.hold for place in self.model.places.values())

    @property
    def waiting(self) -> list[Run]:
        """The runs that wait for approvals."""
        return [run for run in self.model.runs.values() if run.waits]

    # ------------------------------------------------------------ people

    def deploy(self, spot: Spot, version: str, by: Actor, still: bool) -> None:
        self._ask(asks.Deploy(spot.service, version, spot.environment), by, still=still)

    def roll_back(self, spot: Spot, to: str, by: Actor, old: bool, still: bool) -> None:
        release = self.bench.see([])[1][spot.release]
        target = release.find(to) if to else release.known_good
        digest = shown_digest(release, target) if target and not old else "of another"
        before = release.back.run if release.back else ""
        shown = ((target.version, target.run), before) if target and not old else None
        self._ask(asks.RollBack(spot.service, spot.environment, to, digest), by, shown=shown, still=still)

    def plan_a_rollback(self, spot: Spot, to: str, by: Actor, still: bool) -> None:
        self._ask(asks.PlanRollBack(spot.service, spot.environment, to), by, still=still)

    def judge(self, number: int, by: Actor | None, waiting: bool, old: bool, no: bool, still: bool) -> None:
        """Somebody, or whoever asked for it, approves a run or rejects it; mostly one that waits for that."""
        waits = self.waiting if waiting else []
        run = waits[-1 - number % len(waits)] if waits else self._run(number)
        self._judge(run, by or run.requester, old=old, no=no, still=still)

    def tick(self, number: int, line: int, by: Actor, still: bool) -> None:
        run = self._run(number)
        lines = [each.id for each in SCRIPTS[run.kind] if each.does == "tick"] or ["no-such-line"]
        self._ask(asks.Answer(run.id, lines[line % len(lines)], "done"), by, still=still)

    def abort(self, number: int, by: Actor, still: bool) -> None:
        self._ask(asks.Abort(self._run(number).id), by, still=still)

    def lock(self, spot: Spot, by: Actor, still: bool) -> None:
        self._ask(asks.Lock(spot.service, spot.environment, "a freeze"), by, still=still)

    def unlock(self, spot: Spot, by: Actor, reason: str, still: bool) -> None:
        self._ask(asks.Unlock(spot.service, spot.environment, reason), by, still=still)

    def ask_again(self, number: int, same: bool) -> None:
        """The same gesture once more, or the same words under another id."""
        first = self.asked[-1 - number % len(self.asked)]
        if not same:
            self._ask(first.ask, first.by, plan=first.plan, shown=first.shown)
        elif first.reply is not None:
            events = self.bench.stage.count_events()
            reply = self.bench.request(first.ask, first.by, first.key)
            assert stored_reply(reply) == stored_reply(first.reply)
            assert self.bench.stage.count_events() == events, "a gesture moved something twice"
        else:  # the first stands still; this one is decided on what stands now
            first.against = self.model.against(first.ask, first.by, plan=first.plan, shown=first.shown)
            self._hear(first, self.bench.request(first.ask, first.by, first.key))

    # ------------------------------------------------------------ what brings runs on

    def bring_on(self, number: int, times: int, point: str) -> None:
        """What the run waits for is done by somebody who may, several times; processes work, and may stand still."""
        run = self._run(number, of_open=True)
        for _ in range(times):
            self.work(point)
            if run.waits:
                by = next(p for p in (ALEX, SAM, KIM) if p != run.requester and p not in run.approvals)
                self._judge(run, by)
            elif run.at is not None and run.at.does == "tick":
                self._ask(asks.Answer(run.id, run.at.id, "done"), ALEX)
        self.work(point)

    def work(self, point: str) -> None:
        """Processes do whatever is due; those that come to the point stand still before it."""
        while self._work_once(point):
            pass
        for run in self.model.runs.values():
            if run.open and not self._is_held(run.id):
                left = self._left_to_do(run)
                assert left is None, f"{run.id} was left lying: {left}"

    def wake(self, number: int, late: bool) -> None:
        """Late: its lease has lapsed, and another process has gone on."""
        if late and not self.requests:
            self.pass_time(11)
            self.work("")
        still, part = self.processes.pop(number % len(self.processes))
        self.bench.wakes(still)
        self._finish(part)

    def let_come(self, number: int) -> None:
        """A request that was overtaken is decided on what stands now."""
        self.happened["request overtaken"] += 1
        still, asked = self.requests.pop(number % len(self.requests))
        self._hear(asked, self.bench.wakes(still))

    def kill(self, number: int) -> None:
        self.bench.dies(self.processes.pop(number % len(self.processes))[0])

    # ------------------------------------------------------------ the world

    def pass_time(self, seconds: int) -> None:
        self.bench.now += timedelta(seconds=seconds)
        self.model.now = self.bench.now

    def let_expire(self) -> None:
        """So long that neither a wait for approvals nor an approval is good any more."""
        self.pass_time(1860)

    def change_mood(self, spot: Spot, mood: str) -> None:
        self.bench.outside.mood[spot.service, spot.environment] = self.model.mood[spot] = mood

    def move_version(self, version: str, commit: str) -> None:
        self.bench.source.moved[version] = self.model.moved[version] = commit * 40

    def change_groups(self, who: Actor, here: bool) -> None:
        for people in (self.bench.members.groups["sre"], self.model.approvers):
            people.add(who) if here else people.discard(who)

    # ------------------------------------------------------------ what must hold

    def they_agree(self) -> None:
        self.model.settle()
        runs, states, holders = self.bench.see(list(self.model.runs))
        for run in runs.values():
            self.plans[run.id, run.digest] = plan_of(run)
        assert engine_view(runs, states, holders) == model_view(self.model)
        assert self.bench.outside.effects == self.model.effects

    def end(self) -> None:
        for still, _ in [*self.processes, *self.requests]:
            self.bench.dies(still)
        url = self.bench.stage.owner_url
        assert self.bench.answers(lambda: faults(url, folds.folds())) == []
        for name, run in self.model.runs.items():
            assert not unapproved(self.bench.history(name)), (
                f"{name} ({run.requester}) changed what nobody had approved"
            )

    def met(self) -> Counter[str]:
        """How runs stand at the end, and what people were told."""
        told = [asked.reply for asked in self.asked if asked.reply]
        counted = Counter(f"{run.kind} {run.status}" for run in self.model.runs.values())
        counted += Counter(reply.refused or reply.did for reply in told)
        return (
            counted
            + self.happened
            + Counter({"course": 1, "refused by the outside": len(self.bench.outside.refused)})
        )

    # ------------------------------------------------------------ how

    def _run(self, number: int, *, of_open: bool = False) -> Run:
        found = [run for run in self.model.runs.values() if run.open or not of_open]
        return found[-1 - number % len(found)]

    def _judge(self, run: Run, by: Actor, *, old: bool = False, no: bool = False, still: bool = False) -> None:
        self.they_agree()
        digest = self.bench.see([run.id])[0][run.id].digest
        before = [known for name, known in self.plans if name == run.id and known != digest]
        digest = before[-1] if old and before else digest
        kind = asks.Reject if no else asks.Approve
        self._ask(kind(run.id, digest), by, plan=self.plans[run.id, digest], still=still)

    def _ask(
        self, ask: asks.Ask, by: Actor, *, plan: str | None = None, shown: Shown | None = None, still: bool = False
    ) -> None:
        asked = Asked(ask, by, f"gesture/{len(self.asked)}", set(), plan, shown)
        asked.against = self.model.against(ask, by, plan=plan, shown=shown)
        self.asked.append(asked)
        reply = self.bench.request(ask, by, asked.key, still=still)
        if isinstance(reply, Still):
            self.requests.append((reply, asked))
        else:
            self._hear(asked, reply)

    def _hear(self, asked: Asked, reply: asks.Reply) -> None:
        """What speaks against it when it is decided is the reason; else it happens, once."""
        if asked.reply is not None:
            assert stored_reply(reply) == stored_reply(asked.reply), "asked twice at once, answered in two ways"
            return
        asked.reply = reply
        against = asked.against or self.model.against(asked.ask, asked.by, plan=asked.plan, shown=asked.shown)
        if against:
            assert reply.refused in against, f"{reply}, and against it is {against}"
            return
        assert not reply.refused, f"{reply}, and nothing is against it"
        started = str(reply.facts.get("run", ""))
        if isinstance(asked.ask, asks.Start):
            assert started not in self.model.runs
        assert reply.did == self.model.happens(asked.ask, asked.by, started)
        self.model.settle()

    def _work_once(self, point: str = "") -> bool:
        """One process claims what is due longest. Whether there was anything."""
        lease = self.bench.claim()
        if lease is None:
            return False
        run = self.model.runs[lease.work.key.partition("/")[2]]
        assert not self._is_held(run.id), f"{run.id} was claimed, and another process holds it"
        self.happened["lease lapsed"] += lease.lapsed
        self.model.leases[run.id] = Lease(lease.epoch, self.model.now + LEASE)
        part = (run, lease.epoch, holding(self.model, run, lease.epoch, self.bench.outside.refused))
        still = self.bench.work(lease, point)
        if still is None:
            self._finish(part)
            return True
        reached = next((here for here in part[2] if here == point), None)
        assert reached == point, f"{run.id} stands before its {point}, where it should not be"
        self.happened["process stood still"] += 1
        self.processes.append((still, part))
        return True

    def _finish(self, part: Any) -> None:
        """It does the rest, and lets go."""
        run, epoch, rest = part
        for _ in rest:
            pass
        lease = self.model.leases.get(run.id)
        if lease is not None and lease.epoch == epoch:
            del self.model.leases[run.id]
        self.model.settle()

    def _is_held(self, name: str) -> bool:
        lease = self.model.leases.get(name)
        return lease is not None and self.model.now < lease.until

    def _left_to_do(self, run: Run) -> str | None:
        """What another process would do with it now."""
        other = copy.deepcopy(self.model)
        mine = other.runs[run.id]
        other.leases[run.id] = Lease(1 << 30, other.now + LEASE)
        before = copy.deepcopy(mine)
        for _ in holding(other, mine, 1 << 30, set()):
            pass
        return None if before == mine else f"{before} → {mine}"
