"""Whatever text a state holds: Slack takes every view of it and acts on nothing in it; `<!channel>` calls nobody."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from commands import replies
from commands.views import (
    confirm_rollback,
    deploy_form,
    incident_follow_up,
    incident_words,
    known_good,
    lessons_form,
    lists,
    pack_requests,
    tenants,
)
from commands.views import home as homes
from commands.views.messages import messages
from commands.views.would_change import would_change
from runbooks.audit.requests import Packs
from runbooks.catalogue import Approval
from runbooks.commits import Commits
from runbooks.engine.asks import Reply
from runbooks.folds import rooms
from runbooks.incidents.findings import Finding
from runbooks.incidents.incident import Incident
from runbooks.releases.history import Entry
from runbooks.releases.state import Release
from runbooks.runs.state import Run
from runbooks.tenants.state import Tenant
from runbooks.vocabulary import Actor
from tests.bad_input.desk import Desk
from tests.commands.stages import KNOWN, V41
from tests.commands.test_replies import CODES, FACTS
from tests.engine.world import World
from tests.fixtures.store import StoreDatabase
from tests.security.hostile import faults, faults_of_view, live, spoilt, states

HOSTILE = [
    "<!channel> & <@U1> *x* `y` <https://evil.example|click>\n" * 40,
    "&" * 5000,
    "<" * 700,
    "<!everyone>",
    "> quoted\n>>> all of it\n```code",
    "\u200b",
    "x" * 4000,
]
STATES = dict(states())
LAST = {name.split()[0]: state for name, state in STATES.items()}


def placed(state: Any, text: str) -> Any:
    """The state spoilt, at a place that the catalogue knows: else nothing is drawn of it."""
    place = {"service": "solvereign-api", "environment": "production"}
    named = {name: place[name] for name in place if hasattr(state, name)}
    return replace(spoilt(state, text), **named)


def seen(text: str, stream: str) -> Any:
    room = rooms()[stream.partition("/")[0]]
    return spoilt(LAST[stream], text) if stream in LAST else room.fold.start(stream)


def of_messages(state: Any, text: str) -> Iterator[tuple[str, list[str]]]:
    for message in messages(KNOWN, placed(state, text), lambda stream: seen(text, stream)):
        yield message.key, faults(message.text, message.blocks)


def test_the_check_sees_what_is_live() -> None:
    assert all(map(live, ["<!channel>", "a & b", "<https://evil.example|x>", "<@U1> <@evil>"]))
    assert not live("<@U1> &amp; <!date^1795514400^{time}|10:00 UTC> <#C1|inc-1>\n> said: 3 &lt; 4")
    assert faults("", [{"type": "section", "text": {"type": "mrkdwn", "text": ""}}])


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: repr(text[:12]))
def test_no_message_does_what_a_text_in_it_says(text: str) -> None:
    drawn = [(name, *found) for name, state in STATES.items() for found in of_messages(state, text)]
    assert len(drawn) > 300
    assert {name: (key, wrong) for name, key, wrong in drawn if wrong} == {}


@settings(deadline=None)
@given(name=st.sampled_from(sorted(STATES)), text=st.text(st.characters(exclude_categories=["Cs"]), min_size=1))
def test_nor_does_any_other_text(name: str, text: str) -> None:
    assert {key: wrong for key, wrong in of_messages(STATES[name], text) if wrong} == {}


def of(kind: type[Any], text: str) -> list[Any]:
    found = [placed(state, text) for state in STATES.values() if isinstance(state, kind)]
    assert found
    return found


def told(text: str) -> Iterator[tuple[str, list[str]]]:
    """What people are told privately of such states."""
    runs, releases, incidents = of(Run, text), of(Release, text), of(Incident, text)
    yield "status", faults(lists.status(runs[:15]))
    yield "history", faults(lists.history(runs[-15:]))
    yield "incidents", faults(incident_words.listed(incidents))
    yield "tenants", faults(tenants.listed(of(Tenant, text)))
    for tenant in of(Tenant, text):
        standing = tenants.Standing(tenant, "T-1", spoilt(V41, text), text)
        yield "tenant", faults(tenants.status([standing], text))
    for release in releases:
        entry = Entry(spoilt(V41, text), good=True, at=V41.at, by=Actor(text[:60]))
        yield "lkg", faults("", known_good.everywhere([release]))
        yield "lkg of one", faults("", known_good.of_service("api", [release], {"production": [entry]}))
        brings = Commits(3, (text, text), 1)
        yield "would change", [live(line) for line in would_change(release, runs[:3], text, brings) if live(line)]
        asked = confirm_rollback.Asked(text[:200], "1.2")
        yield (
            "confirmation",
            faults(
                "",
                confirm_rollback.confirm_rollback(
                    release, spoilt(V41, text), [text] * 20, ["D-1"], quorum=Approval(group="sre"), asked=asked
                ),
            ),
        )
    for packs in of(Packs, text):
        for request in packs.requests:
            yield "pack", faults(pack_requests.handed(packs, request))


def views(text: str) -> Iterator[tuple[str, list[str]]]:
    me = Actor("T1/URILEY")
    seen = homes.Seen(
        me,
        frozenset({"sre", "developers"}),
        of(Run, text)[:20],
        of(Release, text)[:9],
        of(Finding, text),
        of(Incident, text)[-15:],
        of(Packs, text),
    )
    yield "home", faults_of_view(homes.home(KNOWN, seen))
    for incident in of(Incident, text):
        yield "lessons", faults_of_view(lessons_form.form(incident, text, me))
        yield "found", faults_of_view(incident_follow_up.found_form(incident))
    chosen = deploy_form.Chosen("solvereign-api", "production", text[:75], text)
    lines = would_change(of(Release, text)[-1], of(Run, text)[:3], text, None)
    yield "form", faults_of_view(deploy_form.form(KNOWN, chosen, deploy_form.Seen([text], lines)))


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: repr(text[:12]))
def test_nor_does_what_is_told_to_one_person(text: str) -> None:
    assert [(what, wrong) for what, wrong in told(text) if wrong] == []


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: repr(text[:12]))
def test_nor_does_a_form_or_a_home(text: str) -> None:
    assert [(what, wrong) for what, wrong in views(text) if wrong] == []


@pytest.mark.parametrize("code", CODES)
def test_nor_does_a_refusal(code: str) -> None:
    kept = {"doing", "status", "command", "at", "severity"}
    for text in HOSTILE:
        facts = {key: value if key in kept else spoilt(value, text) for key, value in FACTS.items()}
        assert live(replies.sentence(Reply(refused=code, facts=facts))) == ""


async def test_nor_does_a_version_recorded_as_good(small_world: World, store_database: StoreDatabase) -> None:
    desk = Desk(small_world, store_database.owner_url)
    await small_world.adopted(replace(V41, version="<!channel>"))
    answer = await desk.answered("/rollback api")
    assert "Roll back api production to" in str(answer["text"])
    assert faults(answer["text"], answer["blocks"]) == []
