"""The sizes that Slack allows; the local Slack takes anything."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

_TEXT = 40_000
_BLOCKS_TEXT = 13_200
_MESSAGE_BLOCKS, _VIEW_BLOCKS = 50, 100
_ID = 255
_PRIVATE_METADATA = 3000
_VIEW_LABEL = 24
_BLOCK_TEXTS = {"section": 3000, "header": 150}
_ELEMENTS = {"actions": 25, "context": 10}
_ELEMENT_TEXTS = {"button": 75, "mrkdwn": 3000, "plain_text": 3000}
_BUTTON_VALUE = 2000
_FIELDS, _FIELD = 10, 2000
_OPTIONS, _OPTION_TEXT, _OPTION_VALUE = 100, 75, 150
_CONFIRM = {"title": 100, "text": 300, "confirm": 30, "deny": 30}
Thing = Mapping[str, Any]


def too_large(args: Thing) -> str:
    """Slack's error code for a message or view that breaks its limits, else nothing."""
    view = args.get("view")
    if view:
        fits = len(view.get("private_metadata") or "") <= _PRIVATE_METADATA and _labels_fit(view)
        return "" if fits and _blocks_fit(view.get("blocks") or [], _VIEW_BLOCKS) else "invalid_arguments"
    blocks = args.get("blocks") or []
    if len(str(args.get("text") or "")) > _TEXT:
        return "msg_too_long"
    if sum(map(len, _texts(blocks))) > _BLOCKS_TEXT:
        return "msg_blocks_too_long"
    return "" if _blocks_fit(blocks, _MESSAGE_BLOCKS) else "invalid_blocks"


def _labels_fit(view: Thing) -> bool:
    return all(len(view[name]["text"]) <= _VIEW_LABEL for name in ("title", "submit", "close") if view.get(name))


def _blocks_fit(blocks: list[Thing], count: int) -> bool:
    return len(blocks) <= count and _distinct(map(_block_id, blocks)) and all(map(_block_fits, blocks))


def _block_fits(block: Thing) -> bool:
    kind = block.get("type", "")
    elements = block.get("elements", [])
    inner = [*elements, *filter(None, [block.get("accessory"), block.get("element")])]
    fields = block.get("fields", [])
    return (
        len(_block_id(block)) <= _ID
        and _text_fits(block, _BLOCK_TEXTS.get(kind, _TEXT))
        and len(elements) <= _ELEMENTS.get(kind, len(elements))
        and len(fields) <= _FIELDS
        and all(0 < len(field["text"]) <= _FIELD for field in fields)
        and all(map(_element_fits, inner))
        and _distinct(element.get("action_id") or "" for element in inner)
    )


def _element_fits(element: Thing) -> bool:
    groups = element.get("option_groups", [])
    lists = [element.get("options", []), *(group["options"] for group in groups)]
    return (
        len(element.get("action_id") or "") <= _ID
        and len(element.get("value") or "") <= _BUTTON_VALUE
        and _text_fits(element, _ELEMENT_TEXTS.get(element.get("type", ""), _TEXT))
        and len(groups) <= _OPTIONS
        and all(0 < len(_text(group["label"])) <= _OPTION_TEXT for group in groups)
        and all(len(options) <= _OPTIONS and all(map(_option_fits, options)) for options in lists)
        and all(len(part["text"]) <= _CONFIRM[name] for name, part in _confirm(element).items())
    )


def _option_fits(option: Thing) -> bool:
    return _text_fits(option, _OPTION_TEXT) and len(option["value"]) <= _OPTION_VALUE


def _confirm(element: Thing) -> dict[str, Thing]:
    return {name: part for name, part in (element.get("confirm") or {}).items() if name in _CONFIRM}


def _text_fits(thing: Thing, limit: int) -> bool:
    return "text" not in thing or 0 < len(_text(thing["text"])) <= limit


def _text(text: Any) -> str:
    return str(text["text"] if isinstance(text, Mapping) else text)


def _texts(blocks: list[Thing]) -> Iterator[str]:
    for block in blocks:
        for part in (block, *block.get("fields", []), *block.get("elements", [])):
            if part.get("text"):
                yield _text(part["text"])


def _block_id(block: Thing) -> str:
    return str(block.get("block_id") or "")


def _distinct(names: Iterable[str]) -> bool:
    known = [name for name in names if name]
    return len(set(known)) == len(known)
