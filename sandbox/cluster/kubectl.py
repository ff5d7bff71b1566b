"""kubectl, as one user, in one control plane."""

import json
import os
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_SECONDS = 60


class KubectlFailed(Exception):
    """kubectl ended with an error; the message is what it said."""


@dataclass(frozen=True)
class Kubectl:
    """kubectl as one user: called like a function with its arguments."""

    program: Path
    kubeconfig: Path
    options: tuple[str, ...] = ()  # given with every call

    def __call__(self, *arguments: str, stdin: str = "") -> str:
        """What kubectl printed; KubectlFailed if it ended with an error."""
        place = ["--kubeconfig", str(self.kubeconfig), "--cache-dir", str(self.kubeconfig.parent / "kubectl")]
        result = subprocess.run(
            [str(self.program), *place, *self.options, *arguments],
            input=stdin,
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=False,
            env={**os.environ, "KUBERC": "off"},
        )
        if result.returncode:
            raise KubectlFailed(f"kubectl {' '.join(arguments)}: {result.stderr.strip()}")
        return result.stdout

    def json(self, *arguments: str) -> Any:
        """The answer of a `get`, read."""
        return json.loads(self(*arguments, "--output=json"))

    def apply(self, objects: Sequence[dict[str, Any]]) -> None:
        """Make the objects, or make those that exist like them."""
        self("apply", "--filename=-", stdin=json.dumps({"apiVersion": "v1", "kind": "List", "items": list(objects)}))
