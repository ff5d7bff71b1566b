"""`migrations.old-release`: the last known good is tried on the new schema, by the service's command `compatibility`.

On a scratch database that has the new migrations. Where it runs there, an emergency puts the pods back first and
leaves the data alone; where it does not, the ways back of the migrations are run first. Neither stops the deploy.
"""

from dataclasses import asdict, replace

from runbooks.redaction import Redactor
from runbooks.rehearsal.course import RehearsalFailed, RehearsalUnfit
from runbooks.schema_fit import FIT, SchemaFit
from runbooks.steps.base import Params, Resolved, Site, Turn
from runbooks.steps.command import Command, JobRunner, LocalRunner, Outputs, Ran
from runbooks.steps.command_plan import planned_command
from runbooks.steps.migrations.files import digits_of, number_of, stem
from runbooks.steps.migrations.planning import MigrationPlanner
from runbooks.steps.migrations.rehearse import RehearsalServers, as_file
from runbooks.steps.output import one_line
from runbooks.vocabulary import Cut, Done, Failed, Json, NotDone, Outcome, PlanningFailed, Unreachable

COMMAND = "compatibility"
_DATABASE = "${database}"
_SHOWN = 160  # characters of why


class OldRelease(Command):
    """Runs the command in the image of the last known good, with the address of the scratch database."""

    uses = "migrations.old-release"
    params = Params
    cut = Cut.RECONCILES

    def __init__(
        self,
        planner: MigrationPlanner,
        servers: RehearsalServers,
        *,
        jobs: JobRunner,
        local: LocalRunner,
        outputs: Outputs,
        redactor: Redactor,
    ) -> None:
        super().__init__(jobs=jobs, local=local, outputs=outputs, redactor=redactor)
        self._planner = planner
        self._servers = servers

    async def resolve(self, params: Params, site: Site) -> Resolved:  # noqa: ARG002 # it has no keys of its own
        """What will be tried on what; where it can't be, that it will not be known."""
        planned, _ = await self._planner.plan(site)
        good = site.known_good
        migrations = {file.name: file.checksum for file in planned.files}
        if not migrations or good is None or good.commit == site.commit:
            return Resolved({"migrations": {}, "why_not": "no new migration for the release before it to run on"})
        about = {"migrations": migrations, "version": good.version, "commit": good.commit}
        if why_not := _why_not(site):
            unknown = f"Not known whether {good.version} runs on the new schema: {why_not}"
            return Resolved({**about, "why_not": why_not}, (unknown,))
        old = replace(site, version=good.version, commit=good.commit)
        command = site.service.commands[COMMAND]
        resolved = planned_command(COMMAND, command, old, more={_DATABASE: _DATABASE})
        if _DATABASE not in (*resolved.params["env"].values(), *resolved.params["argv"]):
            raise PlanningFailed(
                f"The command “{COMMAND}” is told no database. Give it {_DATABASE}, as an argument or in its `env`."
            )
        role = site.environment.service_role
        rights = f"the rights of {role}" if role else "the rehearsal role's rights: `service-role` names none"
        shows = (f"{good.version} tried on {stem(planned.files[-1].name)}, with {rights}", *resolved.shows)
        acting = {"role": role} if role else {}
        return Resolved({**resolved.params, **about, "why_not": "", **acting}, shows, cut=resolved.cut)

    async def start(self, turn: Turn) -> Outcome:
        """Make the scratch database, and begin the command on it."""
        params = turn.step.params
        if params["why_not"]:
            return self._unknown(turn, params["why_not"])
        try:
            chain = {each.name: each for each in await self._planner.migrations(turn.site)}
            files = [as_file(name, chain[name].text) for name in _in_order(params)]
            address = await self._servers.lend(turn.site, files)
        except (RehearsalFailed, RehearsalUnfit, PlanningFailed) as cause:
            return self._unknown(turn, str(cause))
        except Unreachable as cause:
            return self._unknown(turn, f"{cause.what} did not answer")
        return await self._returned(turn, await super().start(_filled(turn, address)))

    async def check(self, turn: Turn, token: Json) -> Outcome:
        """Look at the Job."""
        return await self._returned(turn, await super().check(turn, token))

    async def settle(self, turn: Turn) -> Outcome | NotDone:
        """The Job stands, or it is tried anew."""
        if turn.step.params["why_not"]:
            return NotDone()
        found = await super().settle(turn)
        return found if isinstance(found, NotDone) else await self._returned(turn, found)

    async def abandon(self, turn: Turn) -> str:
        """End the Job, and drop the scratch database."""
        if turn.step.params["why_not"]:
            return ""
        told = await super().abandon(turn)
        await self._servers.take_back(turn.site)
        return told

    async def _over(self, turn: Turn, ran: Ran) -> Outcome:
        outcome = await super()._over(turn, ran)
        if not isinstance(outcome, Done | Failed):
            return outcome
        good, last = turn.step.params["version"], _in_order(turn.step.params)[-1]
        if ran.exit_code is None:
            return self._unknown(turn, ran.why or "its command came to no end", outcome.evidence)
        if isinstance(outcome, Done):
            return Done(f"{good} runs on {digits_of(last)} · {outcome.line}", self._found(turn, outcome, runs=True))
        line = f"{good} does not run on {digits_of(last)}: a rollback takes the migrations back first"
        return Done(line, self._found(turn, outcome, runs=False))

    async def _returned(self, turn: Turn, outcome: Outcome) -> Outcome:
        """Once it is over the scratch database goes; a command that could not be run leaves it unknown."""
        if isinstance(outcome, Done | Failed):
            await self._servers.take_back(turn.site)
        return self._unknown(turn, outcome.reason, outcome.evidence) if isinstance(outcome, Failed) else outcome

    def _unknown(self, turn: Turn, why: str, evidence: Json | None = None) -> Done:
        if not turn.step.params["migrations"]:
            return Done(why)
        clause = one_line(why.rstrip("."), _SHOWN)
        line = f"not known whether {turn.step.params['version']} runs on the new schema: {clause}"
        return Done(line, dict(evidence or {}))

    def _found(self, turn: Turn, outcome: Done | Failed, *, runs: bool) -> Json:
        params = turn.step.params
        fit = SchemaFit(
            run=turn.site.run,
            version=params["version"],
            commit=params["commit"],
            migrations=params["migrations"],
            runs=runs,
            why=one_line(_said(outcome), _SHOWN),
        )
        return {**outcome.evidence, FIT: asdict(fit)}


def _said(outcome: Done | Failed) -> str:
    """How it is known: what passed, or the last line of what failed."""
    if isinstance(outcome, Done):
        return outcome.line
    return str((outcome.evidence.get("tail") or [outcome.reason])[-1])


def _in_order(params: Json) -> list[str]:
    return sorted(params["migrations"], key=number_of)


def _filled(turn: Turn, address: str) -> Turn:
    """The same turn, its command told where the scratch database is; that is in no plan and in no record."""
    params = turn.step.params
    env = {name: address if value == _DATABASE else value for name, value in params["env"].items()}
    argv = [address if value == _DATABASE else value for value in params["argv"]]
    return replace(turn, step=replace(turn.step, params={**params, "env": env, "argv": argv}))


def _why_not(site: Site) -> str:
    if site.environment.rehearsal is None:
        return f"{site.environment_name} has no `rehearsal`"
    return "" if COMMAND in site.service.commands else f"the catalogue has no command `{COMMAND}`"
