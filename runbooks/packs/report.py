"""The report of a pack: one page that stands alone, to be read, printed and kept."""

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from statistics import median

from runbooks.packs import incidents, plots, records, runs
from runbooks.packs.markup import Html, count, joined, moment, span, table, tag
from runbooks.packs.style import CSS
from runbooks.packs.told import Book, Told
from runbooks.runs.state import Status

POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
CHECK = """\
import hashlib, json
heads = {}
for line in open("events.jsonl", encoding="utf-8"):
    e = json.loads(line)
    assert e["previous"] == heads.get(e["stream"], ""), e["stream"]
    fields = [e[name] for name in ("stream", "version", "data", "actor", "at", "previous")]
    text = json.dumps(fields, separators=(",", ":"), ensure_ascii=False)
    assert e["hash"] == hashlib.sha256(text.encode()).hexdigest(), e["stream"]
    heads[e["stream"]] = e["hash"]
for stream, head in heads.items():
    print(stream, head)
"""
"""What an auditor can run beside the files: it computes every hash again and prints the heads."""


def page(book: Book) -> bytes:
    """The whole page."""
    title = f"Audit pack: {_subject(book)}, {book.selection.scope.period}"
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", http_equiv="Content-Security-Policy", content=POLICY),
        tag("title", title),
        tag("style", Html(CSS)),
    )
    return f"<!doctype html>\n{tag('html', head, tag('body', *_body(book)), lang='en')}\n".encode()


def _subject(book: Book) -> str:
    scope = book.selection.scope
    return f"{scope.service}, tenant {scope.tenant}" if scope.tenant else scope.service


def _holds(book: Book) -> str:
    """What is in it, for who never saw one."""
    scope = book.selection.scope
    made = "Made from what Opsbot recorded when it happened"
    if not scope.tenant:
        return f"{made}."
    return f"{made}: what concerns {scope.tenant}, and what concerns every tenant; nothing of another tenant alone."


def _body(book: Book) -> Iterator[Html]:
    period = book.selection.scope.period
    yield tag("h1", f"Audit pack: {_subject(book)}")
    yield tag("p", f"{period}, both days included. All times are UTC. {_holds(book)}", class_="lead")
    yield tag(
        "div",
        *(tag("div", tag("b", number), tag("span", name), class_="tile") for number, name in _tiles(book)),
        class_="tiles",
    )
    yield joined(_said(book))
    chapters = list(_chapters(book))
    yield tag("nav", *(tag("a", title.partition(":")[0], href=f"#{name}") for name, title, _ in chapters))
    for name, title, inside in chapters:
        yield tag("h2", title, id=name)
        yield inside


def _chapters(book: Book) -> Iterator[tuple[str, str, Html]]:
    period = book.selection.scope.period
    if book.runs:
        yield "time", "Over time", _figures(book)
        yield "runs", f"Runs: {_outcomes(book)}", runs.overview(book)
    else:
        yield "runs", "Runs", tag("p", "No run moved in this period.", class_="soft")
    yield "incidents", "Incidents", incidents.chapter(book)
    yield "findings", "Findings", records.findings(book)
    yield "tenants", "Tenant onboarding gates", records.tenants(book)
    yield "known-good", "Last known good", records.known_good(book)
    if book.runs:
        yield "full", "Every run in full", runs.chapters(book)
    yield "packs", "Packs made before", records.made_before(book)
    yield "proof", f"Proof: the chain of events to {period.last}", _proof(book)


def _tiles(book: Book) -> Iterator[tuple[object, str]]:
    done = Counter(told.run.status for told in book.runs)
    changing = [told.changing for told in book.runs if told.changing is not None]
    waits = [told.waited for told in book.runs if told.waited is not None]
    yield len(book.runs), "runs"
    yield done[Status.SUCCEEDED], "ended well"
    yield done[Status.FAILED] + done[Status.SUPERSEDED], "failed or were stopped half-way"
    yield sum(len(told.approvals) for told in book.runs), "approvals"
    yield span(_middle(waits)) or "–", "median time to approval"
    yield span(_middle(changing)) or "–", "median time of changing"
    yield len(book.incidents), "incidents"
    yield len(book.findings), "findings"


def _middle(lengths: list[timedelta]) -> timedelta | None:
    return timedelta(seconds=median(each.total_seconds() for each in lengths)) if lengths else None


def _outcomes(book: Book) -> str:
    found = Counter(str(told.run.status) if told.run.status.over else "not ended" for told in book.runs)
    return ", ".join(f"{number} {name}" for name, number in sorted(found.items()))


