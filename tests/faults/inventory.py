"""Every effect that the product can have, read from the product: what a story must play, or say why it does not."""

import ast
import inspect
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path

from slack_sdk.web.async_client import AsyncWebClient

from bot.doctor import rights
from tests.faults.doors import SLACK_READS
from tests.faults.statements import named, writes

ROOT = Path(__file__).parents[2]
PRODUCT = ("bot", "commands", "runbooks")
_READS = {"get", "list", "watch"}
_VERBS = {"create": "POST", "patch": "PATCH", "update": "PUT", "delete": "DELETE"}
_UPLOAD = {"files.getUploadURLExternal", "POST by aiohttp", "files.completeUploadExternal"}
_PROGRAMS = {"command", "git push", "file"}

PLAYED_ELSEWHERE: Mapping[str, str] = {
    "create_ledger": "`opsbot migrate`, in tests/store/test_migrate.py",
    "enter_in_ledger": "`opsbot migrate`, as above",
    "restorer": "`opsbot backup`, in a server of its own",
    "room_to_restore": "`opsbot backup`, as above",
    "service_baseline": "`opsbot adopt`, in one transaction",
    "service_note": "what a person says of a migration outside transactions: tests/steps/test_migration_cuts.py",
    "service_terminate": "of a session that still works, tests/steps/test_migration_locks.py",
    "message_refused": "where Slack takes no message: tests/deliveries/test_refused_messages.py",
    "messages_lost": "where somebody deleted a message: tests/deliveries/test_lost_channel.py",
    "slack views.open": "a form, which nothing is kept of: its person opens it again",
    "slack views.update": "a form, as above",
    "slack views.publish": "the Home, which is made anew each time that it is opened",
    "slack files.getUploadURLExternal": "a picture or a pack: tests/deliveries, and tests/packs",
    "slack files.completeUploadExternal": "as above",
}
"""Effects that no story has, each with the reason."""


def effects() -> set[str]:
    """By the names that doors give them."""
    statements = {name for text, name in named().items() if writes(text)}
    return statements | _of_slack() | _of_clusters() | _PROGRAMS


def _of_slack() -> set[str]:
    """By the methods of Slack's client that are called anywhere."""
    methods = {name for name, _ in inspect.getmembers(AsyncWebClient, inspect.iscoroutinefunction) if name[0] != "_"}
    known = {name for name in methods - {"api_call"} if "_" in name}
    called = {use for _, tree in modules() for use in _attributes(tree) if use in known}
    uploads = _UPLOAD if "files_upload_v2" in called else set()
    found = {name.replace("_", ".") for name in called - {"files_upload_v2"}} | uploads
    return {name if " " in name else f"slack {name}" for name in found if not SLACK_READS.search(name)}


def _of_clusters() -> set[str]:
    """By the rights that the bot needs there: without one nothing is changed."""
    tables = (rights.BY_NAME, rights.RECORDS, rights.SERVICE, rights.JOBS)
    needed = [(resource, verb) for table in tables for _, resource, verbs in table for verb in verbs]
    return {f"{_VERBS[verb]} {resource}" for resource, verb in needed if verb not in _READS}


@cache
def modules() -> Sequence[tuple[Path, ast.Module]]:
    """All modules of the product."""
    paths = (path for folder in PRODUCT for path in sorted((ROOT / folder).rglob("*.py")))
    return [(path.relative_to(ROOT), ast.parse(path.read_text())) for path in paths]


def _attributes(tree: ast.Module) -> Iterator[str]:
    return (node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute))
