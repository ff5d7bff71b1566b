"""The example catalogue: it loads, it fits the runbooks that ship, and it shows every key there is."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import yaml
from pydantic import BaseModel

from bot import library
from bot.catalogue_file import load
from runbooks import catalogue
from runbooks.documents.checks import keys_at
from tests.documents.reading import KNOWN

EXAMPLE = Path(__file__).parents[2] / "deploy" / "opsbot.example.yaml"
UNSAID = {
    *("trusted", "repeatable"),
    *("s3", "s4"),
    *("ci", "field", "pending", "token"),
    *("version-path", "status", "contains"),
}  # left out on purpose; each is named in a comment or has an obvious twin


def test_it_loads_and_fits_the_library() -> None:
    found = load(EXAMPLE)

    found.check(library.read([library.shipped(), *found.folders], known=KNOWN))


def test_two_hundred_services_as_full_as_its_one_are_read(tmp_path: Path) -> None:
    head, _, service = EXAMPLE.read_text().partition("  solvereign-api:\n")
    one, line, rest = service.partition("\nlibrary:")
    assert line
    path = tmp_path / "opsbot.yaml"
    path.write_text("".join([head, *(f"  api-{number}:\n{one}\n" for number in range(200)), line, rest]))

    assert len(load(path).catalogue.services) == 200


def test_it_says_what_it_seems_to_say() -> None:
    service = load(EXAMPLE).catalogue.services["solvereign-api"]
    production = service.environments[service.default_environment]

    assert service.image_of(version="v42", commit="a" * 40) == "registry.example/solvereign-api:v42"
    assert (service.workloads[0].deployment, service.workloads[0].containers) == ("solvereign-api", ("api",))
    assert service.commands["smoke"].run[-2:] == ("--version", "${version}")
    assert production.production
    assert production.approval.expires == timedelta(minutes=30)
    assert production.on_failure is catalogue.OnFailure.ROLLBACK


def test_it_shows_every_key() -> None:
    models = [each for each in vars(catalogue).values() if isinstance(each, type) and issubclass(each, BaseModel)]
    keys = {key for model in models for key in keys_at(model, ())}

    assert keys - set(_keys(yaml.safe_load(EXAMPLE.read_text()))) == UNSAID
    comments = "\n".join(line for line in EXAMPLE.read_text().split("\n") if line.lstrip().startswith("#"))
    assert all(key in comments for key in ("trusted: true", "repeatable: true", "s1 to s4"))
    assert all(f" {key}:" in comments for key in ("ci", "field", "pending", "token", "version-path", "contains"))


def test_every_variable_it_names_stands_in_the_example_of_the_environment() -> None:
    lines = (EXAMPLE.parents[1] / ".env.example").read_text().split("\n")

    for variable in load(EXAMPLE).variables:
        assert any(line.startswith(f"#{variable}=") for line in lines), variable


def _keys(value: object) -> Iterator[str]:
    match value:
        case dict():
            for key, inner in value.items():
                yield key
                yield from _keys(inner)
        case list():
            for inner in value:
                yield from _keys(inner)
