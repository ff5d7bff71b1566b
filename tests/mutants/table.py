"""The mutants: which promise each breaks, by which change of the code, and which tests are to see it."""

from dataclasses import dataclass
from pathlib import Path


class NoLongerApplies(Exception):
    """The code that a mutant changes stands there no more, or more than once."""


@dataclass(frozen=True)
class Mutant:
    """One small change of one file, as text that must stand there exactly once."""

    name: str
    path: str
    before: str
    after: str
    seen_by: tuple[str, ...]  # test modules, or single tests, of which some must fail

    def mutated(self, root: Path) -> str:
        """The file's text with the change. Raises NoLongerApplies."""
        text = (root / self.path).read_text()
        if (times := text.count(self.before)) != 1:
            raise NoLongerApplies(
                f"“{self.name}”: what it replaces stands {times} times in {self.path}, not once. "
                "Write the change anew in tests/mutants/table.py, so that it breaks the same promise."
            )
        return text.replace(self.before, self.after)


MUTANTS = (
    Mutant(
        "ack before commit, typed",
        "commands/deploy.py",
        "        await ack(**await answer(edge, command))\n",
        "        await ack()\n        await answer(edge, command)\n",
        ("tests/commands/test_acknowledged.py",),
    ),
    Mutant(
        "ack before commit, clicked",
        "commands/clicks.py",
        "        said = await press(edge, body)\n        await ack()\n",
        "        await ack()\n        said = await press(edge, body)\n",
        ("tests/commands/test_acknowledged.py",),
    ),
    Mutant(
        "no fence: a commit without its lease",
        "bot/adapters/postgres/commit.py",
        "        if self._lease is None:\n            return None\n",
        "        if self._lease is None or self._lease:\n            return None\n",
        ("tests/store/test_leases.py", "tests/engine/test_interrupted.py"),
    ),
    Mutant(
        "no fence: an older epoch takes the service's ledger",
        "bot/sql/service_claim.sql",
        " where epoch <= %(epoch)s returning epoch;",
        " where epoch is not null returning epoch;",
        ("tests/steps/test_migration_locks.py",),
    ),
    Mutant(
        "no fence: an answer of an older holder is recorded",
        "runbooks/runs/decide.py",
        "    if _is_older(state.epoch, command.epoch, state.outcome):\n        return []\n",
        "",
        ("tests/runs/test_decide.py", "tests/runs/test_answers.py"),
    ),
    Mutant(
        "approval not bound to the digest, as it is clicked",
        "runbooks/runs/policy.py",
        "    if digest != run.approvable:\n",
        "    if not digest:\n",
        ("tests/runs/test_approvals.py", "tests/bad_input/test_clicks.py"),
    ),
    Mutant(
        "approval not bound to the digest, as the plan changes",
        "runbooks/runs/evolve.py",
        "        difference=event.difference,\n        approvals=(),\n",
        "        difference=event.difference,\n",
        ("tests/runs/test_approvals.py", "tests/engine/test_replanned.py"),
    ),
    Mutant(
        "requester counts",
        "runbooks/runs/policy.py",
        "    if by == run.requester:\n        raise",
        "    if by == run.requester and run.approvals:\n        raise",
        ("tests/runs/test_approvals.py", "tests/bad_input/test_clicks.py"),
    ),
    Mutant(
        "one person counts twice",
        "runbooks/runs/policy.py",
        "    if any(approval.by == by for approval in run.agreed):\n",
        "    if not run.approvals_wanted:\n",
        ("tests/runs/test_approvals.py", "tests/bad_input/test_clicks.py"),
    ),
    Mutant(
        "a request counted twice",
        "runbooks/engine/handle.py",
        "        numbered = isinstance(ask, asks.Numbered)\n",
        '        numbered, key = True, f"{key}/{await self.store.number()}"\n',
        ("tests/engine/test_engine.py", "tests/bad_input/test_clicks.py"),
    ),
    Mutant(
        "delivery without look-up",
        "bot/deliveries.py",
        "        if (intended := sent.get(message.key)) is not None:\n            found = await self.slack.find(\n",
        "        if (intended := sent.get(message.key)) is not None and not intended.intended_at:\n"
        "            found = await self.slack.find(\n",
        ("tests/deliveries/test_deliveries.py",),
    ),
    Mutant(
        "intent after effect",
        "runbooks/engine/advance.py",
        "            case t.Begin(step):\n"
        "                return await hold.commit(c.Begin(step.id, hold.lease.epoch, "
        "await self._approvers(run, step)))\n",
        "            case t.Begin(step):\n"
        "                outcome = await self._outcome(t.Start(step), await self._turn(run, step, hold))\n"
        "                await hold.commit(c.Begin(step.id, hold.lease.epoch, await self._approvers(run, step)))\n"
        "                return await self._record(hold, await hold.run(), step, outcome)\n",
        ("tests/engine/test_interrupted.py",),
    ),
    Mutant(
        "a cut-off step simply begun anew",
        "runbooks/runs/todo.py",
        "        case Cut.RECONCILES:\n            return Settle(step)\n",
        "        case Cut.RECONCILES:\n            return Begin(step)\n",
        ("tests/engine/test_interrupted.py",),
    ),
    Mutant(
        "a cut-off step that nobody can read begun anew",
        "runbooks/runs/todo.py",
        "        case Cut.PARKS:\n            return Park(step)\n",
        "        case Cut.PARKS:\n            return Begin(step)\n",
        ("tests/cuts/test_cuts.py::test_it_does_as_it_declares[command-between effect and record]",),
    ),
    Mutant(
        "last known good promoted before the watch",
        "runbooks/releases/decide.py",
        "            return [] if release.candidate == candidate else [e.Staged(by, now, candidate)]\n",
        "            return [e.Staged(by, now, candidate), e.Promoted(by, now, candidate.run)]\n",
        ("tests/engine/test_candidate.py", "tests/engine/test_engine.py"),
    ),
    Mutant(
        "no fence: the cluster takes an older epoch",
        "deploy/kubernetes/base/policies.yaml",
        "        && int(variables.epoch) >= int(variables.epochBefore)\n",
        "        && int(variables.epoch) >= 0\n",
        ("tests/deploy/test_policies.py",),
    ),
    Mutant(
        "what a step answers kept with its secrets",
        "runbooks/engine/advance.py",
        "        kept = self.redactor.outcome(outcome)\n",
        "        kept = outcome\n",
        ("tests/acceptance/test_canaries.py",),
    ),
    Mutant(
        "what people say kept with its secrets",
        "runbooks/engine/handle.py",
        "        ask = self.redactor.said(ask)\n",
        "",
        ("tests/security/test_secrets.py",),
    ),
    Mutant(
        "text from outside acts in Slack",
        "commands/views/words.py",
        '    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")\n',
        "    escaped = text\n",
        ("tests/security/test_mrkdwn.py",),
    ),
    Mutant(
        "who may something somewhere may it everywhere",
        "runbooks/runs/policy.py",
        "    if not groups & allowed:\n",
        "    if not groups:\n",
        ("tests/security/test_authority.py",),
    ),
    Mutant(
        "an empty secret signs",
        "bot/slack_http.py",
        "    if not secret or not _TIMESTAMP",
        "    if not _TIMESTAMP",
        ("tests/deploy/test_slack_http.py::test_without_a_secret_nothing_is_signed",),
    ),
)
