"""What is kept of a release and compared later: configuration hashes, drift, images, and the file people read."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from bot.adapters.lkg_file import write_lkg
from runbooks.releases.lkg_file import NotKept, lkg_json
from runbooks.steps.kubernetes.config_hash import config_hash, config_maps_of, drift, key_hashes
from runbooks.steps.kubernetes.known_good import running_images
from runbooks.steps.lkg_update import all_tests_passed, health_was_seen
from runbooks.vocabulary import Json, KnownGood
from tests.steps.clusters import pod, settled, template

DIGEST = "sha256:" + "c0ffee" * 10 + "beef"


def container(**fields: Any) -> Json:
    return {"name": "api", "image": "registry.example/api:v42", **fields}


def with_containers(*containers: Json, **spec: Any) -> Json:
    return {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": list(containers), **spec}}


# ---------------------------------------------------------------- configuration


def test_every_way_to_refer_to_a_config_map_is_found() -> None:
    found = with_containers(
        container(
            envFrom=[{"configMapRef": {"name": "c-env-from"}}, {"secretRef": {"name": "a-secret"}}],
            env=[
                {"name": "A", "valueFrom": {"configMapKeyRef": {"name": "b-env", "key": "A"}}},
                {"name": "B", "value": "plain"},
                {"name": "C", "valueFrom": {"secretKeyRef": {"name": "a-secret", "key": "C"}}},
            ],
        ),
        initContainers=[container(name="prepare", envFrom=[{"configMapRef": {"name": "a-init"}}])],
        volumes=[
            {"name": "one", "configMap": {"name": "d-volume"}},
            {"name": "two", "projected": {"sources": [{"configMap": {"name": "e-projected"}}, {"secret": {}}]}},
            {"name": "three", "emptyDir": {}},
        ],
    )
    assert config_maps_of(found) == ("a-init", "b-env", "c-env-from", "d-volume", "e-projected")


def test_the_hash_is_the_same_for_another_image_and_for_other_order_of_keys() -> None:
    first = config_hash({"web": with_containers(container())}, {"env": {"data": {"A": "1", "B": "2"}}})
    other = {"image": "registry.example/api:v44", "name": "api"}
    second = config_hash({"web": with_containers(other)}, {"env": {"data": {"B": "2", "A": "1"}}})
    assert first == second
    assert first.startswith("sha256:")
    assert len(first) == len("sha256:") + 64


@pytest.mark.parametrize(
    ("changed", "maps"),
    [
        (with_containers(container(env=[{"name": "A", "value": "2"}])), {"env": {"data": {"A": "1"}}}),
        (with_containers(container(env=[{"name": "A", "value": "1"}])), {"env": {"data": {"A": "2"}}}),
        (with_containers(container(env=[{"name": "A", "value": "1"}])), {"env": None}),
        (with_containers(container(env=[{"name": "A", "value": "1"}]), nodeName="x"), {"env": {"data": {"A": "1"}}}),
    ],
)
def test_the_hash_is_another_when_anything_else_changed(changed: Json, maps: dict[str, Json | None]) -> None:
    before = config_hash(
        {"web": with_containers(container(env=[{"name": "A", "value": "1"}]))}, {"env": {"data": {"A": "1"}}}
    )
    assert config_hash({"web": changed}, maps) != before


def test_drift_counts_keys_that_changed_came_and_went() -> None:
    before = {"env": key_hashes({"data": {"KEPT": "1", "CHANGED": "1", "GONE": "1"}, "binaryData": {"FILE": "AA=="}})}
    now = {"env": {"data": {"KEPT": "1", "CHANGED": "2", "NEW": "1"}, "binaryData": {"FILE": "AA=="}}}
    assert drift(before, now) == ("ConfigMap env changed since (3 keys)",)
    assert drift(
        before, {"env": {"data": {"KEPT": "1", "CHANGED": "1", "GONE": "1"}, "binaryData": {"FILE": "BB=="}}}
    ) == ("ConfigMap env changed since (1 key)",)


def test_no_drift_says_nothing() -> None:
    data = {"data": {"A": "1"}}
    assert drift({"env": key_hashes(data)}, {"env": data}) == ()
    assert drift({"never-there": key_hashes(None)}, {"never-there": None}) == ()
    assert drift({"env": key_hashes(data)}, {"env": None}) == ("ConfigMap env is gone",)


def test_no_value_is_kept() -> None:
    assert "hunter2-made-up" not in json.dumps(key_hashes({"data": {"A": "hunter2-made-up"}}))


# ---------------------------------------------------------------- images


def running(*image_ids: str, image: str = "registry.example:5000/team/api:v42") -> dict[str, str]:
    seen = settled()
    pods = tuple(pod(str(n), ready=True, imageID=found) for n, found in enumerate(image_ids))
    raw = {**seen.deployment, "spec": {**seen.deployment["spec"], "template": template(image)}}
    ours = {**seen.replica_sets[0], "spec": {"template": template(image)}}
    return running_images(replace(seen, deployment=raw, replica_sets=(ours,), pods=pods))


def test_an_image_is_named_by_the_digest_that_all_pods_run() -> None:
    reported = f"registry.example:5000/team/api@{DIGEST}"
    assert running(reported, f"docker-pullable://{reported}") == {"api": reported}


@pytest.mark.parametrize(
    "ids",
    [
        (),  # no pod
        ("",),  # not started yet
        (DIGEST,),  # a node's own id, which nobody can pull
        (f"registry.example/api@{DIGEST}", f"registry.example/api@{DIGEST[:-1]}0"),  # a tag that moved in between
    ],
)
def test_an_image_keeps_its_tag_where_no_digest_is_known(ids: tuple[str, ...]) -> None:
    assert running(*ids) == {"api": "registry.example:5000/team/api:v42"}


def test_an_image_that_is_asked_for_by_digest_stays_so() -> None:
    asked = f"registry.example/api@{DIGEST}"
    assert running(f"registry.example/api@{DIGEST}", image=asked) == {"api": asked}


# ---------------------------------------------------------------- tests and health


def test_tests_passed_only_where_some_ran_and_all_were_green() -> None:
    green = {"tests": True, "exit_code": 0}
    assert all_tests_passed({"tests": green, "lint": {"tests": False, "exit_code": 1}})
    assert not all_tests_passed({})
    assert not all_tests_passed({"smoke": {"tests": False, "exit_code": 0}})
    assert not all_tests_passed({"tests": green, "more": {"tests": True, "exit_code": 1}})
    assert not all_tests_passed({"tests": {"tests": True, "exit_code": None}})


def test_health_was_seen_only_where_paths_passed() -> None:
    assert health_was_seen({"health": {"paths": ["/health/ready"], "passes": 5}})
    assert not health_was_seen({"health": {"path": "/health/ready", "passes": 2}})
    assert not health_was_seen({})


# ---------------------------------------------------------------- the file

KNOWN = KnownGood(
    run="D-107",
    version="v42",
    commit="a8005c2" + "0" * 33,
    workloads=(),
    migrations_version="023_policy_profiles",
    config_hash="sha256:abc123",
    at=datetime(2026, 1, 7, 10, 30, tzinfo=UTC),
    all_tests_pass=True,
    health_status="healthy",
)


def test_the_file_has_exactly_its_six_keys_in_their_formats() -> None:
    assert lkg_json(KNOWN) == (
        "{\n"
        '  "git_sha": "a8005c2",\n'
        '  "migrations_version": "023_policy_profiles",\n'
        '  "config_hash": "sha256:abc123",\n'
        '  "timestamp": "2026-01-07T10:30:00Z",\n'
        '  "all_tests_pass": true,\n'
        '  "health_status": "healthy"\n'
        "}\n"
    )


def test_a_time_of_another_zone_is_told_in_utc() -> None:
    there = KNOWN.at.astimezone(timezone(timedelta(hours=2)))
    assert lkg_json(replace(KNOWN, at=there)) == lkg_json(KNOWN)


def test_the_file_is_replaced_whole_and_nothing_is_left_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "state" / "last-known-good.json"
    write_lkg(path, lkg_json(replace(KNOWN, version="v41", commit="3f2c1d9" + "0" * 33)))
    before = path.open(encoding="utf-8")
    write_lkg(path, lkg_json(KNOWN))
    with before:
        assert json.load(before)["git_sha"] == "3f2c1d9"  # who had it open reads the old one to its end
    assert path.read_text() == lkg_json(KNOWN)
    assert [p.name for p in path.parent.iterdir()] == ["last-known-good.json"]
    assert path.stat().st_mode & 0o777 == 0o644


def test_a_file_that_holds_it_already_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "last-known-good.json"
    write_lkg(path, lkg_json(KNOWN))
    before = path.stat()
    write_lkg(path, lkg_json(KNOWN))
    assert (path.stat().st_ino, path.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_a_file_that_can_not_be_replaced_leaves_nothing_behind(tmp_path: Path) -> None:
    path = tmp_path / "last-known-good.json"
    path.mkdir()
    with pytest.raises(NotKept, match=r"last-known-good\.json can't be written \(Is a directory\)"):
        write_lkg(path, lkg_json(KNOWN))
    assert [p.name for p in tmp_path.iterdir()] == ["last-known-good.json"]
