"""A known good release as a document that stands alone: canonical JSON, named by its SHA-256. Pure.

What holds its default is left out, so that the name of a bundle stays the same when a later Opsbot keeps more.
"""

import hashlib
import json
from dataclasses import dataclass, replace
from typing import Any

from pydantic import TypeAdapter, ValidationError

from runbooks.digests import canonical, digest_of
from runbooks.redaction import HIDDEN, Redactor
from runbooks.vocabulary import KnownGood, KnownWorkload

KIND, SCHEMA = "opsbot-known-good", 1
LARGEST = 8 << 20  # bytes
_KNOWN_GOOD = TypeAdapter(KnownGood)


class NotABundle(Exception):
    """The text is none, or is not whole; the message is a sentence that says why."""


@dataclass(frozen=True)
class Bundle:
    """One release of one place; `text` is all of it, without secrets that stood in a template in the clear."""

    service: str
    environment: str
    known_good: KnownGood
    text: str

    @property
    def digest(self) -> str:
        """SHA-256 of its text, hex: its name."""
        return hashlib.sha256(self.text.encode()).hexdigest()

    @property
    def incomplete(self) -> tuple[str, ...]:
        """The Deployments whose template is not whole in it, so that they can't be restored from it alone."""
        return tuple(each.deployment for each in self.known_good.workloads if not is_whole(each))


def is_whole(workload: KnownWorkload) -> bool:
    """Whether its template is the one that was read."""
    return not workload.digest or digest_of(workload.template) == workload.digest


def _is_clean(workload: KnownWorkload) -> bool:
    """Whether a secret was taken out of its template."""
    return HIDDEN in canonical(workload.template)


def bundle_of(service: str, environment: str, known: KnownGood, redactor: Redactor | None = None) -> Bundle:
    """The bundle of a release. What looks like a secret, and what the redactor knows, is no part of it."""
    clean = redactor or Redactor()
    kept = replace(known, workloads=tuple(_kept(each, clean) for each in known.workloads))
    return Bundle(service, environment, kept, _text(service, environment, kept))


def _kept(workload: KnownWorkload, redactor: Redactor) -> KnownWorkload:
    digest = workload.digest or digest_of(workload.template)
    return replace(workload, template=redactor.json(workload.template), digest=digest)


def _text(service: str, environment: str, known: KnownGood) -> str:
    return canonical(
        {
            "kind": KIND,
            "schema": SCHEMA,
            "service": service,
            "environment": environment,
            "known_good": _KNOWN_GOOD.dump_python(known, mode="json", exclude_defaults=True),
        }
    )


def read(data: bytes) -> Bundle:
    """The bundle that a file holds. Raises NotABundle."""
    document = _document(data)
    if document.get("schema") != SCHEMA:
        raise NotABundle(
            f"It has schema {document.get('schema')!r}, and this Opsbot reads {SCHEMA}: use a newer one."
        )
    try:
        known = _KNOWN_GOOD.validate_python(document["known_good"])
        bundle = Bundle(str(document["service"]), str(document["environment"]), known, data.decode())
    except (KeyError, ValidationError) as cause:
        raise NotABundle(f"It is not whole: {_lack(cause)}.") from cause
    if known.at.tzinfo is None:
        raise NotABundle("It is not whole: `known_good.at` has no time zone.")
    if bad := [each.deployment for each in known.workloads if not _is_template(each.template)]:
        raise NotABundle(f"It is not whole: the template of Deployment {bad[0]} is no pod template.")
    if edited := [each.deployment for each in known.workloads if not is_whole(each) and not _is_clean(each)]:
        raise NotABundle(f"The template of Deployment {edited[0]} is not the one that was recorded: it was edited.")
    if _text(bundle.service, bundle.environment, known) != bundle.text:
        raise NotABundle("It was edited, or written anew by another program: Opsbot would write it otherwise.")
    if bundle_of(bundle.service, bundle.environment, known) != bundle:
        raise NotABundle("It holds a secret in plain text, and Opsbot writes none: it was edited.")
    return bundle


def _is_template(template: Any) -> bool:
    spec = template.get("spec")
    containers = spec.get("containers") if isinstance(spec, dict) else None
    return isinstance(containers, list) and all(isinstance(one, dict) and one.get("name") for one in containers)


def _document(data: bytes) -> dict[str, Any]:
    if len(data) > LARGEST:
        raise NotABundle(f"It is larger than {LARGEST >> 20} MiB.")
    try:
        document = json.loads(data)
    except (ValueError, RecursionError) as cause:
        raise NotABundle("It is no JSON.") from cause
    if not isinstance(document, dict) or document.get("kind") != KIND:
        raise NotABundle("It is no bundle of a known good release.")
    return document


def _lack(cause: KeyError | ValidationError) -> str:
    if isinstance(cause, KeyError):
        return f"`{cause.args[0]}` is missing"
    fault = cause.errors(include_input=False, include_url=False)[0]
    return f"`{'.'.join(map(str, fault['loc']))}`: {fault['msg'][:1].lower()}{fault['msg'][1:]}"
