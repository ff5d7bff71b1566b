"""What the words after `/deploy` mean, and what is said to words that mean nothing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commands.deploy import Misread, parse
from runbooks.catalogue import Catalogue
from runbooks.engine import asks
from tests.engine.world import CATALOGUE

KNOWN = Catalogue.model_validate(CATALOGUE)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("api v42", asks.Deploy("api", "v42")),
        ("api v42 production", asks.Deploy("api", "v42", "production")),
        ("abort d-107", asks.Abort("D-107")),
        ("lock api the market is open", asks.Lock("api", "", "the market is open")),
        ("lock api production the market is open", asks.Lock("api", "production", "the market is open")),
        ("unlock api production", asks.Unlock("api", "production", "")),
        ("unlock api", asks.Unlock("api", "", "")),
    ],
)
def test_words_are_understood(typed: str, meant: asks.Ask) -> None:
    assert parse(KNOWN, typed.split()) == meant


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("api", "Say which version"),
        ("apy", "Did you mean api"),
        ("statsu", "Did you mean `/deploy status`"),
        ("histroy api", "Did you mean `/deploy history`"),
        ("abort", "Say which run"),
        ("abort v42", "is no run"),
        ("lock apy the market is open", "Did you mean api"),
        ("lock api", "Say why"),
        ("lock", "Say which service"),
        ("lock api productoin disk is full", "Did you mean production"),
        ("unlock api prodution", "Did you mean production"),
        ("api v42 production now", "Not understood"),
    ],
)
def test_words_that_lack_something_get_a_sentence(typed: str, says: str) -> None:
    with pytest.raises(Misread, match=says):
        parse(KNOWN, typed.split())


@pytest.mark.parametrize(
    "typed",
    [
        "api v42 production now <!channel> <@URILEY> <#C1> `x` https://evil.example/a " + "x" * 500,
        "<!channel><@URILEY>`https://evil.example/" + "x" * 500,
        "lock <!channel><@URILEY>`https://evil.example/" + "x" * 500,
        "lock api prodution <!channel>",
        "abort <!channel><@URILEY>\u202e",
    ],
)
def test_what_was_typed_is_echoed_short_and_without_effect(typed: str) -> None:
    with pytest.raises(Misread) as misread:
        parse(KNOWN, typed.split())
    said = str(misread.value)
    assert len(said) < 240
    assert "\n" not in said
    assert said.count("`") % 2 == 0
    assert not any(live in said for live in ("<!", "<@", "<#", "://", "\u202e"))
    assert "Nothing was" in said


@given(st.lists(st.text(min_size=1, max_size=40), max_size=6))
def test_nothing_that_is_typed_gives_anything_else(words: list[str]) -> None:
    try:
        assert parse(KNOWN, words)
    except Misread:
        return
