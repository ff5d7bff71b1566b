"""`tenant.gate`: one gate of tenant onboarding, by the service's own command.

Its exit code and its report are the evidence, and must agree: what says success without a report has failed.
"""

from datetime import timedelta

from pydantic import Field

from runbooks.gates import CODE, Gate
from runbooks.steps.base import Params, Resolved, Site, Turn
from runbooks.steps.command import Command, Ran
from runbooks.steps.command_plan import planned_command
from runbooks.steps.output import one_line, span
from runbooks.steps.tenant_report import NoReport, Report, report_in
from runbooks.vocabulary import Cut, Done, Failed, Json, Outcome, PlanningFailed

_SHOWN = 3  # failed checks


class GateParams(Params):
    """Which gate, for which tenant."""

    gate: Gate
    tenant: str = Field(pattern=f"^{CODE}$")


class TenantGate(Command):
    """Runs the service's onboarding command for one gate, in the image of the release that the run is about."""

    uses = "tenant.gate"
    params = GateParams
    cut = Cut.RECONCILES
    finding = "tenant-gate-failed"

    async def resolve(self, params: Params, site: Site) -> Resolved:
        """What exactly will be run, and where. Raises PlanningFailed."""
        assert isinstance(params, GateParams)  # noqa: S101  # validated as such
        if (command := site.service.onboarding) is None:
            raise PlanningFailed(
                f"The catalogue names no `onboarding` command for {site.service_name}, so no gate can be tried."
            )
        about = {"gate": params.gate.value, "tenant": params.tenant}
        more = {f"${{{key}}}": value for key, value in {**about, "environment": site.environment_name}.items()}
        resolved = planned_command(params.gate.value, command, site, more=more)
        return Resolved({**resolved.params, **about}, resolved.shows, cut=resolved.cut)

    async def _over(self, turn: Turn, ran: Ran) -> Outcome:
        outcome = await super()._over(turn, ran)
        if ran.exit_code is None or not isinstance(outcome, Done | Failed):
            return outcome  # it came to no end of its own: whatever it printed is no verdict
        gate, evidence = Gate(turn.step.params["gate"]), outcome.evidence
        try:
            report = report_in(ran.output)
        except NoReport as fault:
            return Failed(f"{gate.called} is not proven: its report {fault}.", evidence)
        if report is None:
            return _unreported(gate, outcome, ran.exit_code)
        evidence = {**evidence, "report": _kept(report)}
        if wrong := _contradiction(report, turn, ran.exit_code):
            return Failed(f"{gate.called} is not proven: {wrong}.", evidence)
        return _verdict(gate, report, ran, evidence)


def _kept(report: Report) -> Json:
    """The report as evidence: small."""
    checks = [{"name": each.name, "passed": each.passed, "detail": one_line(each.detail)} for each in report.checks]
    return {**report.model_dump(mode="json"), "checks": checks}


def _unreported(gate: Gate, outcome: Done | Failed, exit_code: int) -> Failed:
    """Without a report the exit code alone proves nothing; one that says failure is believed."""
    if exit_code == 0 or isinstance(outcome, Done):
        return Failed(f"{gate.called} is not proven: its command said success but gave no report.", outcome.evidence)
    return outcome


def _contradiction(report: Report, turn: Turn, exit_code: int) -> str:
    """What the report says against the exit code, against itself, or about something else; "" where nothing."""
    params, commit = turn.step.params, turn.site.commit
    if report.tenant != params["tenant"] or report.gate != params["gate"]:
        return f"its report is about {one_line(report.gate, 40)} of {one_line(report.tenant, 63)}"
    if report.commit and report.commit != commit:
        return f"its report is about release {one_line(report.commit, 12)}, and {commit[:12]} was asked for"
    if report.passed != (exit_code == 0):
        return f"its report says {'passed' if report.passed else 'failed'}, its exit code is {exit_code}"
    if report.passed and report.failed:
        return f"its report says passed, and that {one_line(report.failed[0].name, 80)} failed"
    if not report.passed and not report.failed:
        return "its report says failed, and every check in it passed"
    return ""


def _verdict(gate: Gate, report: Report, ran: Ran, evidence: Json) -> Outcome:
    number = len(report.checks)
    checks = f"{number} check" + ("" if number == 1 else "s")
    if report.passed:
        return Done(f"{checks} passed · {span(timedelta(seconds=ran.seconds))}", evidence)
    failed = report.failed
    said = "; ".join(one_line(f"{each.name}: {each.detail}".rstrip(": "), 160) for each in failed[:_SHOWN])
    more = f"; and {len(failed) - _SHOWN} more" if len(failed) > _SHOWN else ""
    return Failed(f"{gate.called} failed: {len(failed)} of {checks}. {said}{more}.", evidence)
