"""A bundle: the same release has the same text and name for ever; what is not whole is told, and never taken."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from runbooks.digests import canonical, digest_of
from runbooks.redaction import HIDDEN, Redactor
from runbooks.releases.bundle import LARGEST, NotABundle, bundle_of, read
from runbooks.vocabulary import Json, KnownGood
from tests.lkg.releases import good, template, workload

PLACE = ("orders", "production")
SHIPPED = Path(__file__).parent / "bundles"
SECRET = {"name": "MAIL_URL", "value": "smtp://mail:MadeUpForThisTest@mail.example"}


def test_it_comes_back_as_it_was() -> None:
    bundle = bundle_of(*PLACE, good())
    assert read(bundle.text.encode()) == bundle
    assert (bundle.known_good, bundle.incomplete) == (good(), ())


def test_its_name_is_the_sha_256_of_the_file() -> None:
    bundle = bundle_of(*PLACE, good())
    assert bundle.digest == hashlib.sha256(bundle.text.encode()).hexdigest()
    assert bundle.digest != bundle_of("orders", "staging", good()).digest
    assert bundle.digest != bundle_of(*PLACE, good(approved_by=())).digest


@pytest.mark.parametrize("path", sorted(SHIPPED.glob("*.json")), ids=lambda path: path.stem[:8])
def test_one_that_was_written_before_is_read_and_written_as_it_was(path: Path) -> None:
    """A file that stands there is never changed: people keep such files, and their names are in the record."""
    bundle = read(path.read_bytes())
    again = bundle_of(bundle.service, bundle.environment, bundle.known_good)
    assert (again.text, again.digest) == (path.read_text(), path.stem)


def test_there_is_one_of_every_schema() -> None:
    assert {json.loads(path.read_text())["schema"] for path in SHIPPED.glob("*.json")} == {1}


def test_what_holds_its_default_is_left_out_so_that_a_later_field_changes_no_name() -> None:
    bare = good(ledger=(), kpis=(), approved_by=(), all_tests_pass=False, health_status="unknown")
    kept = json.loads(bundle_of(*PLACE, bare).text)["known_good"]
    assert not {"ledger", "kpis", "approved_by", "all_tests_pass", "health_status"} & kept.keys()


# ---------------------------------------------------------------- secrets


def with_secret() -> KnownGood:
    return good(workloads=(workload(held=template("v41", SECRET)), workload(name="worker")))


def test_a_secret_in_plain_text_is_not_in_it_and_that_is_known() -> None:
    bundle = bundle_of(*PLACE, with_secret())
    assert "MadeUpForThisTest" not in bundle.text
    assert HIDDEN in bundle.text
    assert bundle.incomplete == ("api",)
    assert read(bundle.text.encode()).incomplete == ("api",)


def test_what_the_process_knows_as_a_secret_is_not_in_it_either() -> None:
    held = template("v41", {"name": "PLAIN", "value": "no-shape-made-up"})
    bundle = bundle_of(*PLACE, good(workloads=(workload(held=held),)), Redactor(["no-shape-made-up"]))
    assert "no-shape-made-up" not in bundle.text
    assert bundle.incomplete == ("api",)


def test_an_old_record_without_a_digest_of_its_template_gets_one() -> None:
    old = good(workloads=(replace(workload(), digest=""),))
    assert bundle_of(*PLACE, old).known_good.workloads[0].digest == digest_of(template())


# ---------------------------------------------------------------- what is none


def changed(change: Callable[[Json], object]) -> bytes:
    document = json.loads(bundle_of(*PLACE, good()).text)
    change(document)
    return canonical(document).encode()


def put_secret(document: Json) -> None:
    held = document["known_good"]["workloads"][0]
    held["template"]["spec"]["containers"][0].update(env=[SECRET])
    held["digest"] = digest_of(held["template"])


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "It is no JSON."),
        (b"[" * 100_000, "It is no JSON."),
        (b"\xff\xfe", "It is no JSON."),
        (b"[]", "It is no bundle of a known good release."),
        (b'{"kind":"another"}', "It is no bundle of a known good release."),
        (b" " * (LARGEST + 1), "It is larger than 8 MiB."),
        (changed(lambda d: d.update(schema=2)), "It has schema 2, and this Opsbot reads 1: use a newer one."),
        (changed(lambda d: d.pop("service")), "It is not whole: `service` is missing."),
        (changed(lambda d: d["known_good"].pop("version")), "It is not whole: `version`: field required."),
        (
            changed(lambda d: d["known_good"].update(at="2026-11-24T10:00:00")),
            "It is not whole: `known_good.at` has no time zone.",
        ),
        (
            changed(lambda d: d["known_good"]["workloads"][0].update(template={"spec": {}})),
            "It is not whole: the template of Deployment api is no pod template.",
        ),
        (
            changed(lambda d: d["known_good"].update(later_field=1)),
            "It was edited, or written anew by another program: Opsbot would write it otherwise.",
        ),
        (
            json.dumps(json.loads(bundle_of(*PLACE, good()).text), indent=2).encode(),
            "It was edited, or written anew by another program: Opsbot would write it otherwise.",
        ),
        (
            changed(lambda d: d["known_good"]["workloads"][0]["template"]["spec"].update(hostNetwork=True)),
            "The template of Deployment api is not the one that was recorded: it was edited.",
        ),
        (changed(put_secret), "It holds a secret in plain text, and Opsbot writes none: it was edited."),
    ],
    ids=lambda value: value[:24] if isinstance(value, str) else "",
)
def test_what_is_no_whole_bundle_is_refused_with_the_reason(data: bytes, said: str) -> None:
    with pytest.raises(NotABundle) as caught:
        read(data)
    assert str(caught.value) == said
