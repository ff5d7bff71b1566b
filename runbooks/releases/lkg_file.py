"""The last known good as people and other tools read it: `last-known-good.json`, with exactly six keys. Pure."""

import json
from datetime import UTC

from runbooks.vocabulary import KnownGood

_SHORT = 7  # digits of a commit


class NotKept(Exception):
    """The text can't be written to a place; `sentence` says why, and what to do, and may be shown."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


def lkg_json(known: KnownGood) -> str:
    """The file's text, the same in every place."""
    return (
        json.dumps(
            {
                "git_sha": known.commit[:_SHORT],
                "migrations_version": known.migrations_version,
                "config_hash": known.config_hash,
                "timestamp": known.at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
                "all_tests_pass": known.all_tests_pass,
                "health_status": known.health_status,
            },
            indent=2,
        )
        + "\n"
    )
