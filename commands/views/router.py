"""The router: four questions, one at a time, each answer a button; what a YES leads to; where four NOs end."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from commands.views import words
from commands.views.blocks import Block, actions, button, context, fitted, header, section
from commands.views.document import Buttons, document, file_name, parts, sections
from runbooks.catalogue import Catalogue
from runbooks.documents.runbook import Runbook

Books = Mapping[str, Runbook]
Shown = tuple[str, list[Block]]  # what a notification says, and the message
GUIDANCE = "General operations guidance"
_PLACES = 8  # services that get a button or a line of their own
_FILES = 40


@dataclass(frozen=True)
class Question:
    """One of the four: what it asks, and what a YES leads to."""

    asks: str
    book: str
    read: str
    usage: str  # what is typed after the document's command
    besides: str  # what is worth a look before


QUESTIONS = (
    Question(
        "Is this an emergency rollback?",
        "rollback-procedures",
        "Read `rollback-procedures.md` IMMEDIATELY",
        "SERVICE [ENVIRONMENT]",
        "`/lkg` shows what is known to be good. The rollback joins the open incident of what failed, or opens one.",
    ),
    Question(
        "Are you deploying to production?",
        "deployment-checklist",
        "Read `deployment-checklist.md`",
        "SERVICE VERSION [ENVIRONMENT]",
        "`/deploy` alone opens a form. `/lkg` shows what a rollback would go back to.",
    ),
    Question(
        "Are you onboarding a new tenant?",
        "tenant-onboarding",
        "Read `tenant-onboarding.md`",
        "TENANT [SERVICE] [ENVIRONMENT]",
        "`/onboard status TENANT` says how far one is, `/onboard list` who there is.",
    ),
    Question(
        "Do you need to generate audit reports?",
        "audit-report-gen",
        "Read `audit-report-gen.md`",
        "SERVICE FROM TO [TENANT]",
        "`/audit help` says what is in it, and who gets it.",
    ),
)
RELATED = (
    ("Incident during deploy?", "incident-triage"),
    ("Security review needed?", "rls-enforcement"),
    ("Performance concerns?", "capacity-planning"),
)
_ABOVE = (
    "Before proceeding, answer these questions. Nothing is started by an answer. Something is wrong, "
    "and it is none of them? `/incident declare SERVICE TEXT`. `/ops help` lists every command."
)
_FIRST = ("operations", "deployment-checklist", *(each.book for each in QUESTIONS))


def go(label: str, to: str, back: str = "", style: str = "") -> Block:
    """A button to another place of this conversation; all that is remembered is what it carries."""
    return button(label, f"ops:{to}", {"to": to, "back": back}, style)


def question(number: int) -> Shown:
    """One question, from 1, below the answers that led to it."""
    asked = QUESTIONS[number - 1]
    before = [f"{n}. {each.asks} No." for n, each in enumerate(QUESTIONS[: number - 1], 1)]
    no = f"question/{number + 1}" if number < len(QUESTIONS) else "guidance"
    back = [go("Back", f"question/{number - 1}")] if number > 1 else []
    above = "\n".join(before) or _ABOVE
    return asked.asks, [
        context(f"Operations · question {number} of {len(QUESTIONS)}"),
        context(above),
        section(f"*{number}. {asked.asks}*"),
        *actions(go("Yes", f"yes/{number}"), go("No", no), *back),
    ]


def leads(number: int, books: Books, catalogue: Catalogue) -> Shown:
    """What a YES leads to: the command, as a button or in the words to type, and the document to read.

    Where no command runs the document yet, the document itself is shown.
    """
    asked, back = QUESTIONS[number - 1], go("Back", f"question/{number}")
    book = books.get(asked.book)
    if book is not None and not book.command:
        return read(book, 1, back=f"question/{number}")
    lines = [f"*{number}. {asked.asks}* Yes.", f"{asked.read}."]
    buttons = [go("Read it", f"read/{asked.book}/1", f"yes/{number}")] if book else []
    if book is not None:
        lines += ["", *_to_type(asked, book.command, catalogue)]
    rolls = list(_roll_back(catalogue)) if book is not None and book.command == "rollback" else []
    return asked.read, [section("\n".join(lines)), *actions(*rolls), *actions(*buttons, back)]


def _to_type(asked: Question, command: str, catalogue: Catalogue) -> Iterator[str]:
    yield f"Then type `/{command} {asked.usage}`."
    if command == "rollback":
        yield "It shows privately what comes back and what does not; nothing is done before you confirm."
    yield asked.besides
    if command not in ("deploy", "rollback"):
        return
    version = " VERSION" if command == "deploy" else ""
    for name, service in list(catalogue.services.items())[:_PLACES]:
        place = words.line(f"{name}{version} {service.default_environment}")
        yield f"• `/{command} {place}`"


def _roll_back(catalogue: Catalogue) -> Iterator[Block]:
    """A button for each service's usual environment: the confirmation that `/rollback` shows."""
    for number, (name, service) in enumerate(list(catalogue.services.items())[:_PLACES]):
        place = service.default_environment
        value = {"service": name, "environment": place, "version": ""}
        yield button(f"Roll back {name} {place}", f"ask-rollback:{number}", value, "primary" if number == 0 else "")


def guidance(books: Books) -> Shown:
    """Where four NOs end: the general guidance, and the branches it is related to."""
    start = [context("Operations · four times no")]
    known = [(asks, name) for asks, name in RELATED if name in books]
    related = [section(asks, go(f"Read {name}", f"read/{name}/1", "guidance")) for asks, name in known]
    last = actions(go("All documents", "files", "guidance"), go("Back", f"question/{len(QUESTIONS)}"))
    found = sections(books["operations"], below=GUIDANCE) if "operations" in books else []
    middle = [section(piece) for piece in (parts(found)[0] if found else ["*General operations guidance*"])]
    return GUIDANCE, fitted(start, middle, [*related, *last])


def read(book: Runbook, part: int, *, back: str = "") -> Shown:
    """A document, with buttons to its other parts and the way back."""
    return book.title, document(book, part, _turning(book, back))


def _turning(book: Runbook, back: str) -> Buttons:
    def buttons(number: int, of: int) -> list[Block]:
        before = [go("Part before", f"read/{book.id}/{number - 1}", back)] if number > 1 else []
        after = [go("Next part", f"read/{book.id}/{number + 1}", back)] if number < of else []
        return actions(*before, *after, go("Back", back) if back else go("All documents", "files"))

    return buttons


def files(books: Books, *, back: str = "") -> Shown:
    """Which documents there are, what each is for, and when to read it."""
    ordered = sorted(books.values(), key=lambda book: _FIRST.index(book.id) if book.id in _FIRST else len(_FIRST))
    listed = [section(_entry(book), go("Read", f"read/{book.id}/1", "files")) for book in ordered[:_FILES]]
    more = [context(f"{len(ordered) - _FILES} more: `/ops read NAME`")] if len(ordered) > _FILES else []
    start = [header("Files in this branch"), context("File · purpose · when to read")]
    return "Files in this branch", fitted(start, listed, [*more, *(actions(go("Back", back)) if back else [])])


def _entry(book: Runbook) -> str:
    about = words.line(book.purpose or book.title, 200)
    when = f"\n{words.INDENT}When to read: {words.line(book.when_to_read, 200)}" if book.when_to_read else ""
    return f"*`{words.line(file_name(book), 90)}`* · {about}{when}"
