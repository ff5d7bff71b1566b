"""What a pack tells beside its runs: findings, tenants' gates, what was last known good, locks, packs made before."""

from collections.abc import Iterator
from typing import Any

from runbooks.audit import packs
from runbooks.gates import Gate
from runbooks.incidents import findings as f
from runbooks.packs.markup import Html, count, joined, lines, moment, table, tag
from runbooks.packs.told import Book, Told
from runbooks.releases import events as r
from runbooks.releases.bundle import bundle_of
from runbooks.releases.history import Entry, entries
from runbooks.releases.state import Release
from runbooks.tenants import events as t
from runbooks.tenants.state import Tenant

NONE = tag("p", "None.", class_="soft")


def findings(book: Book) -> Html:
    """Every finding with what people did about it."""
    head = ("Severity", "Finding", "What happened", "What came of it")
    if not book.findings:
        return NONE
    return table(head, (_finding(book, *each) for each in book.findings), class_="findings")


def _finding(book: Book, finding: f.Finding, events: tuple[Any, ...]) -> Iterator[object]:
    yield tag("span", finding.severity, class_="badge " + ("bad" if finding.severity in ("S1", "S2") else "stopped"))
    by = book.link(finding.run) if finding.run else "found by Opsbot"
    yield lines(
        [
            tag("b", finding.title),
            joined([finding.environment, " · ", by]),
            tag("span", moment(events[0].at), class_="when"),
        ]
    )
    yield lines([*finding.what, tag("span", f"Do: {finding.action}", class_="soft")])
    yield lines(_came_of(book, finding)) or "nobody acknowledged it"


def _came_of(book: Book, finding: f.Finding) -> list[object]:
    found: list[object] = []
    if finding.acknowledged_by:
        found.append(f"acknowledged by {book.who(finding.acknowledged_by)}, {moment(finding.acknowledged_at)}")
    if back := finding.way_back:
        found.append(joined([book.link(back.run), f": {back.status}, {moment(back.at)}"]))
    elif finding.rolls_back:
        found.append(joined(["answered by ", book.link(finding.rolls_back)]))
    if finding.mended:
        found.append(f"{finding.mended} {moment(finding.mended_at)}")
    if finding.incident:
        found.append(joined(["belongs to ", book.link(finding.incident)]))
    return found


def tenants(book: Book) -> Html:
    """Every tenant: its four gates, whether it is live, and each try."""
    return joined(map(_tenant(book), book.tenants)) if book.tenants else NONE


def _tenant(book: Book) -> Any:
    def told(each: Told) -> Html:
        tenant: Tenant = each.state
        live = tenant.live
        by = f" · approved by {', '.join(map(book.who, live.approved_by))}" if live and live.approved_by else ""
        said = (
            f"live since {moment(live.at)}, on {live.release} ({live.commit[:7]}), by {live.run}"
            if live
            else "not live"
        )
        badge = tag("span", "live" if live else "not live", class_=f"badge {'good' if live else 'stopped'}")
        return tag(
            "section",
            tag("h3", f"{tenant.code} in {tenant.environment} ", badge),
            tag("p", said, by),
            table(("Gate", "Where it stands"), (_gate(tenant, gate) for gate in Gate)),
            tag("h4", "Every try"),
            table(("When (UTC)", "What", "Release", "Run"), (_try(book, event) for event in each.events)),
        )

    return told


def _gate(tenant: Tenant, gate: Gate) -> Iterator[object]:
    tried = tenant.gates.get(gate)
    yield gate.called
    if tried is None:
        yield tag("span", "not tried", class_="soft")
    elif tried.passed:
        yield joined(
            [tag("span", "passed", class_="good"), f" on {tried.release} ({tried.commit[:7]}), {moment(tried.at)}"]
        )
    else:
        yield joined(
            [tag("span", "not passed", class_="bad"), f" on {tried.release}, {moment(tried.at)}: {tried.reason}"]
        )


