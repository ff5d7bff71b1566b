"""Slack's forms and Home: opened, changed, published."""

import asyncio
from typing import Any

from slack_sdk.web.async_client import AsyncWebClient

from bot.adapters.plots import drawn
from bot.adapters.slack.client import SlackRefused, translated
from commands.deploy_form import ViewGone
from commands.views.plots import Picture

View = dict[str, Any]


class SlackViews:
    """What the commands need of Slack's views. Every method may raise Unreachable."""

    def __init__(self, client: AsyncWebClient) -> None:
        self._client = client
        self._uploaded: dict[Picture, str] = {}  # the last ones, each under its file's id

    async def picture(self, picture: Picture) -> View:
        """A block that shows it, uploaded once. Raises ViewGone where Slack will not take it."""
        if picture not in self._uploaded:
            content = await asyncio.to_thread(drawn, picture)
            try:
                async with translated():
                    answer = await self._client.files_upload_v2(
                        filename=picture.name, content=content, title=picture.name, alt_txt=picture.alt
                    )
            except SlackRefused as cause:
                raise ViewGone(str(cause)) from cause
            files: list[dict[str, Any]] = answer.get("files") or [{}]
            self._uploaded = {picture: str(files[0].get("id", ""))}
        return {"type": "image", "slack_file": {"id": self._uploaded[picture]}, "alt_text": picture.alt}

    async def open(self, trigger: str, view: View) -> str:
        """Open a form; its id. Raises ViewGone where the gesture is too old."""
        try:
            async with translated():
                answer = await self._client.views_open(trigger_id=trigger, view=view)
        except SlackRefused as cause:
            raise ViewGone(str(cause)) from cause
        return str(answer["view"]["id"])

    async def update(self, view_id: str, view: View) -> None:
        """Change a form that is open. Raises ViewGone where it was closed."""
        try:
            async with translated():
                await self._client.views_update(view_id=view_id, view=view)
        except SlackRefused as cause:
            raise ViewGone(str(cause)) from cause

    async def publish(self, user: str, view: View) -> None:
        """Make this the person's Home. Raises ViewGone where Slack will not."""
        try:
            async with translated():
                await self._client.views_publish(user_id=user, view=view)
        except SlackRefused as cause:
            raise ViewGone(str(cause)) from cause
