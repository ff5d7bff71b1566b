"""A form that is over: it says what came of it, and can only be closed."""

from commands.views.blocks import Block, paragraphs

NOT_A_FORM = "This form is of an older kind and is not understood. Nothing was done; open it anew."


def notice(*lines: str, title: str = "Opsbot") -> Block:
    """The view that takes a form's place."""
    return {"type": "modal", "title": _plain(title), "close": _plain("Close"), "blocks": paragraphs(lines)}


def _plain(text: str) -> Block:
    return {"type": "plain_text", "text": text, "emoji": True}
