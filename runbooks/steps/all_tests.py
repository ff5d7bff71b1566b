"""`tests`: the commit's verdict from CI where the catalogue says where to ask, else the service's own command."""

from runbooks.steps.base import Params, Resolved, Site, Step
from runbooks.steps.ci_verdict import CiVerdict
from runbooks.steps.command import Command
from runbooks.steps.command_plan import CommandParams
from runbooks.vocabulary import Cut


class AllTestsParams(Params):
    """The command to run where no CI is asked."""

    command: str = "tests"


class AllTests(Step):
    """Plans one of two other steps."""

    uses = "tests"
    params = AllTestsParams
    cut = Cut.IDEMPOTENT

    def __init__(self, ci: CiVerdict, *, command: Command) -> None:
        self._ci = ci
        self._command = command

    async def resolve(self, params: Params, site: Site) -> Resolved:
        """The plan of the step that will do it."""
        assert isinstance(params, AllTestsParams)  # noqa: S101  # validated as such
        if site.service.ci is not None:
            return (await self._ci.resolve(Params(), site)).by(CiVerdict.uses)
        return (await self._command.resolve(CommandParams(command=params.command), site)).by(Command.uses)
