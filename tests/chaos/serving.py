"""`opsbot serve` as it is, but that Slack's budgets are larger: of edits, a workspace takes only 50 a minute."""

import os
import sys
from collections.abc import Mapping

from bot import cli
from bot.adapters.slack import gate
from bot.adapters.slack.budgets import Limit, spends

BUDGETS = "CHAOS_SLACK_BUDGETS"
"""The variable that says how many times larger they are."""


def main() -> int:
    """Serve."""
    times = int(os.environ[BUDGETS])

    def larger(method: str, channel: str = "") -> Mapping[str, Limit]:
        return {
            name: Limit(limit.at_once * times, limit.every / times) for name, limit in spends(method, channel).items()
        }

    gate.spends = larger
    return cli.main(["serve"])


if __name__ == "__main__":
    sys.exit(main())
