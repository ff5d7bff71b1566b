"""The API server's audit log: who wrote what, told by the API server itself."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

_LOWEST_ERROR = 400


@dataclass(frozen=True)
class Write:
    """One request that wrote, or was refused (`code` is the HTTP status). A dry run stores nothing."""

    at: datetime
    user: str
    verb: str
    resource: str  # with its subresource, such as "deployments/scale"
    namespace: str
    name: str
    code: int
    dry_run: bool
    body: Any  # what was sent, of writes to Deployments and Jobs; a patch as it was made

    @property
    def effective(self) -> bool:
        """Accepted, and not a dry run."""
        return self.code < _LOWEST_ERROR and not self.dry_run


@dataclass(frozen=True)
class AuditLog:
    """The log of one control plane, from its first start on."""

    path: Path

    def writes(self, resource: str = "", *, namespace: str = "", user: str = "") -> list[Write]:
        """The writes so far, oldest first, only those of this resource, namespace, user where they are given."""
        wanted = {"resource": resource, "namespace": namespace, "user": user}
        given = {name: value for name, value in wanted.items() if value}
        return [write for write in self._all() if given.items() <= vars(write).items()]

    def _all(self) -> Iterator[Write]:
        with self.path.open() as lines:
            for line in lines:
                if line.endswith("\n"):  # else it is being written
                    yield _read(json.loads(line))


def _read(record: dict[str, Any]) -> Write:
    target = record.get("objectRef", {})
    parts = (target.get("resource", ""), target.get("subresource", ""))
    return Write(
        at=datetime.fromisoformat(record["stageTimestamp"]),
        user=record["user"]["username"],
        verb=record["verb"],
        resource="/".join(part for part in parts if part),
        namespace=target.get("namespace", ""),
        name=target.get("name", ""),
        code=record.get("responseStatus", {}).get("code", 0),
        dry_run="dryRun" in parse_qs(urlsplit(record["requestURI"]).query),
        body=record.get("requestObject"),
    )
