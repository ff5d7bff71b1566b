"""`smoke`: the declared checks where the catalogue has some, else the service's own command; the plan names which."""

from runbooks.steps.base import Params, Resolved, Site, Step
from runbooks.steps.command import Command
from runbooks.steps.command_plan import CommandParams
from runbooks.steps.http_smoke import NOT_PINNED, HttpSmoke
from runbooks.vocabulary import Cut

_TELLING = {"${version}", "${commit}"}
"""A command that is told one of these can know the new release from the old."""


class SmokeParams(Params):
    """The command to run where the service declares no checks."""

    command: str = "smoke"


class Smoke(Step):
    """Plans one of two other steps."""

    uses = "smoke"
    params = SmokeParams
    cut = Cut.IDEMPOTENT
    finding = "deploy-failed"

    def __init__(self, http: HttpSmoke, *, command: Command) -> None:
        self._http = http
        self._command = command

    async def resolve(self, params: Params, site: Site) -> Resolved:
        """The plan of the step that will do it."""
        assert isinstance(params, SmokeParams)  # noqa: S101  # validated as such
        if site.service.smoke or site.service.version_path:
            return (await self._http.resolve(Params(), site)).by(HttpSmoke.uses)
        planned = (await self._command.resolve(CommandParams(command=params.command), site)).by(Command.uses)
        told = _TELLING.intersection(site.service.commands[params.command].run)
        return planned if told else planned.noted(NOT_PINNED)
