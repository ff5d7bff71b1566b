"""The forms that answers of the Web API have, and how the methods that the proxy supplies say no."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

Args = Mapping[str, Any]
Answer = dict[str, Any]
Ask = Callable[[str, Args], Awaitable[Answer]]  # calls a method of the local Slack itself
Handler = Callable[[Args], Awaitable[Answer]]


class Declined(Exception):
    """A method's answer is Slack's error code `code`."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def done(**values: Any) -> Answer:
    """An answer that says yes."""
    return {"ok": True, **values}


def refused(code: str) -> Answer:
    """An answer that says no."""
    return {"ok": False, "error": code}


def accepted(answer: Answer) -> Answer:
    """The answer, if it says yes; else Declined with its code."""
    if not answer["ok"]:
        raise Declined(answer["error"])
    return answer


def needed(args: Args, name: str) -> str:
    """An argument that must be there."""
    value = args.get(name)
    if value in {None, ""}:
        raise Declined("invalid_arguments")
    return str(value)


def yes(value: Any) -> bool:
    """Whether a flag is set, as the different clients write flags."""
    return value in {True, "1", "true", "True"}


def names(value: Any) -> list[str]:
    """A list that may have come as text with commas."""
    given = value if isinstance(value, list) else str(value or "").split(",")
    return [str(each).strip() for each in given if str(each).strip()]
