"""A form that is over: it says what came of it, and can only be closed."""

from commands.views.blocks import Block, paragraphs, plain

NOT_A_FORM = "This form is of an older kind and is not understood. Nothing was done; open it anew."


def notice(*lines: str, title: str = "Opsbot") -> Block:
    """The view that takes a form's place."""
    return {"type": "modal", "title": plain(title), "close": plain("Close"), "blocks": paragraphs(lines)}
