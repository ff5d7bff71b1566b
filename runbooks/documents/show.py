"""A runbook as plain text, for a terminal: each item with who or what does it, and what its failure means."""

from collections.abc import Iterator
from textwrap import indent

from runbooks.documents.runbook import Item, Phase, Runbook
from runbooks.vocabulary import Json, Then

_THEN = {
    Then.ROLLBACK: "roll back",
    Then.STOP: "stop",
    Then.GO_ON: "go on",
}


def show(runbook: Runbook) -> str:
    """The whole runbook, ending in a line break."""
    return (
        "\n".join([*_head(runbook), *(line for phase in runbook.phases for line in _phase(phase, runbook.title))])
        + "\n"
    )


def does(item: Item) -> str:
    """What does the item, in words."""
    match item.uses:
        case "confirm":
            return "a person confirms"
        case "approve":
            return "the environment's approvers approve"
    params = item.step.params if item.step else {}
    return f"Opsbot does {item.uses}" + (f" ({_said(params)})" if params else "")


def _head(runbook: Runbook) -> Iterator[str]:
    yield runbook.title
    started = f"started by /{runbook.command}" if runbook.command else "started by no command"
    yield f"{runbook.id} · {runbook.severity.value} · {started} · {runbook.path}"
    if runbook.purpose:
        yield f"Purpose: {runbook.purpose}"
    if runbook.when_to_read:
        yield f"When to read: {runbook.when_to_read}"
    if runbook.reserves:
        yield f"Reserves: {' and '.join(runbook.reserves)}"
    for each in runbook.parameters:
        shape = f", matching {each.pattern}" if each.pattern else ""
        said = f": {each.description}" if each.description else ""
        yield f"Needs {each.name} ({each.type.value}{shape}){said}"
    for name, heading in runbook.modes:
        own = f" · {dict(runbook.severities)[name].value}" if name in dict(runbook.severities) else ""
        yield f"Runs on its own as {runbook.id}/{name}: {heading}{own}"


def _phase(phase: Phase, title: str) -> Iterator[str]:
    yield ""
    if phase.title != title:
        yield phase.title
    if phase.text:
        yield indent(phase.text, "  ")
    for item in phase.items:
        yield from _item(item)


def _item(item: Item) -> Iterator[str]:
    yield f"  [ ] {item.title}"
    yield f"        {does(item)}{said_of_failure(item)}"
    if item.detail:
        yield indent(item.detail, "        ")


def said_of_failure(item: Item) -> str:
    """What its failure means, to be put behind `does`; nothing where a person does it."""
    if item.step is None or item.uses in ("confirm", "approve"):
        return ""
    failure = item.step.on_failure
    raised = f"raise {failure.finding}, " if failure.finding else ""
    return f" · on failure: {raised}{_THEN[failure.then]}"


def _said(params: Json) -> str:
    return ", ".join(f"{key}: {value}" for key, value in params.items())
