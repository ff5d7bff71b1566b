"""Slack: both tokens, the scopes, the clocks."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from bot.adapters.slack.client import SlackRefused
from bot.adapters.slack.inspection import SlackInspection
from bot.doctor.clocks import differing
from bot.doctor.finding import Check, Finding, Look, Subject, listed
from bot.doctor.people import PART, REACH, PeopleChecks
from bot.doctor.scopes import SCOPES
from bot.settings import Settings
from runbooks.catalogue import Catalogue

_COPY_IT = 'copy the bot token (xoxb-...) from "OAuth & Permissions" of the app into SLACK_BOT_TOKEN'
_MAKE_IT = (
    'make an app-level token (xapp-...) with connections:write under "Basic Information" of the app, '
    "and put it into SLACK_APP_TOKEN"
)


@dataclass(frozen=True)
class SlackChecks:
    """Asks by `slack`; `now` is this host's clock."""

    settings: Settings
    slack: SlackInspection
    now: Callable[[], datetime]

    def checks(self, catalogue: Catalogue | None) -> list[Check]:
        """All of Slack; without a catalogue no channels and groups."""
        named = PeopleChecks(self.slack).checks(catalogue) if catalogue else []
        own = (_check("scopes", self._scopes), _check("clock", self._clock))
        bot = _check("bot token", self._bot_token, *own, *named)
        by_http = self.settings.slack_signing_secret.get_secret_value() and not self._token()
        return [bot] if by_http else [bot, _check("app token", self._app_token)]

    def _token(self) -> str:
        return self.settings.slack_app_token.get_secret_value()

    async def _bot_token(self) -> Finding:
        subject = Subject(PART, "bot token")
        if not self.settings.slack_bot_token.get_secret_value().startswith("xoxb-"):
            return subject.wrong("it is no token of a bot", _COPY_IT)
        try:
            found = await self.slack.identity()
        except SlackRefused as refused:
            return subject.wrong(f"Slack does not take it ({refused})", _COPY_IT)
        return subject.ok(f"it is that of @{found.user} in {found.team}")

    async def _app_token(self) -> Finding:
        subject = Subject(PART, "app token")
        token = self._token()
        if not token.startswith("xapp-"):
            return subject.wrong("it is no token of an app", _MAKE_IT)
        try:
            await self.slack.socket(token)
        except SlackRefused as refused:
            return subject.wrong(f"it opens no socket ({refused})", _MAKE_IT)
        return subject.ok("it opens a socket")

    async def _scopes(self) -> Finding:
        subject = Subject(PART, "scopes")
        scopes = (await self.slack.identity()).scopes
        install = "give the app the scopes of deploy/slack-manifest.yaml, and install it to the workspace again"
        if scopes is None:
            return subject.missing("Slack does not say which scopes the bot's token has", REACH)
        if lacking := sorted(SCOPES - scopes):
            return subject.missing(f"the bot's token lacks {listed(lacking)}", install)
        if beyond := sorted(scopes - SCOPES):
            return subject.wrong(f"the bot's token has more than it needs: {listed(beyond)}", install)
        return subject.ok("the bot's token has what it needs, and no more")

    async def _clock(self) -> Finding:
        subject = Subject(PART, "clock")
        there = (await self.slack.identity()).at
        if there is None:
            return subject.missing("Slack does not say what time it is", REACH)
        ahead = (self.now() - there).total_seconds()
        mend = "set this host's clock by NTP; the database's, which times approvals and posts, is held against it"
        return differing(subject, ahead, clock="this host's clock", other="Slack's", mend=mend)


def _check(name: str, look: Look, *then: Check) -> Check:
    return Check(Subject(PART, name), look, REACH, then)
