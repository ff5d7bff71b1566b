"""What people typed, shown back to them: on one line, short, and without effect in Slack."""

from commands.views import words

SHORT = 60  # characters

_JOINER = "\u2060"  # invisible; an address that it stands in is not made a link


def typed(text: str, limit: int = SHORT) -> str:
    """Typed text for a sentence: no mention, link or code in it is live, and nothing in it is invisible."""
    return words.line(visible(text).replace("`", "'"), limit).replace("://", f":{_JOINER}//")


def words_of(text: str) -> list[str]:
    """The words of a command, without what can't be seen, such as control characters."""
    return visible(text).split()


def visible(text: str) -> str:
    """The text, lines and all, without what can't be seen; what is left can be stored."""
    return "".join(c for c in text if c.isprintable() or c.isspace())
