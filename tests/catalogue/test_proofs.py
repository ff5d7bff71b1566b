"""Faults in what a service offers as proof, and in who is told; and which commands its runbooks still need."""

from pathlib import Path

import pytest

from bot import library
from bot.catalogue_file import load
from runbooks.documents.errors import DocumentError
from tests.catalogue.changes import SERVICE, changed, faults, line_of
from tests.documents.reading import KNOWN

CI = "    ci:\n      url: https://ci.example/{commit}\n      token: CI_TOKEN\n"
TAG = "    tag: version\n"
TESTS = "      tests:\n        run: [python, -m, pytest, backend_py/]\n"

CASES = {
    "a place of proof that there is not": (
        ("proven-in: staging", "proven-in: stagin"),
        f"{SERVICE}: proven-in 'stagin' of production is none of: staging",
    ),
    "a place that would prove itself": (
        ("proven-in: staging", "proven-in: production"),
        f"{SERVICE}: proven-in 'production' of production is none of: staging",
    ),
    "a rehearsal in a database that is in use": (
        ("rehearsal: PRODUCTION_REHEARSAL_URL", "rehearsal: STAGING_DATABASE_URL"),
        f"{SERVICE}.environments.production.rehearsal: `STAGING_DATABASE_URL` is the database of an environment; "
        "name a variable that leads to another server, for scratch databases alone",
    ),
    "a rehearsal of nothing": (
        ("        database: PRODUCTION_DATABASE_URL # what its migrations run against\n", ""),
        f"{SERVICE}.environments.production.rehearsal: there is no `database` whose migrations could be rehearsed; "
        "name it, or leave this out",
    ),
    "a channel by its name": (
        ("channels: [C0EXAMPLEGENERAL]", 'channels: ["#general"]'),
        f"{SERVICE}.environments.production.stakeholders.channels[0]: '#general' is no Slack channel id; it is at "
        "the end of the channel's details, such as C0EXAMPLEOPS",
    ),
    "a channel among the people": (
        ("people: [U0EXAMPLEADA]", "people: [C0EXAMPLEADA]"),
        f"{SERVICE}.environments.production.stakeholders.people[0]: 'C0EXAMPLEADA' is no Slack user id; it is in the "
        "person's profile, such as U0EXAMPLEADA",
    ),
    "an address of CI without the commit": (
        (TAG, TAG + CI.replace("{commit}", "state")),
        f"{SERVICE}.ci: an address of http or https with {{commit}} in it",
    ),
    "a token instead of its variable": (
        (TAG, TAG + CI.replace("CI_TOKEN", "made-up-token")),
        f"`{SERVICE}.ci.token` can't be `made-up-token`; it must match ^[A-Z][A-Z0-9_]*$",
    ),
    "a check without a path": (
        (TAG, TAG + "    smoke:\n      - {status: 200}\n"),
        f"`{SERVICE}.smoke[0].path` is missing; add it",
    ),
}


@pytest.mark.parametrize(("change", "sentence"), CASES.values(), ids=CASES.keys())
def test_a_fault(tmp_path: Path, change: tuple[str, str], sentence: str) -> None:
    [fault] = faults(changed(tmp_path, *change))

    assert fault.partition(": ")[2] == sentence


def test_the_variable_of_cis_token_is_needed_at_its_line(tmp_path: Path) -> None:
    path = changed(tmp_path, TAG, TAG + CI)

    line = line_of(path.read_text(), CI.splitlines()[-1])
    assert load(path).variables["CI_TOKEN"] == f"{path}:{line}"


def needed(path: Path) -> list[str]:
    """The commands that the shipped runbooks miss."""
    try:
        load(path).check(library.read([library.shipped()], known=KNOWN))
    except DocumentError as caught:
        return [str(fault).split("`")[3] for fault in caught.faults]
    return []


def test_the_checklist_needs_its_commands_unless_something_stands_in_for_them(tmp_path: Path) -> None:
    path = changed(tmp_path, TESTS, TESTS.replace("tests:", "unit:"))
    text = path.read_text().replace("      smoke:\n", "      smokes:\n", 1)
    path.write_text(text)
    assert needed(path) == ["smoke", "tests"]

    path.write_text(text.replace(TAG, TAG + CI))
    assert needed(path) == ["smoke"]

    path.write_text(text.replace(TAG, TAG + CI + "    version-path: /version\n"))
    assert needed(path) == []
