"""A Slack workspace on this machine: the program local-slack 0.1.8 behind a thin proxy.

The program keeps everything in memory: Web API below /api/, Socket Mode, response URLs, a page with a socket of its
own (/ui), and a control interface (/_control: command, interact, message, upload, open-home, reaction, edit-message,
delete-message, reset, log, state, messages/CHANNEL). It takes --config, --port (0 for a free one), --base-host and
--files-dir, and listens on every interface.
"""

from sandbox.slack.binary import local_slack_program
from sandbox.slack.faults import Fault, Kind
from sandbox.slack.journal import Call, Envelope
from sandbox.slack.local import LocalSlack
from sandbox.slack.npm import SlackUnavailable
from sandbox.slack.person import Message, NotThere, Person
from sandbox.slack.server import SlackServer
from sandbox.slack.workspace import Workspace, sandbox_workspace

__all__ = [
    "Call",
    "Envelope",
    "Fault",
    "Kind",
    "LocalSlack",
    "Message",
    "NotThere",
    "Person",
    "SlackServer",
    "SlackUnavailable",
    "Workspace",
    "local_slack_program",
    "sandbox_workspace",
]