def _try(book: Book, event: Any) -> Iterator[object]:
    yield tag("span", moment(event.at), class_="when")
    match event:
        case t.GatePassed(gate=gate):
            yield f"{gate.called}: passed"
        case t.GateFailed(gate=gate, reason=reason):
            yield f"{gate.called}: not passed. {reason}"
        case _:
            yield "went live"
    yield f"{event.release} ({event.commit[:7]})"
    yield book.link(event.run)


def known_good(book: Book) -> Html:
    """What was last known good at the end of the period, with the history of it, newest first."""
    return joined(_release(book, each) for each in book.releases) if book.releases else NONE


def _release(book: Book, told: Told) -> Html:
    release: Release = told.state
    good = release.known_good
    said = f"{good.version} ({good.commit}), brought by {good.run}" if good else "nothing was known to be good"
    head = ("When (UTC)", "Release", "What came of it", "Schema", "Tests", "Health")
    return tag(
        "section",
        tag("h3", release.environment),
        tag("p", "At the end of the period: ", tag("b", said), ".", *(_bundle(book, release) if good else ())),
        table(head, (_entry(book, each) for each in entries(told.events))),
        *_locks(book, told),
    )


def _bundle(book: Book, release: Release) -> list[object]:
    """What tells whether a file of `opsbot lkg export` is this release, and who let it go."""
    good = release.known_good
    assert good is not None  # noqa: S101  # asked for where there is one
    digest = bundle_of(release.service, release.environment, good).digest
    by = f" Approved by {', '.join(map(book.who, good.approved_by))}." if good.approved_by else ""
    return [" Its bundle has the SHA-256 ", tag("code", digest), f".{by}"]


def _entry(book: Book, entry: Entry) -> Iterator[object]:
    release = entry.release
    adopted = release.run == "adopt"
    yield tag("span", moment(entry.at), class_="when")
    yield lines([tag("b", release.version), tag("code", release.commit[:12])])
    if entry.imported:
        said = f", imported from a bundle by {book.who(entry.by)}: “{entry.imported}”"
        yield joined([tag("span", "good", class_="good"), said])
    elif adopted:
        yield joined([tag("span", "good", class_="good"), f", adopted as it ran by {book.who(entry.by)}"])
    elif entry.good:
        yield joined([tag("span", "good", class_="good"), f", brought by {release.run}"])
    else:
        yield joined([tag("span", "not good", class_="bad"), f": {release.run} did not end well"])
    yield release.migrations_version or "–"
    yield "all passed" if release.all_tests_pass else "not known"
    yield release.health_status


def _locks(book: Book, told: Told) -> list[Html]:
    found = [event for event in told.events if isinstance(event, r.Locked | r.Unlocked)]
    if not found:
        return []
    rows = (
        (
            tag("span", moment(each.at), class_="when"),
            book.who(each.by),
            f"{each.kind}" + (f": {each.reason}" if each.reason else ""),
        )
        for each in found
    )
    return [tag("h4", "Locks"), table(("When (UTC)", "Who", "What"), rows)]


def made_before(book: Book) -> Html:
    """Who asked for which pack, who let it go, and who got it."""
    rows = [(tag("span", moment(e.at), class_="when"), _pack(book, e)) for told in book.packs for e in told.events]
    return table(("When (UTC)", "What"), rows) if rows else NONE


def _pack(book: Book, event: Any) -> object:
    who = book.who(event.by)
    match event:
        case packs.Asked(first=first, last=last, wanted=wanted):
            needs = (
                ""
                if wanted is None
                else f"; it needed {count(wanted.count, 'approval')} of {wanted.group}, not by who asked"
            )
            return f"{who} asked for {first} to {last}" + needs
        case packs.Approved():
            return f"{who} approved request {event.request}"
        case packs.Rejected():
            return f"{who} rejected request {event.request}"
        case packs.Expired():
            return f"request {event.request} expired: it was not approved in time"
        case packs.Made(archive=archive):
            return joined(["made, SHA-256 ", tag("code", archive)])
        case packs.Delivered(to=to, way=way, archive=archive):
            return joined([f"delivered to {book.who(to)} ({way}), SHA-256 ", tag("code", archive)])
    return f"not delivered: {event.why}"