def _said(book: Book) -> Iterator[Html]:
    """What a reader must know before anything else: whether the record holds, and what is not in here."""
    if book.faults:
        yield tag(
            "div",
            tag("b", "The record does not hold. "),
            "Do not rely on this pack: ",
            "; ".join(book.faults),
            ".",
            class_="note bad",
        )
    else:
        events = book.selection.events
        yield tag(
            "div",
            tag("b", "The record holds. "),
            f"{count(len(events), 'event')} in {count(len(book.told), 'chain')}, every hash computed again; "
            "the heads are at the end.",
            class_="note good",
        )
    if any(told.run.changed_at for told in book.runs):
        yield _approved(book)
    yield from _gaps(book)


def _approved(book: Book) -> Html:
    """Whether what changed an environment was approved by somebody else: the four eyes."""
    changed = [told for told in book.runs if told.run.changed_at]
    alone = [told for told in changed if all(each.by == told.run.requester for each in told.approvals)]
    said = f"{count(len(changed), 'run')} changed an environment"
    if not alone:
        return tag("div", tag("b", "Four eyes. "), f"{said}, each approved by somebody else.", class_="note good")
    which = joined((book.link(told.run.id) for told in alone), ", ")
    rest = f"{said}, {len(changed) - len(alone)} of them approved by somebody else. Without that: "
    emergency = all(told.run.command == "rollback" for told in alone)
    why = ", back to what was known to be good, which one person may do in an emergency." if emergency else "."
    return tag("div", tag("b", "Four eyes. "), rest, which, why, class_="note good" if emergency else "note bad")


def _gaps(book: Book) -> Iterator[Html]:
    scope, events = book.selection.scope, book.selection.events
    inside = sorted(event.at for event in events if scope.period.has(event.at))
    if inside:
        said = f"The first event of the period is of {moment(inside[0])}, the last of {moment(inside[-1])}."
        yield tag("p", said, class_="soft")
    if still := [told.run.id for told in book.runs if not told.run.status.over]:
        yield tag("p", f"Not ended when the period did: {', '.join(still)}.", class_="note")
    if scope.tenant and not book.tenants:
        said = (
            f"Nothing was recorded of {scope.tenant} itself: what follows concerns every tenant of {scope.service}."
        )
        yield tag("p", said, class_="note")
    if untold := {f"{kind} in {told.stream}" for told in book.told for kind in told.untold}:
        said = f"Written by a newer release and not told in this report: {', '.join(sorted(untold))}."
        yield tag("p", f"{said} events.jsonl has them, and the chains count them.", class_="note")
    if withheld := book.selection.withheld:
        names = ", ".join(name.partition("/")[2] for name in withheld)
        yield tag("p", f"Kept out, since their record tells of others too: {names}.", class_="note")


def _figures(book: Book) -> Html:
    period = book.selection.scope.period
    legend = (
        ("good", "● succeeded (▲ a rollback)"),
        ("bad", "✕ failed or superseded"),
        ("stopped", "■ aborted, rejected or expired"),
        ("open", "○ not ended"),
    )
    return joined(
        [
            tag(
                "figure",
                tag("figcaption", "How long each run was changing the environment"),
                tag("p", "By the moment it was asked for; from the first change to the end of the last one."),
                plots.changes(book.runs, period),
                tag("div", *(tag("span", text, class_=look) for look, text in legend), class_="legend"),
            ),
            tag(
                "figure",
                tag("figcaption", "Time to approval"),
                tag("p", "From the moment a run waited for nothing else until the last approval that it needed."),
                plots.approvals(book.runs, period)
                if any(told.waited is not None for told in book.runs)
                else tag("p", "No run of this period was approved."),
            ),
        ]
    )


def _proof(book: Book) -> Html:
    head = ("Stream", "Events", "Chain", "Hash of the last event")
    return joined(
        [
            tag(
                "p",
                "Every event's hash covers the event and the hash before it. A change to any of them would change "
                "every hash after it, up to the head of its stream. Compare these heads with those of another pack.",
            ),
            table(head, map(_chain, book.told)),
            tag("p", "To check it without us, beside the unpacked files:"),
            tag("pre", CHECK),
        ]
    )


def _chain(told: Told) -> tuple[object, ...]:
    whole = (
        tag("span", "whole", class_="good") if not told.faults else tag("span", "; ".join(told.faults), class_="bad")
    )
    return tag("span", told.stream), len(told.recorded), whole, tag("span", told.head, class_="hash")
