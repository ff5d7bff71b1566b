"""What a person does for a run that goes on after an interruption, by what stands outside."""

import psycopg

from tests.acceptance.people import Deploy
from tests.acceptance.records import Json, asks_for_approval, outcome, over
from tests.acceptance.stage import MIGRATION


async def tend(run: Deploy) -> int:
    """Do what a person has to do until the run is over; how many questions it asked."""
    asked = 0
    while True:
        state = await run.until(_wants_somebody, what="goes on", seconds=60)
        if over(state):
            return asked
        if asks_for_approval(state):
            await run.approve()
            await run.until(lambda now: not asks_for_approval(now), what="has its approval")
            continue
        asked += 1
        await run.choose(_truth(run))
        await run.until(lambda now: outcome(now, "effect") != "in-doubt", what="takes the answer")


def _wants_somebody(state: Json) -> bool:
    return over(state) or asks_for_approval(state) or outcome(state, "effect") == "in-doubt"


def _truth(run: Deploy) -> str:
    """The answer that is true, from what outsiders see."""
    seen = run.stage.effects(run.kind, run.version)
    if run.kind != MIGRATION:
        return "It was done" if seen["marks"] else "Not done, do it"
    if seen.get("CREATE INDEX"):
        return "It is applied in full: go on"
    with psycopg.connect(run.stage.database_url, autocommit=True) as connection:  # as the runbook's reader would
        connection.execute(f"drop index if exists m_{run.version.rpartition('-')[2]}".encode())
    return "Nothing of it stands: run it"
