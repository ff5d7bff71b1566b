"""The form of `/deploy`: service, environment, version, and what would change; state in, a Slack view out."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from commands.views import words
from commands.views.blocks import Block, context, plain
from commands.views.notice import notice
from commands.views.sent import NotUnderstood, Sent
from runbooks.catalogue import Catalogue

SUBMITTED = "deploy-form"
SERVICE, ENVIRONMENT, KNOWN, TYPED = FIELDS = ("form-service", "form-environment", "form-known", "form-typed")
"""The fields' action ids; a block id is that, and for what depends on the service its name."""

MOST = 100  # options that a menu of Slack's takes, or a group of one; and groups
_HALF = 36  # characters of a name in a group's label
OTHER = "Another one: type it"  # in the menu of versions; nothing of git's is called that
_NAME = 75  # characters of an option


@dataclass(frozen=True)
class Chosen:
    """What the fields say so far; "" where they say nothing."""

    service: str = ""
    environment: str = ""
    known: str = ""
    typed: str = ""

    @property
    def types(self) -> bool:
        """Whether the version is one that is typed, as far as that is said."""
        return self.known == OTHER or (not self.known and bool(self.typed))

    @property
    def version(self) -> str:
        """What was chosen, else what was typed."""
        return self.typed if self.types else self.known


@dataclass(frozen=True)
class Seen:
    """What was read for it: the source's versions, newest first, and lines on what stands and what would change."""

    versions: Sequence[str] = ()
    lines: Sequence[str] = ("Reading which versions there are and what runs",)


def form(catalogue: Catalogue, chosen: Chosen, seen: Seen) -> Block:
    """The view. Where the service is not chosen yet, the environments of all are offered."""
    blocks = [
        _menu("Service", SERVICE, list(catalogue.services), at=chosen.service),
        *_environment(catalogue, chosen),
        *_version(chosen, seen),
        *_lines(seen),
    ]
    texts = {"title": "Deploy", "submit": "Deploy", "close": "Cancel"}
    return {"type": "modal", "callback_id": SUBMITTED, **{k: plain(v) for k, v in texts.items()}, "blocks": blocks}


def closing(text: str, channel: str) -> Block:
    """What the form becomes when it was accepted; the run's card stands in the channel of this id."""
    return notice(text, f"Its card stands in {words.channel(channel)}.", title="Deploy")


def chosen_in(sent: Sent) -> Chosen:
    """What the fields of a form say."""
    return Chosen(*(sent.said.get(name, "") for name in FIELDS))


def block_of(sent: Sent, *actions: str) -> str:
    """The block of the first of these fields that the form has: Slack shows an error there. Raises NotUnderstood."""
    for action in actions:
        if action in sent.blocks:
            return sent.blocks[action]
    raise NotUnderstood


def _environment(catalogue: Catalogue, chosen: Chosen) -> list[Block]:
    service = catalogue.services.get(chosen.service)
    if service is None:
        every = dict.fromkeys(name for each in catalogue.services.values() for name in each.environments)
        return [_menu("Environment", ENVIRONMENT, every, optional=True)]
    at = chosen.environment if chosen.environment in service.environments else service.default_environment
    return [_menu("Environment", ENVIRONMENT, service.environments, at=at, of=chosen.service)]


def _version(chosen: Chosen, seen: Seen) -> list[Block]:
    """A menu of those that are known; a field for any other, where it is asked for or none is known.

    So each field that is there is needed, and none of them is marked as optional.
    """
    fitting = [each for each in seen.versions if len(each) <= _NAME]
    at = OTHER if chosen.types else chosen.known
    menu = [_menu("Version", KNOWN, [OTHER, *fitting][:MOST], at=at, of=chosen.service)] if fitting else []
    if menu and not chosen.types:
        return menu
    field = {
        "type": "plain_text_input",
        "action_id": TYPED,
        "max_length": 200,
        "placeholder": plain("a tag, a branch or a commit"),
        "dispatch_action_config": {"trigger_actions_on": ["on_enter_pressed"]},
    }
    label = plain("Another version" if menu else "Version")
    return [*menu, {"type": "input", "block_id": TYPED, "label": label, "element": field, "dispatch_action": True}]


def _lines(seen: Seen) -> list[Block]:
    return [context("\n".join(seen.lines))] if seen.lines else []


def _menu(
    label: str, action: str, names: Iterable[str], *, at: str = "", of: str = "", optional: bool = False
) -> Block:
    """A menu; it tells at once what is chosen in it, so that the rest can follow."""
    options = [{"text": plain(name), "value": name} for name in names]
    menu: Block = {"type": "static_select", "action_id": action, "placeholder": plain("Choose"), **_fitted(options)}
    if chosen := next((option for option in options if option["value"] == at), None):
        menu["initial_option"] = chosen
    block = f"{action}/{of}"[:255] if of else action
    return {
        "type": "input",
        "block_id": block,
        "label": plain(label),
        "element": menu,
        "dispatch_action": True,
        "optional": optional,
    }


def _fitted(options: list[Block]) -> Block:
    """All of them; where they are more than a menu takes, in groups, each named by its first and its last."""
    if len(options) <= MOST:
        return {"options": options}
    groups = [options[start : start + MOST] for start in range(0, len(options), MOST)]
    return {
        "option_groups": [{"label": plain(_from_to(group)), "options": group} for group in groups[:MOST]],
    }


def _from_to(group: list[Block]) -> str:
    first, last = (str(option["value"])[:_HALF] for option in (group[0], group[-1]))
    return f"{first} … {last}"
