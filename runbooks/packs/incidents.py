"""The incidents of a pack, each in full: how it stands, its timeline, its follow-up, what was learned."""

from collections.abc import Callable, Iterator
from typing import Any

from runbooks.incidents import incident as i
from runbooks.incidents.follow_up import FollowUpDone, FollowUpOpened, FollowUpTaken
from runbooks.incidents.in_slack import ChannelLost, SlackAnswered
from runbooks.packs.markup import Html, facts, joined, lines, moment, span, table, tag
from runbooks.packs.told import Book, Told


def chapter(book: Book) -> Html:
    """A line of each, then each in full."""
    if not book.incidents:
        return tag("p", "None.", class_="soft")
    head = ("Id", "What", "Opened (UTC)", "Worked on by", "State", "Took")
    overview = table(head, (_line(book, told) for told in book.incidents), class_="incidents")
    return joined([overview, *map(_in_full(book), book.incidents)])


def _line(book: Book, told: Told) -> Iterator[object]:
    incident: i.Incident = told.state
    yield tag("a", incident.id, href=f"#{incident.id}")
    yield lines(
        [joined([_severity(incident), " ", incident.title]), tag("span", incident.environment, class_="soft")]
    )
    yield tag("span", moment(incident.opened_at), class_="when")
    yield lines(map(book.who, incident.workers)) or "nobody"
    yield _standing(incident)
    yield tag("span", _took(incident), class_="num")


def _severity(incident: i.Incident) -> Html:
    look = "bad" if incident.severity in ("S1", "S2") else "stopped"
    return tag("span", incident.severity, class_=f"badge {look}")


def _standing(incident: i.Incident) -> Html:
    return (
        tag("span", "resolved", class_="badge good") if incident.resolved else tag("span", "open", class_="badge bad")
    )


def _took(incident: i.Incident) -> str:
    over, opened = incident.resolved, incident.opened_at
    return span(over.at - opened) if over and opened else "–"


def _in_full(book: Book) -> Callable[[Told], Html]:
    def told_of(told: Told) -> Html:
        incident: i.Incident = told.state
        return tag(
            "section",
            tag("h3", f"{incident.id} · {incident.title} ", _severity(incident), " ", _standing(incident)),
            facts(_facts(book, incident)),
            tag("h4", "Timeline"),
            table(("When (UTC)", "Who", "What"), (_entry(book, event) for event in told.events), class_="acts"),
            *_learned(book, incident),
            class_="run",
            id=incident.id,
        )

    return told_of


def _facts(book: Book, incident: i.Incident) -> Iterator[tuple[str, object]]:
    yield "Environment", incident.environment
    yield "What happened", lines(incident.what)
    yield "Runs", joined(map(book.link, dict.fromkeys(_runs(incident))), ", ")
    yield "Opened", f"{moment(incident.opened_at)}, by {book.who(incident.opened_by)}"
    yield "Led by", f"{book.who(incident.lead)}, since {moment(incident.lead_at)}" if incident.lead else "nobody"
    over = incident.resolved
    yield (
        "Resolved",
        f"{moment(over.at)}, by {book.who(over.by)}, {_took(incident)} after it was opened" if over else "",
    )
    yield "Its channel", f"#{incident.channel_name}" if incident.channel_name else "none"
    if (follow := incident.follow_up) is not None:
        yield "To be found out", follow.text
        yield "Seen to by", book.who(follow.owner) or "nobody yet"
        found = f"{follow.found} ({book.who(follow.found_by)}, {moment(follow.found_at)})"
        yield "Found", "nothing yet" if follow.open else found


def _runs(incident: i.Incident) -> list[str]:
    backs = (entry.way_back.run for entry in incident.entries if entry.way_back)
    return list(filter(None, [incident.run, *(name.partition(".")[0] for name in incident.findings), *backs]))


def _entry(book: Book, event: Any) -> tuple[object, ...]:
    return tag("span", moment(event.at), class_="when"), book.who(event.by), _what(book, event)


def _what(book: Book, event: Any) -> object:
    say = _SAYS.get(type(event))
    return say(book, event) if say else str(event.kind)


def _in_slack(_: Book, event: SlackAnswered) -> str:
    if event.refused:
        return f"Slack refused to {event.asked}: {event.refused}"
    did = {"create": "its channel was made", "pin": "its card was pinned", "invite": "people were invited"}
    return did.get(event.asked, str(event.asked))


_SAYS: dict[type, Callable[[Book, Any], object]] = {
    i.Opened: lambda _, e: f"opened it as {e.severity}: {e.title}",
    i.Joined: lambda _, e: lines([f"another finding joined it, {e.severity}: {e.title}", *e.what]),
    i.TakenOn: lambda *_: "took it on",
    i.LeadTaken: lambda *_: "took the lead",
    i.WayBackBegan: lambda book, e: joined([book.link(e.run), f" goes back to {e.version}, begun for it"]),
    i.WayBackEnded: lambda book, e: joined(
        [book.link(e.way_back.run), f" to {e.way_back.version} ended: {e.way_back.status}"]
    ),
    i.Updated: lambda _, e: e.text,
    i.Resolved: lambda _, e: lines([tag("span", "resolved it", class_="good"), e.text]),
    i.LessonsWritten: lambda *_: "wrote down what was learned",
    FollowUpOpened: lambda _, e: f"to be found out: {e.text}",
    FollowUpTaken: lambda *_: "sees to what is to be found out",
    FollowUpDone: lambda _, e: f"found out: {e.text}",
    SlackAnswered: _in_slack,
    ChannelLost: lambda _, e: f"its channel was lost: {e.why}",
}


def _learned(book: Book, incident: i.Incident) -> Iterator[Html]:
    if (lessons := incident.lessons) is not None:
        yield tag("h4", "What was learned")
        yield facts(
            [
                ("What happened", lessons.happened),
                ("What helped", lessons.helped),
                ("What is to change", lessons.change),
                ("Who sees to it", f"{book.who(lessons.owner)}, until {lessons.due}"),
            ]
        )
    elif incident.resolved and incident.asks_for_lessons:
        yield tag("p", "No lessons were written down.", class_="note")
