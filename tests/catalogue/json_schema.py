"""As much of JSON Schema as our own schemas use; a keyword that is not known here is a fault of this module."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

TYPES: dict[str, type | tuple[type, ...]] = {
    "object": dict,
    "array": list,
    "string": str,
    "boolean": bool,
    "integer": int,
    "number": (int, float),
    "null": type(None),
}
SAID = {"$schema", "$comment", "$defs", "title", "description", "default", "type", "properties", "required"}
CHECKED = {
    "additionalProperties",
    "patternProperties",
    "items",
    "minItems",
    "enum",
    "const",
    "anyOf",
    "oneOf",
    "$ref",
}
SIZES = {"pattern", "minLength", "maxLength", "minimum", "maximum", "exclusiveMinimum", "uniqueItems"}
KNOWN = SAID | CHECKED | SIZES | {"propertyNames", "minProperties"}


@dataclass(frozen=True)
class Validator:
    """One schema; parts of it refer to its `$defs`."""

    root: Any

    def faults(self, value: Any) -> list[str]:
        """What of the value does not fit, each with its place."""
        return list(self._of(value, self.root, ""))

    def _of(self, value: Any, schema: Any, place: str) -> Iterator[str]:
        assert schema.keys() <= KNOWN, schema.keys() - KNOWN
        if "$ref" in schema:
            yield from self._of(value, self.root["$defs"][schema["$ref"].removeprefix("#/$defs/")], place)
        yield from self._choice(value, schema, place)
        if "type" in schema and not any(_is(value, each) for each in _list(schema["type"])):
            yield f"{place}: type {schema['type']}"
            return
        if value not in schema.get("enum", [value]) or value != schema.get("const", value):
            yield f"{place}: value"
        if isinstance(value, dict):
            yield from self._object(value, schema, place)
        elif isinstance(value, list):
            yield from self._array(value, schema, place)
        else:
            yield from _size(value, schema, place)

    def _choice(self, value: Any, schema: Any, place: str) -> Iterator[str]:
        for word in {"anyOf", "oneOf"} & schema.keys():
            fitting = [each for each in schema[word] if not list(self._of(value, each, place))]
            if not fitting or (word == "oneOf" and len(fitting) > 1):
                yield f"{place}: {word}"

    def _object(self, value: dict[str, Any], schema: Any, place: str) -> Iterator[str]:
        if len(value) < schema.get("minProperties", 0):
            yield f"{place}: minProperties"
        yield from (f"{place}: {key} is missing" for key in schema.get("required", []) if key not in value)
        for key, each in value.items():
            patterns = [
                sub for pattern, sub in schema.get("patternProperties", {}).items() if re.search(pattern, key)
            ]
            subs = [schema["properties"][key]] if key in schema.get("properties", {}) else patterns
            rest = schema.get("additionalProperties", {})
            if not subs and rest is False:
                yield f"{place}: {key} is unknown"
            for sub in subs or ([rest] if isinstance(rest, dict) else []):
                yield from self._of(each, sub, f"{place}.{key}")

    def _array(self, value: list[Any], schema: Any, place: str) -> Iterator[str]:
        if len(value) < schema.get("minItems", 0):
            yield f"{place}: minItems"
        for index, each in enumerate(value):
            yield from self._of(each, schema.get("items", {}), f"{place}[{index}]")


def _size(value: Any, schema: Any, place: str) -> Iterator[str]:
    if isinstance(value, str):
        if not re.search(schema.get("pattern", ""), value):
            yield f"{place}: pattern"
        if not schema.get("minLength", 0) <= len(value) <= schema.get("maxLength", 1 << 30):
            yield f"{place}: length"
    elif isinstance(value, int | float) and not schema.get("minimum", value) <= value <= schema.get("maximum", value):
        yield f"{place}: size"


def _is(value: Any, name: str) -> bool:
    return isinstance(value, TYPES[name]) and (name == "boolean" or not isinstance(value, bool))


def _list(value: Any) -> list[str]:
    return value if isinstance(value, list) else [value]
