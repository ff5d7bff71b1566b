"""The tree is the architecture: what the documents say of it is held against what stands here."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PRODUCT = ("bot", "commands", "runbooks")
MODULES = sorted(
    path
    for folder in (*PRODUCT, "sandbox")
    for path in (ROOT / folder).rglob("*.py")
    if "template" not in path.parts  # the sample service's own code
)


def in_git() -> list[Path]:
    """Every file of the repository, also one that is new."""
    listing = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(listing, cwd=ROOT, capture_output=True, check=True, text=True).stdout.split("\0")
    return [path for name in sorted(set(names)) if name and (path := ROOT / name).is_file()]


def test_no_module_is_over_300_lines() -> None:
    modules = [path for path in in_git() if path.suffix == ".py"]
    assert len(modules) > len(MODULES)
    long = {str(p.relative_to(ROOT)): n for p in modules if (n := len(p.read_text().splitlines())) > 300}
    assert long == {}


def test_every_module_says_what_it_is_for() -> None:
    modules = [path for path in in_git() if path.suffix == ".py" and "template" not in path.parts]
    silent = [
        str(path.relative_to(ROOT))
        for path in modules
        if ((text := path.read_text()).strip() or path in MODULES) and not ast.get_docstring(ast.parse(text))
    ]
    assert silent == []


def test_no_cycle_is_hidden_and_no_room_is_called_utils() -> None:
    hidden = [p.name for p in MODULES if re.search(r"\bTYPE_CHECKING\b", p.read_text())]
    assert hidden == []
    assert [p for p in MODULES if p.stem in ("utils", "helpers", "common", "misc")] == []


HOSTS_DATE = {
    "bot/adapters/postgres/store.py": "where no clock is given, as in tests",
    "bot/auditing.py": "whether a day that was typed lies ahead",
    "bot/doctor/connections.py": "the doctor holds this host's clock against others",
    "bot/slack_http.py": "Slack's signature tells when it was made",
    "bot/slack_sockets.py": "pings of one socket",
    "bot/telemetry/traces.py": "spans, of which nothing follows",
}
"""Who may read this host's clock; all else goes by the one that replicas share (bot/adapters/postgres/clock.py)."""


def test_nothing_is_decided_by_the_date_of_one_host() -> None:
    date = re.compile(r"datetime\.now\(|\.utcnow\(|\.today\(|time\.time\b|time\.time_ns\b|time\.gmtime\b|localtime")
    reading = {
        str(p.relative_to(ROOT))
        for folder in PRODUCT
        for p in (ROOT / folder).rglob("*.py")
        if date.search(p.read_text())
    }
    assert reading == HOSTS_DATE.keys()


def test_every_exception_to_a_rule_has_its_reason() -> None:
    bare = [
        f"{p.relative_to(ROOT)}:{number}"
        for p in in_git()
        if p.suffix == ".py"
        for number, line in enumerate(p.read_text().splitlines(), 1)
        if re.search(r"#\s*(noqa|type: ignore)", line)
        and not re.search(r"#\s*(noqa: [A-Z0-9, ]+|type: ignore\[[^]]+\])\s+#\s*\S", line)
    ]
    assert bare == []


def test_sql_stands_in_sql_files() -> None:
    inline = re.compile(
        r"[\"'](select|insert into|update \w+ set|delete from|create table|alter table) ", re.IGNORECASE
    )
    found = [str(p.relative_to(ROOT)) for p in MODULES if p.parts[-2] != "service" and inline.search(p.read_text())]
    assert [f for f in found if f.startswith(PRODUCT)] == []


@pytest.mark.parametrize("package", PRODUCT)
def test_nothing_happens_at_import(package: str) -> None:
    """Importing every module opens no socket, starts no process, and writes no file."""
    names = [
        ".".join(p.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        for p in MODULES
        if p.parts[len(ROOT.parts)] == package and p.stem != "__main__"
    ]
    code = (
        "import sys, importlib\n"
        "import asyncio, ssl, logging\n"
        "def hook(event, args):\n"
        "    writes = event == 'open' and isinstance(args[1], str) and set(args[1]) & set('wa+')\n"
        "    acts = event in ('socket.connect', 'subprocess.Popen', 'os.system')\n"
        "    if acts or (writes and 'pyc' not in str(args[0])):\n"
        "        raise SystemExit(f'{event} {args[:2]}')\n"
        "sys.dont_write_bytecode = True\n"
        "sys.addaudithook(hook)\n"
        "for name in sys.argv[1:]: importlib.import_module(name)\n"
    )
    done = subprocess.run([sys.executable, "-c", code, *names], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-1500:] + done.stdout


def test_the_architecture_names_every_folder_and_nothing_that_is_gone() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text()
    named = {m.strip("/") for m in re.findall(r"`((?:bot|commands|runbooks|sandbox)/[\w/.-]*)`", text)}
    gone = sorted(n for n in named if not (ROOT / n).exists())
    assert gone == []
    folders = {
        str(p.parent.relative_to(ROOT)) for p in MODULES if p.name == "__init__.py" and p.parent.parent != ROOT
    }
    unnamed = sorted(f for f in folders if f not in named)
    assert unnamed == []


def test_no_registry_and_no_path_of_one_machine_is_named() -> None:
    names = ["pypi" + ".org", "files.python" + "hosted.org", "registry." + "npmjs.org", "proxy." + "golang.org"]
    found = [
        f"{path.relative_to(ROOT)}: {name}"
        for path in in_git()
        for name in [*names, "deb.debian" + ".org", str(ROOT.parent) + "/"]
        if name.encode() in path.read_bytes()
    ]
    assert found == []
