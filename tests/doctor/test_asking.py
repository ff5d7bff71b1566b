"""Checks are asked side by side, each bounded in time, and none hides another."""

import asyncio

from bot.doctor.asking import ask
from bot.doctor.finding import Check, Finding, Subject, Verdict
from bot.doctor.report import as_json, as_text
from runbooks.redaction import Redactor
from runbooks.vocabulary import Unreachable

FINE, HANGS, BREAKS, AWAY = (Subject("part", name) for name in ("fine", "hangs", "breaks", "away"))


async def fine() -> Finding:
    return FINE.ok("it stands")


async def hangs() -> Finding:
    await asyncio.Event().wait()
    raise AssertionError


async def breaks() -> Finding:
    raise RuntimeError("password=hunter2")


async def away() -> Finding:
    raise Unreachable("the harbour", "no connection")


CHECKS = [
    Check(HANGS, hangs, "wake it", (Check(FINE, fine, ""), Check(FINE, fine, ""))),
    Check(BREAKS, breaks, "mend it"),
    Check(AWAY, away, "call it"),
    Check(FINE, fine, "", (Check(FINE, fine, ""),)),
]


async def test_one_that_hangs_breaks_or_is_away_hides_no_other() -> None:
    found = await ask(CHECKS, within=0.1)
    assert [(each.check, each.verdict, each.mend) for each in found] == [
        ("hangs", Verdict.MISSING, "wake it"),
        ("breaks", Verdict.WRONG, "mend it"),
        ("away", Verdict.MISSING, "call it"),
        ("fine", Verdict.OK, ""),
        ("fine", Verdict.OK, ""),
    ]
    assert found[0].says == "there was no answer within 0.1 s (2 more checks wait for this one)"
    assert found[1].says == "it could not be looked at (RuntimeError)"
    assert found[2].says == "the harbour did not answer: no connection"


async def test_the_report_is_a_line_for_each_and_no_secret() -> None:
    findings = [FINE.ok("made-up-secret\nis there"), AWAY.missing("it is away", "call postgresql://o:pw-of-it@h/d")]
    redactor = Redactor(["made-up-secret"])
    assert as_text(findings, redactor) == (
        "ok       part · fine: [redacted] is there.\n"
        "missing  part · away: it is away. Mend: call postgresql://o:[redacted]@h/d.\n"
        "1 of 2 checks does not hold."
    )
    assert "pw-of-it" not in as_json(findings, redactor)
    assert as_text(findings[:1], redactor).endswith("All 1 checks hold.")
