"""Dates and groups as a person reads them."""

from datetime import datetime, timedelta, timezone

import pytest

from sandbox.slack.drawing import drawn

NOW = datetime(2026, 11, 24, 10, 2, 3, tzinfo=timezone(timedelta(hours=1)))
SECONDS = int(NOW.timestamp())
DAY = 86_400


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("<!subteam^S1> and <!subteam^S2|@two>", "@sre and @S2"),
        ("<!here>, <!channel>", "@here, @channel"),
        (f"<!date^{SECONDS}^{{date_num}} {{time}}|then>", "2026-11-24 10:02"),
        (f"<!date^{SECONDS}^{{date_long}} {{time_secs}}|then>", "Tuesday, 24 November 2026 10:02:03"),
        (f"<!date^{SECONDS - 7300}^{{ago}}|then>", "2 hours ago"),
        (f"<!date^{SECONDS + 90}^{{ago}}^https://example.com|then>", "in 1 minute"),
        (f"<!date^{SECONDS - DAY}^{{date_short_pretty}}|then>", "yesterday"),
        (f"<!date^{SECONDS + DAY}^on {{date_pretty}}|then>", "on tomorrow"),
        (f"<!date^{SECONDS - 9 * DAY}^{{date_short_pretty}}|then>", "15 Nov 2026"),
        ("<!date^broken|then>", "<!date^broken|then>"),
        ("`psql x &lt; y &amp;&amp; z` &lt; 1", "`psql x < y && z` &lt; 1"),
        (r"one ` \n &lt; ` two", r"one ` \n &lt; ` two"),
    ],
)
def test_drawn(text: str, read: str) -> None:
    assert drawn(text, {"S1": "sre"}, NOW) == read
