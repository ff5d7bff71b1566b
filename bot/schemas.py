"""JSON Schemas for editors: of the catalogue, and of a runbook's front matter and step blocks.

They say what keys there are, what each is for and what it takes; `opsbot doctor` and the start say the rest.
"""

import inspect
import json
import re
from datetime import timedelta
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema
from pydantic_core import core_schema

from bot.kinds import KINDS
from runbooks.catalogue import Catalogue
from runbooks.documents.blocks import Head
from runbooks.documents.front import FrontMatter
from runbooks.steps.base import Params, Step
from runbooks.vocabulary import Json

NAMES = ("catalogue", "runbook")
DIALECT = "https://json-schema.org/draft/2020-12/schema"
_COMMENT = re.compile(r"^    (\w+): .*?  # (.+)$", re.MULTILINE)
_PARAMETER = {"$ref": "#/$defs/parameter"}
_UNITS = ((86_400, "d"), (3_600, "h"), (60, "m"))


def schema(name: str) -> str:
    """The schema of that name, as its file holds it: `catalogue` or `runbook`."""
    made = {"catalogue": catalogue, "runbook": runbook}[name]()
    about = {"$schema": DIALECT, "$comment": f"Made by `opsbot schema {name}`."}
    return json.dumps({**about, **made}, indent=2, ensure_ascii=False) + "\n"


def catalogue() -> Json:
    """Of `opsbot.yaml`."""
    return _of(Catalogue)


def runbook() -> Json:
    """Of front matter, or of one step block: the two places in a document where YAML stands."""
    parts: Json = {"parameter": {"type": "string", "pattern": r"^\$\{params\.[A-Za-z0-9_-]+\}$"}}
    parts["front-matter"] = _taken(FrontMatter, parts)
    head = _taken(Head, parts)
    parts["step"] = {"oneOf": [_step(kind, head, parts) for kind in KINDS]}
    choice = [{"$ref": "#/$defs/front-matter"}, {"$ref": "#/$defs/step"}]
    return {"title": "Front matter of a runbook, or a step block", "anyOf": choice, "$defs": parts}


def _step(kind: type[Step], head: Json, parts: Json) -> Json:
    """A block of this step: the keys of every block, and its own, which a parameter may stand for."""
    own = _taken(kind.params, parts)
    uses = {"const": kind.uses, "description": _first_line(kind)}
    params = {key: _or_parameter(value) for key, value in own.get("properties", {}).items()}
    made: Json = {
        "title": kind.uses,
        "type": "object",
        "properties": {**head["properties"], "uses": uses, **params},
        "required": ["uses", *own.get("required", ())],
        "additionalProperties": False,
    }
    if kind.params is not Params and "description" in own:
        made["description"] = own["description"]
    return made


def _taken(model: type[BaseModel], parts: Json) -> Json:
    """The schema of a model; the parts it refers to go to `parts`."""
    made = _of(model)
    parts.update(made.pop("$defs", {}))
    return made


def _or_parameter(value: Json) -> Json:
    about: Json = {key: value[key] for key in ("description", "default") if key in value}
    rest = {key: each for key, each in value.items() if key not in about}
    if "items" in rest:
        rest["items"] = {"anyOf": [rest["items"], _PARAMETER]}
    return {**about, "anyOf": [rest, _PARAMETER]}


def _of(model: type[BaseModel]) -> Json:
    return model.model_json_schema(schema_generator=_Schema)


class _Schema(GenerateJsonSchema):
    """As people write it: durations are "30m", and every comment beside a key is its description."""

    def timedelta_schema(self, schema: core_schema.TimedeltaSchema) -> Json:  # noqa: ARG002  # pydantic calls it
        return {"type": "string", "pattern": r"^\s*\d+[smhd]\s*$"}

    def dataclass_schema(self, schema: core_schema.DataclassSchema) -> Json:
        """A value of ours that is read from text or a number, such as a tolerance."""
        return {"type": ["string", "number"], "description": _first_line(schema["cls"])}

    def nullable_schema(self, schema: core_schema.NullableSchema) -> Json:
        """A key that may be left out is left out, not empty."""
        return self.generate_inner(schema["schema"])

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> Json:
        default = schema.get("default")
        if default is None or isinstance(default, BaseModel):  # nothing, or what its own keys tell
            return self.generate_inner(schema["schema"])
        return super().default_schema(schema)

    def encode_default(self, dft: Any) -> Any:
        return _duration(dft) if isinstance(dft, timedelta) else super().encode_default(dft)

    def model_schema(self, schema: core_schema.ModelSchema) -> Json:
        made = super().model_schema(schema)
        for name, comment in _comments(schema["cls"]).items():
            alias = schema["cls"].model_fields[name].alias or name
            made["properties"][alias].setdefault("description", comment)
        return made

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ARG002  # a key needs no second name
        return False


def _comments(model: type[BaseModel]) -> dict[str, str]:
    """What stands beside the fields in the model's source."""
    found = _COMMENT.findall(inspect.getsource(model))
    return {name: comment for name, comment in found if name in model.model_fields}


def _first_line(kind: type[object]) -> str:
    return (inspect.getdoc(kind) or "").partition("\n")[0]


def _duration(length: timedelta) -> str:
    """In the largest unit in which it is whole."""
    seconds = int(length.total_seconds())
    fitting = ((seconds // size, unit) for size, unit in _UNITS if seconds and not seconds % size)
    count, unit = next(fitting, (seconds, "s"))
    return f"{count}{unit}"
