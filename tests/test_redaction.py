"""Secrets are taken out of text, by their shape or because they are known; other text stays."""

import base64
import json
import re
import time
from datetime import UTC, datetime
from hashlib import sha256
from urllib.parse import quote

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from runbooks.redaction import HIDDEN, Redactor
from runbooks.vocabulary import Done, Failed, InDoubt, Outcome, Pending, Waiting

CANARY = "canary-9f/2 value"
ADDRESS = "postgresql://bot:p%40ss-of-canary@db.example/app"
PEM = (
    "-----BEGIN EC PRIVATE KEY-----\nMHcCAQEEIIrYSSNQFaA2Hwf1duRSxKtLYX5\nAoGCCqGSM49==\n-----END EC PRIVATE KEY-----"
)

SHAPES = {
    "a Slack bot token": "xoxb" + "-1234567890-abcdefABCDEF",
    "a Slack app token": "xapp" + "-1-A0123456789-abcdef0123",
    "a rotated Slack token": "xoxe" + ".xoxp-1-abcdefghijkl",
    "a GitHub token": "ghp" + "_" + "a1B2" * 9,
    "a fine-grained GitHub token": "github" + "_pat_" + "a1B2_" * 9,
    "a GitLab token": "glpat" + "-" + "a1B2" * 5,
    "an AWS key": "AKIA" + "ABCDEFGHIJKLMNOP",
    "a JSON Web Token": "eyJhbGciOiJIUzI1NiJ9" + ".eyJzdWIiOiIxIn0.abc-DEF_123",
    "a private key": PEM,
}
KEPT = {
    "password=hunter2": "password=§",
    "DB_PASSWORD: 'two words' and": "DB_PASSWORD: § and",
    'x {"apiKey": "abc", "user": "me"}': 'x {"apiKey": §, "user": "me"}',
    r'"{\"token\": \"abc\"}"': r'"{\"token\": §}"',
    "host=db password=a,b;c)d user=me": "host=db password=§ user=me",
    "Connection(secret=abc, user=me)": "Connection(secret=§, user=me)",
    "GET /x?access_token=abc&user=me": "GET /x?access_token=§&user=me",
    'password="cut off': "password=§",
    "psql --db-password hunter2 --host db": "psql --db-password § --host db",
    "to postgresql://bot:a@b@db.example/app?x=1": "to postgresql://bot:§@db.example/app?x=1",
    "fatal: at 'https://made-up-of-a-token@git.example/app'": "fatal: at 'https://§@git.example/app'",
    "SMTP_PASS=hunter2 SMTP_USER=me": "SMTP_PASS=§ SMTP_USER=me",
    "Authorization: Bearer abc.def": "Authorization: Bearer §",
    "authorization=s3cretvalue": "authorization=§",
    "curl -H 'Basic dXNlcjpwYXNz' x": "curl -H 'Basic §' x",
    "Set-Cookie: sid=abc; Path=/\nnext": "Set-Cookie: §\nnext",
    "post to https://hooks.slack.com/services/T0/B0/abc now": "post to https://hooks.slack.com/services/§ now",
    f"before {PEM} after": "before § after",
    f"before\n{PEM[:60]}": "before\n§",
    f"{PEM[40:]}\nafter": "§\nafter",
    json.dumps({"key": PEM}): '{"key": "§"}',
}
HARMLESS = [
    "invalid token: expired at ten",
    "the password is wrong; 3 tokens left",
    "PWD=/app OLDPWD=/",
    "password=null, token: None",
    '"secret": {"name": "web-tls"}',
    "Bearer authentication failed, Basic Authentication wanted",
    "http://127.0.0.1:8000/health?mail=a@example.com",
    "sha256:0a1b2c3d4e5f60718293a4b5c6d7e8f90a1b2c3d4e5f60718293a4b5c6d7e8f9",
    "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----",
    "412 passed, 0 failed in 3.21s",
    "ssh://git@git.example/app and http://a.example/x?mail=me@example.com",
    "3 pass: all of them",
]


@pytest.fixture(scope="module")
def redactor() -> Redactor:
    return Redactor([CANARY, ADDRESS, "", "short"])


@pytest.mark.parametrize("secret", SHAPES.values(), ids=SHAPES.keys())
def test_what_has_a_secrets_shape_is_hidden(redactor: Redactor, secret: str) -> None:
    assert redactor.text(f"it said {secret}, then stopped") == f"it said {HIDDEN}, then stopped"


@pytest.mark.parametrize(("text", "hidden"), KEPT.items())
def test_the_words_around_a_secret_stay(redactor: Redactor, text: str, hidden: str) -> None:
    assert redactor.text(text) == hidden.replace("§", HIDDEN)


@pytest.mark.parametrize("text", HARMLESS)
def test_text_without_a_secret_stays(redactor: Redactor, text: str) -> None:
    assert redactor.text(text) == text


@pytest.mark.parametrize(
    "form",
    [
        CANARY,
        quote(CANARY, safe=""),
        base64.b64encode(CANARY.encode()).decode(),
        ADDRESS,
        "p@ss-of-canary",
        "p%40ss-of-canary",
    ],
)
def test_a_known_value_is_hidden_in_each_of_its_forms(redactor: Redactor, form: str) -> None:
    assert redactor.text(f"<{form}>") == f"<{HIDDEN}>"


@pytest.mark.parametrize(
    ("configured", "alone"),
    [
        ("host=db.example user=bot password=canary-in-words dbname=app", "canary-in-words"),
        (r"user=bot password = 'canary \'in\' quotes'", "canary 'in' quotes"),
        ("https://canary-that-is-no-name@git.example/app.git", "canary-that-is-no-name"),
    ],
)
def test_what_an_address_keeps_secret_is_hidden_where_it_stands_alone(configured: str, alone: str) -> None:
    assert Redactor([configured]).text(f"<{alone}>") == f"<{HIDDEN}>"


