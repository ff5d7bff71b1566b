"""What is Opsbot's own, broken: its settings, its database, its workspace, its files."""

from datetime import timedelta

from tests.doctor import breaking as by
from tests.doctor.table import DEPLOYMENT, NO_DATABASE, PLACE, row
from tests.doctor.world import NAME

DATABASE_URL = "OPSBOT_DATABASE_URL"

SETTINGS = [
    row("no database is named", by.variable(DATABASE_URL), f"settings · {DATABASE_URL}", "it is not set", ".env.ex"),
    row(
        "no bot token is named",
        by.variable("SLACK_BOT_TOKEN"),
        "settings · SLACK_BOT_TOKEN|slack · bot token",
        "it is not set",
        ".env.example",
    ),
    row(
        "no app token is named",
        by.variable("SLACK_APP_TOKEN"),
        "settings · SLACK_APP_TOKEN|slack · app token",
        "it is not set",
        ".env.example",
    ),
    row(
        "no kubeconfig is named",
        by.variable("MAIN_KUBECONFIG"),
        "settings · MAIN_KUBECONFIG|cluster main · api",
        "it is not set",
        "set it",
    ),
    row(
        "no database of the service is named",
        by.variable("API_DATABASE_URL"),
        f"settings · API_DATABASE_URL|database of {PLACE} · role|rehearsal of {PLACE} · *",
        "it is not set",
        "set it",
    ),
    row(
        "no token of CI is named",
        by.variable("CI_TOKEN"),
        f"settings · CI_TOKEN|ci · verdicts on {NAME}",
        "it is not set",
        "set it",
    ),
    row(
        "a rehearsal server's variable that is not set",
        by.variable("REHEARSAL_URL"),
        f"settings · REHEARSAL_URL|rehearsal of {PLACE} · server",
        "it is not set",
        "set it",
    ),
    row(
        "no address of Prometheus is named",
        by.variable("PROMETHEUS_URL"),
        f"settings · PROMETHEUS_URL|kpis of {PLACE} · errors",
        "it is not set",
        "set it",
    ),
    row(
        "a port is none",
        by.variable("OPSBOT_HEALTH_PORT", "high"),
        "settings · OPSBOT_HEALTH_PORT",
        "valid integer",
        ".env.example",
    ),
    row(
        "an unknown key in the catalogue",
        by.place(rolers_back=[]),
        "catalogue · *",
        "unknown key `rolers-back`",
        "did you mean `rollers-back`?",
    ),
    row(
        "an unknown step in a runbook",
        by.file("shelf/extra.md", "# One\n\n- [ ] Run\n  ```step\n  uses: anounce\n  ```\n"),
        "runbooks · *",
        "there is no step `anounce`",
        "did you mean `announce`?",
    ),
]

DATABASE = [
    row("no server", by.variable(DATABASE_URL, NO_DATABASE), "database · server", "no database at", DATABASE_URL),
    row(
        "no tables",
        by.variable(DATABASE_URL, lambda world: world.variables[DATABASE_URL].replace("_store", "_empty")),
        "database · migrations",
        "the database lacks 001_store.sql",
        "opsbot migrate",
    ),
    row(
        "an older schema",
        by.statement(
            "store",
            "update schema_migrations set number = 1000 + number where number > 5",
            "update schema_migrations set number = number - 1000 where number > 1000",
        ),
        "database · migrations",
        "the database lacks 0",
        "opsbot migrate",
    ),
    row(
        "the owner as the bot's role",
        by.variable(DATABASE_URL, lambda world: world.url("store")),
        "database · role",
        "may change or delete events",
        "the bot's own user",
    ),
    row(
        "a right to delete what is recorded",
        by.statement("store", "grant delete on events to opsbot_bot", "revoke delete on events from opsbot_bot"),
        "database · role",
        "may change or delete events",
        "the bot's own user",
    ),
    row(
        "a privilege that is missing",
        by.statement("store", "revoke insert on events from opsbot_bot", "grant insert on events to opsbot_bot"),
        "database · privileges",
        "may not do all of the bot's work",
        "grant insert on events to opsbot_bot;",
    ),
    row(
        "a privilege too many",
        by.statement("store", "grant delete on messages to opsbot_bot", "revoke delete on messages from opsbot_bot"),
        "database · privileges",
        "may change more",
        "revoke delete on messages from",
    ),
    row("a pooler that passes no notifications", by.deaf, "database · notifications", "hears nothing", "pooler"),
    row(
        "a database whose clock is ahead",
        by.statement("store", by.AHEAD, "drop schema ahead cascade"),
        "database · clock",
        "s ahead of this host's",
        "NTP",
    ),
    row(
        "a restored database behind a Deployment",
        by.epochs("41"),
        f"database · epochs of {PLACE}",
        "at epoch 40, and Deployment",
        f"opsbot adopt {PLACE}",
    ),
    row(
        "a restored database behind a schema",
        by.statement("service", "update opsbot.fence set epoch = 41", "update opsbot.fence set epoch = 0"),
        f"database · epochs of {PLACE}",
        "at epoch 40, and The database API_DATABASE_URL",
        f"opsbot adopt {PLACE}",
    ),
    row(
        "an epoch that is no number",
        by.epochs("soon"),
        f"database · epochs of {PLACE}|{DEPLOYMENT}",
        "that is no number",
        "do that",
    ),
]

