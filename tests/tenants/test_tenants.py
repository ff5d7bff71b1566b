"""A tenant decides and evolves: gates of one release, failures that undo a pass, and going live once."""

from datetime import UTC, datetime

import pytest

from runbooks.gates import Gate, is_code, stream_of
from runbooks.tenants import decide as tenants
from runbooks.tenants.decide import Fail, GoLive, Pass, decide, evolve, refusal, start
from runbooks.tenants.state import Tenant
from runbooks.vocabulary import Actor, Refused

TEN = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
V42, V43 = "a" * 40, "b" * 40
ALEX = Actor("T1/UALEX")
LIVE = GoLive(V42, "v42", "T-7", running=V42, approved_by=(ALEX,))


def after(*commands: tenants.Command, tenant: Tenant | None = None) -> Tenant:
    state = tenant or start("tenant/api/production/acme")
    for command in commands:
        for event in decide(state, command, TEN):
            state = evolve(state, event)
    return state


def passes(*gates: Gate, commit: str = V42) -> list[Pass]:
    return [Pass(gate, commit, "v42", "T-7") for gate in gates]


def test_four_passes_of_one_release_let_it_go_live() -> None:
    state = after(*passes(*Gate), LIVE)
    assert state.live is not None
    assert (state.live.run, state.live.approved_by, state.events) == ("T-7", (ALEX,), 5)


def test_going_live_names_the_event_of_each_pass() -> None:
    state = after(*passes(*Gate), *passes(Gate.GOLDEN_PATH))
    [event] = decide(state, LIVE, TEN)
    assert isinstance(event, tenants.e.WentLive)
    assert event.passes == {
        "rls-harness": 1,
        "determinism-proof": 2,
        "golden-path": 5,
        "integrations-contract": 4,
    }


def test_the_same_run_goes_live_once() -> None:
    assert decide(after(*passes(*Gate), LIVE), LIVE, TEN) == []


@pytest.mark.parametrize("missing", Gate)
def test_three_of_four_do_not_do(missing: Gate) -> None:
    state = after(*passes(*(gate for gate in Gate if gate is not missing)))
    with pytest.raises(Refused, match="not-ready-to-go-live") as refused:
        decide(state, LIVE, TEN)
    assert refused.value.facts["why"] == f"1 of 4 gates not passed on aaaaaaa: {missing.called}."


def test_a_gate_that_failed_since_counts_no_more() -> None:
    state = after(*passes(*Gate), Fail(Gate.RLS_HARNESS, V42, "v42", "T-8", "one row too many"))
    assert state.lacking(V42) == (Gate.RLS_HARNESS,)
    assert refusal(state, commit=V42, running=V42) == "1 of 4 gates not passed on aaaaaaa: RLS harness."


def test_passes_of_two_releases_do_not_add_up() -> None:
    state = after(*passes(*Gate), *passes(Gate.GOLDEN_PATH, commit=V43))
    assert refusal(state, commit=V42, running=V42) == "1 of 4 gates not passed on aaaaaaa: Golden path E2E."
    assert refusal(state, commit=V43, running=V43) == (
        "3 of 4 gates not passed on bbbbbbb: RLS harness, Determinism proof, Integrations contract."
    )


@pytest.mark.parametrize(("running", "named"), [(V43, "bbbbbbb"), ("", "nothing")])
def test_another_release_that_runs_meanwhile_is_named(running: str, named: str) -> None:
    assert refusal(after(*passes(*Gate)), commit=V42, running=running) == (
        f"The gates were passed on aaaaaaa, and production is known to run {named} now. "
        "Run all 4 gates again on one release."
    )


def test_one_that_is_live_does_not_go_live_again() -> None:
    state = after(*passes(*Gate), LIVE)
    again = GoLive(V42, "v42", "T-9", running=V42)
    with pytest.raises(Refused, match="not-ready"):
        decide(state, again, TEN)


@pytest.mark.parametrize("code", ["acme", "a1", "0-b_c", "a" * 63])
def test_codes(code: str) -> None:
    assert is_code(code)
    assert start(stream_of("api", "production", code)).code == code


@pytest.mark.parametrize(
    "text",
    ["", "a", "Acme", "../x", "a;b", "a b", "a'b", "-ab", "_ab", "a" * 64, "a" * 300, "acme\n", "ä1", "a/b", "a.b"],
)
def test_what_is_no_code(text: str) -> None:
    assert not is_code(text)
