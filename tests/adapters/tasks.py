"""A command of a deploy, for whoever runs it."""

import uuid
from datetime import timedelta

from runbooks.steps.command import Task
from sandbox.service import manifests


def task(*argv: str, version: str = "v41", timeout: float = 60, **env: str) -> Task:
    """The tests of D-107, under a name that no other has."""
    return Task(
        name=f"opsbot-d-107-tests-{uuid.uuid4().hex[:8]}",
        cluster="main",
        image=f"{manifests.IMAGE}:{version}",
        argv=argv,
        env=env,
        timeout=timedelta(seconds=timeout),
        run="D-107",
        step="tests",
        epoch=7,
    )
