"""What is not configured as it was in the last known good, by names alone; and whose log is read first."""

from typing import Any

import pytest

from runbooks.redaction import HIDDEN
from runbooks.steps.kubernetes.config_changes import config_changes, config_maps_then_and_now
from runbooks.steps.kubernetes.config_hash import key_hashes
from runbooks.steps.kubernetes.suspecting import Wrote, to_read
from runbooks.suspects import Config
from runbooks.vocabulary import Json, KnownWorkload


def template(*sources: Json, env: list[Json] | None = None) -> Json:
    return {"spec": {"containers": [{"name": "web", "envFrom": list(sources), "env": env or []}]}}


def config_map(name: str) -> Json:
    return {"configMapRef": {"name": name}}


def secret(name: str) -> Json:
    return {"secretRef": {"name": name}}


def known(before: Json, **config_maps: Json) -> KnownWorkload:
    hashes = {name: key_hashes(data) for name, data in config_maps.items()}
    return KnownWorkload("web", "uid", before, {}, config_maps=hashes)


ENV = template(config_map("env"))


@pytest.mark.parametrize(
    ("was", "now", "maps", "expected"),
    [
        (known(ENV, env={"data": {"A": "1"}}), ENV, {"env": {"data": {"A": "1"}}}, ()),
        (
            known(ENV, env={"data": {"A": "1", "B": "2"}, "binaryData": {"C": "eA=="}}),
            ENV,
            {"env": {"data": {"A": "other", "D": "4"}, "binaryData": {"C": "eA=="}}},
            (Config("ConfigMap", "env", keys=("A", "B", "D")),),
        ),
        (known(ENV, env={"data": {"A": "1"}}), ENV, {"env": None}, (Config("ConfigMap", "env", "is gone"),)),
        (known(ENV, env={}), ENV, {"env": None}, ()),
        (known(template()), ENV, {"env": {}}, (Config("ConfigMap", "env", "is referred to since"),)),
        (
            known(ENV, env={"data": {"A": "1"}}),
            template(),
            {"env": {}},
            (Config("ConfigMap", "env", "is not referred to any more"),),
        ),
        (
            known(template(secret("old"), secret("same"))),
            template(secret("same"), secret("new")),
            {},
            (
                Config("Secret", "new", "is referred to since"),
                Config("Secret", "old", "is not referred to any more"),
            ),
        ),
        (
            known(template(env=[{"name": "A", "value": "1"}, {"name": "B", "value": "2"}])),
            template(env=[{"name": "A", "value": "2"}, {"name": "C", "value": "3"}]),
            {},
            (Config("environment of container", "web", keys=("A", "B", "C")),),
        ),
        (
            known(template(env=[{"name": "TOKEN", "value": HIDDEN}])),
            template(env=[{"name": "TOKEN", "value": "made-up"}]),
            {},
            (),
        ),
        (
            known(template(env=[{"name": "TOKEN", "value": HIDDEN}])),
            template(),
            {},
            (Config("environment of container", "web", keys=("TOKEN",)),),
        ),
    ],
)
def test_what_differs_is_named(
    was: KnownWorkload, now: Json, maps: dict[str, Json | None], expected: tuple[Config, ...]
) -> None:
    assert config_changes(was, now, maps) == expected


def test_no_value_is_ever_told() -> None:
    was = known(template(env=[{"name": "A", "value": "before"}]), env={"data": {"B": "before"}})
    now = template(config_map("env"), env=[{"name": "A", "value": "after"}])
    found = config_changes(was, now, {"env": {"data": {"B": "after"}}})
    assert len(found) == 2
    assert "before" not in str(found)
    assert "after" not in str(found)


def test_the_config_maps_of_both_times_are_read() -> None:
    assert config_maps_then_and_now(known(template(), gone={}), ENV) == ("env", "gone")


def pod(name: str, *, ready: bool = False, initial: Json | None = None, **state: Any) -> Json:
    status: Json = {"containerStatuses": [{"name": "web", **state}]}
    if initial:
        status["initContainerStatuses"] = [{"name": "first", "state": initial}]
    status["conditions"] = [{"type": "Ready", "status": "True" if ready else "False"}]
    return {"metadata": {"name": name}, "status": status}


def ended(at: str, code: int = 1) -> Json:
    return {"terminated": {"exitCode": code, "finishedAt": f"2026-11-24T10:00:{at}Z"}}


WAITS: Json = {"waiting": {"reason": "CrashLoopBackOff"}}
RUNS: Json = {"running": {}}


@pytest.mark.parametrize(
    ("pods", "expected"),
    [
        ([], None),
        ([pod("a", state={"waiting": {"reason": "ImagePullBackOff"}})], None),
        (
            [pod("a", state=WAITS, lastState=ended("09")), pod("b", state=WAITS, lastState=ended("03"))],
            Wrote("b", "web", crashed=True, previous=True),
        ),
        (
            [pod("a", state=RUNS, ready=True), pod("b", state=ended("03"))],
            Wrote("b", "web", crashed=True, previous=False),
        ),
        ([pod("a", initial=ended("01"), state=WAITS)], Wrote("a", "first", crashed=True, previous=False)),
        ([pod("a", initial=ended("01", 0), state=RUNS)], Wrote("a", "web")),
        ([pod("a", state=RUNS, ready=True), pod("b", state=RUNS)], Wrote("b", "web")),
        ([pod("a", state=RUNS, ready=True)], Wrote("a", "web")),
    ],
)
def test_the_first_that_crashed_is_read_else_one_that_is_not_ready(pods: list[Json], expected: Wrote | None) -> None:
    assert to_read(pods) == expected