@pytest.mark.parametrize("user", ["", "u", "me", "bot", "user:"])
def test_what_is_coded_together_with_something_else_is_hidden(redactor: Redactor, user: str) -> None:
    """As in a header, `user:password`: its letters are others wherever it begins."""
    coded = base64.b64encode(f"{user}:{CANARY}:after".encode()).decode()
    assert redactor.text(coded) != coded
    assert len(redactor.text(coded).replace(HIDDEN, "")) < len(coded) / 2
    assert HIDDEN in redactor.text(base64.urlsafe_b64encode(CANARY.encode()).decode().rstrip("="))


def test_each_line_of_a_known_value_is_hidden() -> None:
    key = "first line of it is long\nsecond line of it too\nend"
    assert Redactor([key]).text("> second line of it too\n> end") == f"> {HIDDEN}\n> end"


def test_nothing_known_hides_nothing() -> None:
    assert Redactor().text("plain") == "plain"


@given(before=st.text("abc ,.\n", max_size=30), after=st.text("abc ,.\n", max_size=30), times=st.integers(1, 4))
def test_a_known_value_never_survives_and_nothing_else_goes(before: str, after: str, times: int) -> None:
    text = (before + CANARY + after) * times
    assert Redactor([CANARY]).text(text) == text.replace(CANARY, HIDDEN)


@given(st.text("abcdefgHIJ0123 .,;!?()[]{}<>/*+\n", max_size=400))
def test_ordinary_text_is_never_touched(text: str) -> None:
    assert Redactor([CANARY]).text(text) == text


@given(st.lists(st.sampled_from([*SHAPES.values(), *KEPT, *HARMLESS, CANARY]), max_size=8), st.sampled_from(" \n"))
def test_redacting_twice_is_redacting_once(pieces: list[str], between: str) -> None:
    once = Redactor([CANARY]).text(between.join(pieces))
    assert CANARY not in once
    assert Redactor([CANARY]).text(once) == once


def test_json_is_cleaned_all_the_way_down(redactor: Redactor) -> None:
    value = {
        "password": "hunter2",
        "token": {"job": "opsbot-d-107", "tries": 3},
        "lines": [f"a {CANARY}", None, True, 1.5],
        f"key {CANARY}": "",
        "secretName": "web-tls",
        "api_key": "",
    }
    assert redactor.json(value) == {
        "password": HIDDEN,
        "token": {"job": "opsbot-d-107", "tries": 3},
        "lines": [f"a {HIDDEN}", None, True, 1.5],
        f"key {HIDDEN}": "",
        "secretName": "web-tls",
        "api_key": "",
    }


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.sampled_from([CANARY, f"a {CANARY} b", "plain"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["a", "secret", CANARY]), inner),
    max_leaves=12,
)


@given(_JSON)
def test_no_json_lets_a_known_value_through(value: object) -> None:
    clean = Redactor([CANARY]).json(value)
    assert CANARY not in json.dumps(clean)
    assert type(clean) is type(value)


_AT = datetime(2026, 11, 24, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    "outcome",
    [
        Done(f"a {CANARY}", {"tail": [CANARY]}),
        Pending(_AT, f"a {CANARY}", {"at": CANARY}),
        Waiting(f"a {CANARY}", detail=CANARY),
        Failed(f"a {CANARY}", {"tail": CANARY}, finding="deploy-failed"),
        InDoubt(f"a {CANARY}"),
    ],
    ids=lambda outcome: outcome.kind,
)
def test_outcomes_keep_everything_but_the_secret(redactor: Redactor, outcome: Outcome) -> None:
    clean = redactor.outcome(outcome)
    assert type(clean) is type(outcome)
    assert str(clean) == str(outcome).replace(CANARY, HIDDEN)


_PATIENCE_SECONDS = 20  # of this process's own time; a pattern that is quadratic takes many minutes


@pytest.mark.parametrize(
    "piece", ["-", 'password: "', "://u:", "token=a,", "-----BEGIN PRIVATE KEY-----\n", "cookie: a=b;", "--a-", "eyJ"]
)
def test_a_megabyte_takes_no_long_time_whatever_it_is_made_of(redactor: Redactor, piece: str) -> None:
    before = time.process_time()
    redactor.text(piece * (1_000_000 // len(piece)))
    assert time.process_time() - before < _PATIENCE_SECONDS


def _made_up(number: int) -> str:
    return sha256(f"made up {number}".encode()).hexdigest()


def test_what_hundreds_of_services_bring_takes_hardly_longer_than_what_two_do() -> None:
    text = (
        "2026-11-27 12:00:00 postgresql://nobody@db.example collected tests/test_plans.py::test_one PASSED [12 %]\n"
        * 600
    )

    def seconds(services: int) -> float:
        redactor = Redactor(f"postgresql://svc{n}:{_made_up(n)}@db{n}.example/svc" for n in range(services))
        before = time.process_time()
        assert redactor.text(text) == text
        return time.process_time() - before

    assert min(seconds(400) for _ in range(3)) < 5 * seconds(2)


@given(values=st.lists(st.text("ab", min_size=5, max_size=9), max_size=12), text=st.text("ab", max_size=80))
@example(values=["aaaaaa", "aaaaaaaa"], text="b" + "a" * 15)
def test_of_known_values_that_overlap_the_first_goes_and_of_those_the_longest(values: list[str], text: str) -> None:
    known = sorted((value for value in values if len(value) > 5), key=len, reverse=True)
    hidden = re.sub("|".join(known) or "(?!)", HIDDEN, text)
    assert Redactor(known).text(text) == hidden
