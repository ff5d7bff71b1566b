"""One trace per run, from the command to its effects, whichever replica goes on with it."""

from aiohttp import web
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.trace import StatusCode

from bot.telemetry.traces import exporting, trace_of
from runbooks.runs.state import Run, Status
from runbooks.vocabulary import Failed
from tests.engine.knob import TEN
from tests.engine.world import ALEX, World
from tests.telemetry.conftest import Watched, serving


def parents(spans: list[ReadableSpan]) -> dict[str, str]:
    """Each span's name with its parent's; "" is the root's, KeyError a parent that nobody told."""
    names = {span.context.span_id: span.name for span in spans}
    return {span.name: names[span.parent.span_id] if span.parent else "" for span in spans}


async def deployed(one: World, two: World) -> str:
    run_id = await one.deploys()
    await one.works()
    await one.ticks(run_id)
    await one.works()
    await two.approves(run_id)
    one.later(seconds=2)
    two.later(seconds=2)
    await two.works()
    return run_id


async def test_a_run_is_one_trace_over_two_replicas(replica: Watched, other: Watched) -> None:
    run_id = await deployed(replica.world, other.world)
    spans = [span for span in (*replica.spans, *other.spans) if span.attributes["opsbot.run"] == run_id]
    assert len({span.context.trace_id for span in spans}) == 1
    assert parents(spans) == {
        "deploy api": "",
        "ask deploy": "deploy api",
        "ask answer": "deploy api",
        "ask approve": "deploy api",
        "commit": "ask approve",  # the last of three by that name
        "step confirm": "deploy api",
        "start confirm": "step confirm",
        "step approve": "deploy api",
        "step knob": "deploy api",
        "start knob": "step knob",
        "step keep": "deploy api",
        "start keep": "step keep",
    }
    assert {span.name for span in other.spans} >= {"deploy api", "ask approve", "step knob"}, "it went on elsewhere"
    [whole] = [span for span in spans if span.name == "deploy api"]
    assert whole.end_time - whole.start_time == 2_000_000_000
    assert whole.attributes["opsbot.status"] == "succeeded"


async def test_a_failure_is_told_and_the_rollback_is_a_trace_of_its_own(replica: Watched) -> None:
    world = replica.world
    await world.adopted()
    run_id = await world.at_the_gate()
    await world.approves(run_id)
    world.outside.answers = [Failed("New pods crash.")]
    await world.works()
    [step] = [s for s in replica.spans if s.name == "step knob" and s.attributes["opsbot.run"] == run_id]
    assert (step.status.status_code, step.status.description) == (StatusCode.ERROR, "New pods crash.")
    back = [s for s in replica.spans if s.name == "rollback api"]
    assert [s.attributes["opsbot.because"] for s in back] == [run_id]
    assert back[0].context.trace_id != step.context.trace_id


async def test_a_commit_that_moves_two_runs_leads_from_one_trace_to_the_other(replica: Watched) -> None:
    world = replica.world
    await world.adopted()
    run_id = await world.at_the_gate()
    back = (await world.rolls_back(ALEX)).facts["run"]
    commits = {s.attributes["opsbot.run"]: s for s in replica.spans if s.name == "commit" and s.links}
    assert set(commits) == {run_id, back}
    assert commits[back].links[0].context.trace_id == commits[run_id].context.trace_id


async def test_a_collector_gets_what_is_left_at_the_end() -> None:
    run = Run("D-1", Status.SUCCEEDED, "deploy", service="api", requested_at=TEN, ended_at=TEN)
    got: list[tuple[str, str, bytes]] = []

    async def collect(request: web.Request) -> web.Response:
        got.append((request.path, request.headers["X-Key"], await request.read()))
        return web.Response()

    async with serving(collect) as address, exporting(address, "x-key=made-up") as traces:
        traces.run_ended(run)
        await traces.end()
    [(path, key, body)] = got
    [resource] = ExportTraceServiceRequest.FromString(body).resource_spans
    [span] = resource.scope_spans[0].spans
    assert (path, key) == ("/v1/traces", "made-up")
    assert (span.name, int.from_bytes(span.trace_id)) == ("deploy api", trace_of(run))
    assert {a.key: a.value.string_value for a in resource.resource.attributes}["service.name"] == "opsbot"


async def test_no_collector_no_spans() -> None:
    async with exporting("", "") as traces:
        assert traces._provider is None  # nothing is made, so there is nothing else to see
