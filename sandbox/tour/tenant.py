"""The act of a tenant: one gate fails, what it lacks is mended, all four are tried again, and it goes live."""

from functools import partial

from sandbox.outsiders import Admitted, admitted, look
from sandbox.service.database import GATES, add_profile
from sandbox.slack import Message
from sandbox.tour.players import Players, asks_for_approval, done, run_of
from sandbox.world import SERVICE

TENANT, FAILS = "delta", "integrations-contract"


async def a_tenant(players: Players) -> None:
    """Its last gate keeps delta out, until somebody adds the profile that it lacks."""
    players.act("A tenant", f"{TENANT} lacks a profile: one gate fails. It is mended, and all four are tried again.")
    commit = (await look(players.world)).known_good
    await _kept_out(players, commit)
    players.tell(f"Alex mends it: {TENANT} gets its profile, in the service's database.\n")
    add_profile(players.world.databases["production"], TENANT)
    await _let_in(players, commit)


async def _kept_out(players: Players, commit: str) -> None:
    """The first try."""
    card = await players.tick_until(await _begins(players), lambda m: f"{TENANT} did not go live" in m.shown)
    players.show(card, "kept out")
    finding = await players.see("deploys", partial(_is_finding, run_of(card)))
    players.show(finding, "S3")
    await players.world.person("alex").click(finding, "Acknowledge")
    await players.see("deploys", lambda m: _is_finding(run_of(card), m) and "Acknowledged by" in m.shown)
    passed = GATES - {FAILS}
    expected = Admitted(passed, "", _finding("S3", players))
    told = f"{TENANT} passed {len(passed)} of {len(GATES)} gates on {commit}, is not live, its finding has an owner"
    await players.agree(admitted(players.world, TENANT, commit, run_of(card)), expected, told)


async def _let_in(players: Players, commit: str) -> None:
    """The second try."""
    card = await players.tick_until(await _begins(players), asks_for_approval)
    players.show(card, "waits for a colleague")
    await players.approve(card)
    players.show(await players.tick_until(card, done), "Onboarded")
    await players.told("riley", f"/onboard status {TENANT}", lambda m: "Live since" in m.shown)
    expected = Admitted(GATES, commit, ())
    told = f"{TENANT} is live on {commit}, by {len(GATES)} gates passed on that very release"
    await players.agree(admitted(players.world, TENANT, commit, run_of(card)), expected, told)


async def _begins(players: Players) -> Message:
    """Riley asks; the card."""
    said = await players.told(
        "riley", f"/onboard {TENANT} {SERVICE} production", lambda m: f"started: {TENANT}" in m.shown
    )
    return await players.card_of(run_of(said))


def _is_finding(run: str, message: Message) -> bool:
    return f" {run} " in message.shown and "Block go-live. Fix issues first." in message.shown


def _finding(severity: str, players: Players) -> tuple[str, str]:
    """What is recorded of a finding that Alex has taken on."""
    workspace = players.world.slack.workspace
    return severity, f"{workspace.team_id}/{workspace.users['alex']}"