SLACK = [
    row("Slack is away", by.outage, "slack · bot token|slack · app token", "Slack did not answer", "SLACK_API_URL"),
    row(
        "a wrong bot token",
        by.variable("SLACK_BOT_TOKEN", "xoxb-another"),
        "slack · bot token",
        "invalid_auth",
        "SLACK_BOT_TOKEN",
    ),
    row(
        "tokens that are mixed up",
        by.variable("SLACK_BOT_TOKEN", "xapp-mixed-up"),
        "slack · bot token",
        "no token of a bot",
        "SLACK_BOT_TOKEN",
    ),
    row(
        "a wrong app token",
        by.variable("SLACK_APP_TOKEN", "xapp-another"),
        "slack · app token",
        "invalid_auth",
        "connections:write",
    ),
    row(
        "an app token that is a bot's",
        by.variable("SLACK_APP_TOKEN", "xoxb-mixed-up"),
        "slack · app token",
        "no token of an app",
        "connections:write",
    ),
    row(
        "a scope that is missing",
        by.scopes(lambda had: tuple(each for each in had if each != "pins:write")),
        "slack · scopes",
        "lacks pins:write",
        "slack-manifest.yaml",
    ),
    row(
        "a scope too many",
        by.scopes(lambda had: (*had, "admin.users:write")),
        "slack · scopes",
        "more than it needs: admin.users:write",
        "slack-manifest.yaml",
    ),
    row("a clock that is behind", by.clock(timedelta(minutes=5)), "slack · clock", "behind Slack's", "NTP"),
    row("a clock that is ahead", by.clock(timedelta(minutes=-5)), "slack · clock", "ahead of Slack's", "NTP"),
    row(
        "a channel that is not there",
        by.place(channels={"deploys": "C0GONE"}),
        "slack · channel C0*",
        "sees no such channel",
        "environments.production.channels.deploys",
    ),
    row(
        "a channel that stakeholders have and Slack has not",
        by.place(stakeholders={"channels": ["C0GONE"]}),
        "slack · channel C0*",
        "stakeholders.channels names it",
        "/invite @opsbot",
    ),
    row(
        "an archived channel",
        by.channel("archive", "unarchive"),
        "slack · channel C0INCIDENTS",
        "#incidents is archived",
        "unarchive it",
    ),
    row(
        "a channel without the bot",
        by.channel("leave", "join"),
        "slack · channel C0INCIDENTS",
        "the bot is not in #incidents",
        "/invite @opsbot",
    ),
    row(
        "a user group that is not there",
        by.group("sre", slack="S0GONE"),
        "slack · group sre",
        "no_such_subteam",
        "user group's id",
    ),
    row("an empty user group", by.empty_group, "slack · group sre", "denies everybody", "put people into it"),
    row("a group of nobody", by.group("on-call"), "slack · group on-call", "denies everybody", "name a user"),
    row(
        "a group with somebody who left",
        by.group("on-call", members=["U0ALEX", "U0GONE"]),
        "slack · group on-call",
        "Slack has no active U0GONE",
        "out of the catalogue",
    ),
    row(
        "a stakeholder who left",
        by.place(stakeholders={"people": ["U0SAM", "U0GONE"]}),
        f"slack · stakeholders of {PLACE}",
        "Slack has no active U0GONE",
        "out of the catalogue",
    ),
    row(
        "an author who left",
        by.author("gone@api.example", "U0GONE"),
        "slack · people",
        "Slack has no active U0GONE",
        "take them out",
    ),
]

FILES = [
    row(
        "a state folder that can't be written to",
        by.variable("OPSBOT_STATE_FOLDER", "/proc/none"),
        "files · OPSBOT_STATE_FOLDER",
        "can't be written to",
        "may write to",
    ),
    row(
        "a record's folder that can't be written to",
        by.place(last_known_good={"file": "/proc/none/lkg.json"}),
        f"files · last known good of {PLACE}",
        "can't be written to",
        "may write to",
    ),
    row(
        "a record's branch that is not there",
        by.place(last_known_good={"git": {"branch": "gone"}}),
        f"last known good of {PLACE} · last-known-good.json on branch gone",
        "has no branch gone",
        "another place",
    ),
    row(
        "a record's repository that is not there",
        by.place(last_known_good={"git": {"repository": "/nowhere/records"}}),
        f"last known good of {PLACE} · last-known-good.json on branch main",
        "did not answer",
        "`git ls-remote`",
    ),
]
OWN = [*SETTINGS, *DATABASE, *SLACK, *FILES]
