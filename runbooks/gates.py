"""The four gates of tenant onboarding, and what a tenant's code looks like."""

import re
from enum import StrEnum

LONGEST = 63  # characters of a code

CODE = "[a-z0-9][a-z0-9_-]{1,62}"
"""What a tenant's code looks like, as a regular expression of the whole of it."""


class Gate(StrEnum):
    """All four must be passed, on one release, before a tenant goes live (Operations branch, router checklist)."""

    RLS_HARNESS = "rls-harness"
    DETERMINISM_PROOF = "determinism-proof"
    GOLDEN_PATH = "golden-path"
    INTEGRATIONS_CONTRACT = "integrations-contract"

    @property
    def called(self) -> str:
        """As the checklist calls it."""
        return _TITLES[self]


_TITLES = {
    Gate.RLS_HARNESS: "RLS harness",
    Gate.DETERMINISM_PROOF: "Determinism proof",
    Gate.GOLDEN_PATH: "Golden path E2E",
    Gate.INTEGRATIONS_CONTRACT: "Integrations contract",
}


def is_code(text: str) -> bool:
    """Whether it can be a tenant's code: never a path, nor anything that a shell or a database reads as more."""
    return re.fullmatch(CODE, text) is not None


def stream_of(service: str, environment: str, code: str) -> str:
    """The stream of a tenant of a service in an environment."""
    return f"tenant/{service}/{environment}/{code}"
