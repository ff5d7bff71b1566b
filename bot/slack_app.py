"""The Bolt application: what people type and click comes in here, by whichever way."""

import logging
from typing import Any

from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.adapters.slack.views import SlackViews
from commands import (
    audit,
    clicks,
    deploy,
    deploy_form,
    drill,
    home,
    incident,
    lkg,
    onboard,
    ops,
    release_deploys,
    rollback,
)
from commands.edge import Edge

log = logging.getLogger(__name__)


def slack_app(client: AsyncWebClient, edge: Edge) -> AsyncApp:
    """The application with every command and click."""
    # Not the client itself: Bolt reads SLACK_BOT_TOKEN too, and would warn at each start that it has both.
    app = AsyncApp(token=client.token, request_verification_enabled=False)  # Socket Mode: no payload has a signature
    app.client.base_url, app.client.timeout = client.base_url, client.timeout
    app.client.retry_handlers = client.retry_handlers
    views = SlackViews(app.client)
    deploy_form.register(app, edge, views)  # before `/deploy` with words
    home.register(app, edge, views)
    incident.register(app, edge, views)
    release_deploys.register(app, edge, views)
    for part in (deploy, rollback, drill, onboard, ops, lkg, clicks, audit):
        part.register(app, edge)

    @app.error
    async def unexpected(error: Exception, body: dict[str, Any]) -> None:
        log.error("request of %s failed", body.get("type") or body.get("command"), exc_info=error)

    return app
