"""Nothing of the product reaches outside but by the doors that faults are played at."""

import ast
import sys
from collections import defaultdict
from collections.abc import Iterator

from tests.faults.inventory import PLAYED_ELSEWHERE, PRODUCT, effects, modules

DOORS = {"aiohttp", "httpx", "kubernetes", "psycopg", "slack_bolt", "slack_sdk"}
"""Libraries that reach outside, all by aiohttp, httpx or psycopg, where `tests.faults.doors` stands."""
INSIDE = {
    "PIL",
    "markdown_it",
    "pglast",
    "prometheus_client",
    "pydantic",
    "pydantic_core",
    "pydantic_settings",
    "yaml",
}
TRACES = {"opentelemetry"}  # a span that is lost changes nothing
IMPORTS = {
    *("socket", "socketserver", "ssl", "subprocess", "multiprocessing", "concurrent.futures", "sqlite3", "dbm"),
    *("smtplib", "ftplib", "imaplib", "poplib", "telnetlib", "nntplib", "xmlrpc.client", "http.client"),
    *("http.server", "urllib.request", "webbrowser", "syslog"),
}
CALLS = {
    *("Popen", "create_subprocess_shell", "subprocess_exec", "subprocess_shell", "system", "execvp", "posix_spawn"),
    *(
        "open_connection",
        "open_unix_connection",
        "create_connection",
        "create_datagram_endpoint",
        "urlopen",
        "sendto",
    ),
    *("write_text", "write_bytes", "rename", "renames", "mkstemp", "symlink_to", "hardlink_to", "copyfile", "move"),
    *("psycopg.connect", "Connection.connect", "httpx.Client", "httpx.post", "httpx.put", "httpx.patch"),
}
BESIDE = {
    "bot/adapters/lkg_file.py": {"mkstemp"},  # its file takes the other's place by `os.replace`, a door
    "bot/adapters/postgres/pool.py": {"socket"},  # to cut a connection that is silent
    "bot/adapters/postgres/migrate.py": {"psycopg.connect"},  # `opsbot migrate`, before anything is served
    "bot/adapters/postgres/restored.py": {"psycopg.connect"},  # `opsbot backup`, in a server of its own
    "bot/adapters/processes/runner.py": {"open_connection", "socket"},  # to the command's own supervisor
    "bot/adapters/processes/supervisor.py": {"Popen", "socket", "subprocess"},  # started by a door
    "bot/embedded.py": {"rename", "subprocess"},  # a server of PostgreSQL, before anything is served
}
"""Modules with a way of their own, each with the reason."""


def test_every_library_is_a_door_or_stays_inside() -> None:
    libraries = {name.partition(".")[0] for _, tree in modules() for name in _imported(tree)}
    assert libraries - set(PRODUCT) - sys.stdlib_module_names == DOORS | INSIDE | TRACES


def test_no_module_has_a_way_of_its_own() -> None:
    found = defaultdict[str, set[str]](set)
    for path, tree in modules():
        if ways := {*_imported(tree)} & IMPORTS | {*_called(tree)} & CALLS:
            found[str(path)] |= ways
    assert found == BESIDE


def test_what_is_played_elsewhere_is_an_effect() -> None:
    assert set(PLAYED_ELSEWHERE) <= effects()


def _imported(tree: ast.Module) -> Iterator[str]:
    """Modules, and what is taken from them: it may be a module too."""
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names):
                yield from (name.name for name in names)
            case ast.ImportFrom(module=str(module), level=0, names=names):
                yield from (module, *(f"{module}.{name.name}" for name in names))


def _called(tree: ast.Module) -> Iterator[str]:
    """What is called, by its last name, and by the last two."""
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Name(id=name)):
                yield name
            case ast.Call(func=ast.Attribute(value=ast.Name(id=owner), attr=name)):
                yield from (name, f"{owner}.{name}")
            case ast.Call(func=ast.Attribute(attr=name)):
                yield name
