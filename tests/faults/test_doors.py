"""Nothing of the product reaches outside but by the doors that faults are played at."""

import ast
import sys
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
WAYS = {
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
}
BESIDE = {
    "bot/adapters/lkg_file.py": {"mkstemp"},  # its file takes the other's place by `os.replace`, a door
    "bot/adapters/processes/runner.py": {"open_connection"},  # to the command's own supervisor
    "bot/adapters/processes/supervisor.py": {"Popen"},  # the command; its process was started by a door
    "bot/embedded.py": {"rename"},  # a server's folder, before anything is served
}


def _imported(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names):
                yield from (name.name for name in names)
            case ast.ImportFrom(module=str(module), level=0):
                yield module


def test_every_library_is_a_door_or_stays_inside() -> None:
    libraries = {name.partition(".")[0] for _, tree in modules() for name in _imported(tree)}
    assert libraries - set(PRODUCT) - sys.stdlib_module_names == DOORS | INSIDE | TRACES


def test_no_module_has_a_way_of_its_own() -> None:
    found: dict[str, set[str]] = {}
    for path, tree in modules():
        calls = [node.func for node in ast.walk(tree) if isinstance(node, ast.Call)]
        names = {call.attr if isinstance(call, ast.Attribute) else getattr(call, "id", "") for call in calls}
        if names & WAYS:
            found[str(path)] = names & WAYS
    assert found == BESIDE


def test_what_is_played_elsewhere_is_an_effect() -> None:
    assert set(PLAYED_ELSEWHERE) <= effects()
