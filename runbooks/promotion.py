"""What is known of a release once its run has ended well: its KPIs, and who approved it. Pure."""

from runbooks.release_facts import KpiValue
from runbooks.releases.promoting import Promote
from runbooks.runs.state import Run

_MEASURES = "kpi.baseline"


def promote(run: Run) -> Promote:
    """The run's candidate becomes the last known good, with these."""
    approved_by = tuple(dict.fromkeys(approval.by for approval in run.agreed))
    return Promote(run.id, kpis=_kpis(run), approved_by=approved_by)


def _kpis(run: Run) -> tuple[KpiValue, ...]:
    steps = run.plan.steps if run.plan else ()
    measured = (run.evidence.get(step.id, {}) for step in steps if step.uses == _MEASURES)
    found = (kpi for evidence in measured for kpi in evidence.get("kpis") or ())
    return tuple(
        KpiValue(kpi["name"], kpi["title"], kpi["now"], kpi["was"], kpi.get("unit") or "", kpi.get("window") or 0)
        for kpi in found
        if kpi.get("now") is not None and kpi.get("was") is not None
    )
