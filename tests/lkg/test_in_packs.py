"""An audit pack tells by which name a file of its release is known, and what was imported."""

from datetime import UTC, datetime

from runbooks.releases import events as r
from runbooks.releases.bundle import bundle_of
from runbooks.vocabulary import OPSBOT, Actor
from tests.lkg.releases import good
from tests.packs.month import stream
from tests.packs.test_pack import files

PLACE = "release/api/production"
AT = datetime(2026, 11, 20, 9, tzinfo=UTC)


def report(*events: object) -> str:
    return files(stream(PLACE, list(events)))["report.html"].decode()


def test_the_bundle_of_the_last_known_good_is_named_whole_with_who_approved_it() -> None:
    known = good(at=AT)
    candidate = good(at=AT, kpis=(), approved_by=())
    digest = bundle_of("api", "production", known).digest
    text = report(
        r.Staged(OPSBOT, AT, candidate), r.Promoted(OPSBOT, AT, "D-90", known.kpis, known.approved_by, digest)
    )
    assert digest in text
    assert "Approved by " in text


def test_what_was_imported_says_by_whom_and_why() -> None:
    digest = bundle_of("api", "production", good(at=AT)).digest
    text = report(r.Imported(Actor("shell/ada"), AT, good(at=AT), digest, "the old database is lost"))
    assert "imported from a bundle by " in text
    assert "the old database is lost" in text
