"""Releases that were good, made up whole, as they come out of the store."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from runbooks.digests import digest_of
from runbooks.release_facts import AppliedMigration, KpiValue
from runbooks.vocabulary import Actor, Json, KnownGood, KnownWorkload

TEN = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
DIGEST = "sha256:" + "c0ffee" * 10 + "beef"


def template(version: str = "v41", *variables: Json) -> Json:
    """A pod template of one container; `variables` are its env."""
    container = {"name": "web", "image": f"registry.example/api:{version}", "env": list(variables)}
    return {"metadata": {"labels": {"app": "api"}}, "spec": {"containers": [container]}}


def workload(*, name: str = "api", held: Json | None = None, **fields: Any) -> KnownWorkload:
    """A Deployment as it ran."""
    made = held or template()
    return KnownWorkload(
        deployment=name,
        uid="d-1",
        template=made,
        images={"web": f"registry.example/api@{DIGEST}"},
        digest=digest_of(made),
        **fields,
    )


def good(version: str = "v41", **fields: Any) -> KnownGood:
    """A release with all that is kept of one."""
    made = KnownGood(
        run="D-90",
        version=version,
        commit="3f2c1d9" + "0" * 33,
        workloads=(workload(config_maps={"api-env": {"A": "0" * 64}}, secrets=("api-key",)),),
        migrations_version="023_policy_profiles",
        config_hash="sha256:abc123",
        at=TEN,
        all_tests_pass=True,
        health_status="healthy",
        ledger=(AppliedMigration(23, "023_policy_profiles.sql", "d" * 64),),
        kpis=(KpiValue("errors", "error rate", 0.2, 0.3, "%", 300.0),),
        approved_by=(Actor("T1/UALEX"),),
    )
    return replace(made, **fields)
