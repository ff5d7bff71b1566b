"""`/deploy` alone opens a form: it opens at once, fills in after, and asks for what `/deploy` asks for when typed."""

import logging
import re
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, Protocol

from slack_bolt.async_app import AsyncApp

from commands.edge import Edge, Payload, Respond, actor_of, key_of
from commands.replies import not_read
from commands.views.deploy_form import (
    ENVIRONMENT,
    KNOWN,
    MOST,
    SERVICE,
    SUBMITTED,
    TYPED,
    Chosen,
    Seen,
    block_of,
    chosen_in,
    closing,
    form,
)
from commands.views.lists import deploy_help
from commands.views.notice import NOT_A_FORM, notice
from commands.views.sent import NotUnderstood, form_of
from commands.views.typed import words_of
from commands.views.would_change import would_change
from runbooks.catalogue import Service, targets
from runbooks.commits import Commits
from runbooks.engine.asks import Deploy
from runbooks.engine.places import find_place
from runbooks.engine.shapes import LONGEST, is_version
from runbooks.releases.state import Release
from runbooks.runs.state import Run
from runbooks.store import StoreUnavailable
from runbooks.vocabulary import PlanningFailed, Unreachable

NO_VERSIONS = "Which versions there are can't be told now: the source does not answer. Type the version."
log = logging.getLogger(__name__)


class ViewGone(Exception):
    """The view can't be shown or changed: it was closed, or Slack took too long to hear of it."""


class Views(Protocol):
    """Slack's forms and Home."""

    async def open(self, trigger: str, view: Payload) -> str:
        """Show a form to whoever made the gesture, within 3 s of it; its id. Raises ViewGone, Unreachable."""
        ...

    async def update(self, view_id: str, view: Payload) -> None:
        """Show it so; what is filled in stays. Raises ViewGone, Unreachable."""
        ...


def register(app: AsyncApp, edge: Edge, views: Views) -> None:
    """Listen for `/deploy` alone, before `/deploy` with words is listened for, and for the form."""

    async def alone(command: Payload) -> bool:
        return not words_of(str(command.get("text", "")))

    @app.command("/deploy", matchers=[alone])
    async def deploy(ack: Any, command: Payload, respond: Respond) -> None:
        await ack()  # opening a form records nothing
        await open_form(edge, views, command, respond)

    @app.action(re.compile("^form-"))
    async def chose(ack: Any, body: Payload) -> None:
        await ack()
        with suppress(NotUnderstood):  # no form of ours, so nothing to fill in
            sent = form_of(body.get("view"))
            await fill(edge, views, sent.view, chosen_in(sent))

    @app.view(SUBMITTED)
    async def submitted(ack: Any, body: Payload) -> None:
        try:
            answer = await submit(edge, body)
        except NotUnderstood:
            answer = {"response_action": "update", "view": notice(NOT_A_FORM)}
        await ack(**answer)


async def open_form(edge: Edge, views: Views, command: Payload, respond: Respond) -> None:
    """Open it empty, then say in it what there is; where it can't be opened, the help says what to type."""
    services = list(edge.catalogue.services)
    chosen = Chosen(services[0] if len(services) == 1 else "")
    try:
        view = await views.open(str(command["trigger_id"]), form(edge.catalogue, chosen, Seen()))
    except (ViewGone, Unreachable) as cause:
        log.warning("the form could not be opened: %s", cause)
        await respond(text=deploy_help(edge.catalogue), response_type="ephemeral")
        return
    await fill(edge, views, view, chosen)


async def fill(edge: Edge, views: Views, view: str, chosen: Chosen) -> None:
    """Read what there is to choose from and what would change, and show it."""
    seen = await look(edge, chosen)
    try:
        await views.update(view, form(edge.catalogue, chosen, seen))
    except (ViewGone, Unreachable) as cause:
        log.info("the form was not filled in: %s", cause)


async def look(edge: Edge, chosen: Chosen) -> Seen:
    """What the source, the record and the reservations say. Never raises for what does not answer."""
    service = edge.catalogue.services.get(chosen.service)
    if service is None:
        return Seen(lines=("Choose the service; then its versions and what would change are shown.",))
    versions = await _versions(edge, service)
    notes = [] if versions else [NO_VERSIONS]
    try:
        lines = await _standing(edge, service, chosen)
    except StoreUnavailable as cause:
        lines = [not_read(cause)]
    return Seen(versions, (*lines, *notes))


async def _versions(edge: Edge, service: Service) -> Sequence[str]:
    if edge.revisions is None:
        return []
    try:
        return await edge.revisions.newest(service.source.repository, MOST - 1)
    except Unreachable:
        return []


async def _standing(edge: Edge, service: Service, chosen: Chosen) -> list[str]:
    name = chosen.environment if chosen.environment in service.environments else service.default_environment
    stream = f"release/{chosen.service}/{name}"
    wanted = targets(service, name, edge.reception.reserved(service.runbooks.deploy))
    snapshot = await edge.store.read([stream], targets=sorted(wanted))
    release: Release = snapshot.streams[stream].state
    held = (await edge.store.read(sorted(set(snapshot.holders.values())))).streams
    running: list[Run] = [stored.state for stored in held.values()]
    return would_change(release, running, chosen.version, await _brings(edge, service, release, chosen.version))


async def _brings(edge: Edge, service: Service, release: Release, version: str) -> Commits | None:
    """What the version brings since the last known good, where that can be told."""
    if edge.revisions is None or release.known_good is None or not is_version(version):
        return None
    repository = service.source.repository
    try:
        found = await edge.revisions.resolve(repository, version)
        return await edge.revisions.between(repository, release.known_good.commit, found.commit)
    except (PlanningFailed, Unreachable):
        return None


async def submit(edge: Edge, body: Payload) -> Payload:
    """What the acknowledgement carries: the form's end where the deploy was recorded, else what keeps it open.

    Raises NotUnderstood.
    """
    sent = form_of(body.get("view"))
    chosen = chosen_in(sent)
    if (fault := _fault(chosen)) is not None:
        field, said = fault
        return _errors(block_of(sent, field, KNOWN, TYPED), said)
    ask = Deploy(chosen.service, chosen.version, chosen.environment)
    accepted, text = await edge.submit(ask, by=actor_of(body), key=key_of(body, "form"))
    if accepted:
        _, _, environment = find_place(edge.catalogue, chosen.service, chosen.environment)
        return {"response_action": "update", "view": closing(text, environment.channels.deploys)}
    return _errors(block_of(sent, ENVIRONMENT), text)


def _fault(chosen: Chosen) -> tuple[str, str] | None:
    """The field that is not filled in right, and what would be."""
    field = TYPED if chosen.types else KNOWN
    if not chosen.service:
        return SERVICE, "Choose the service. Nothing was started."
    if not chosen.version:
        return field, "Say which version: choose one, or type a tag, a branch or a commit. Nothing was started."
    if not is_version(chosen.version):
        return field, f"This can't be a version: a tag, a branch or a commit, in {LONGEST} characters at most."
    return None


def _errors(block: str, text: str) -> Payload:
    return {"response_action": "errors", "errors": {block: text}}
