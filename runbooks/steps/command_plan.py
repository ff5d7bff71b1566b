"""Plans a `command`: which argument list, with which environment, where; and lines that say so."""

import shlex
from collections.abc import Iterable, Mapping
from dataclasses import replace

from runbooks.catalogue import Command, Runner
from runbooks.nearest import nearest
from runbooks.steps.base import Params, Resolved, Site
from runbooks.vocabulary import Cut, PlanningFailed


class CommandParams(Params):
    """Which command of the service's catalogue entry; `changes`: it changes the environment."""

    command: str
    changes: bool = False


def planned(params: CommandParams, site: Site) -> Resolved:
    """The step's plan. Raises PlanningFailed."""
    command = _found(params.command, site)
    return replace(planned_command(params.command, command, site), changes=params.changes)


def planned_command(name: str, command: Command, site: Site, *, more: Mapping[str, str] | None = None) -> Resolved:
    """How the command called `name` will be run; `more` is what stands for something, beside what always does.

    Raises PlanningFailed.
    """
    _allowed(name, command, site)
    image = _image(site)
    known = {"${url}": site.environment.url, "${version}": site.version, "${commit}": site.commit, **(more or {})}
    argv = [_filled(part, name, site, known) for part in command.run]
    env = {key: _filled(value, name, site, known) for key, value in command.env.items()}
    return Resolved(
        params={
            "command": name,
            "runner": command.runner.value,
            "image": image,
            "argv": argv,
            "env": env,
            "timeout": command.timeout.total_seconds(),
            "tests": command.tests,
            **_references(command),
        },
        shows=(f"{name}: {shlex.join(argv)} · {_where(command, image)}", *_settings(env, command)),
        cut=_cut(command),
    )


def _found(name: str, site: Site) -> Command:
    known = site.service.commands
    if name in known:
        return known[name]
    meant = nearest(name, known)
    hint = f" Did you mean “{meant}”?" if meant else f" It has: {', '.join(known) or 'none'}."
    raise PlanningFailed(f"{site.service_name} has no command “{name}” in the catalogue.{hint}")


def _allowed(name: str, command: Command, site: Site) -> None:
    if command.runner is Runner.LOCAL and site.environment.production and not command.trusted:
        raise PlanningFailed(
            f"The command “{name}” would run code of {site.version} beside the bot, which {site.environment_name} "
            "does not allow. Give it `runner: job`, or let a person who vouches for it put `trusted: true` there."
        )


def _image(site: Site) -> str:
    image = site.service.image_of(version=site.version, commit=site.commit)
    if image.endswith(":"):
        raise PlanningFailed(f"The {site.service.tag} that names the image of {site.service_name} is not known.")
    return image


def _filled(value: str, command: str, site: Site, known: Mapping[str, str | None]) -> str:
    """The value, or what it stands for where it is one of the known names as a whole; there are no templates."""
    if "${" not in value:
        return value
    if value not in known:
        raise PlanningFailed(
            f"The command “{command}” has {value!r} in the catalogue. Only {_listed(known)} are known, and only as a "
            "whole argument or value."
        )
    if not known[value]:
        raise PlanningFailed(
            f"The command “{command}” needs {value}, which {site.environment_name} has no value for."
        )
    return known[value] or ""


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names)


def _where(command: Command, image: str) -> str:
    if command.runner is Runner.LOCAL:
        return "beside the bot"
    return f"as a Job in the image {image.rpartition(':')[2]}"


def _references(command: Command) -> dict[str, dict[str, str]]:
    """What the cluster fills in, where there is any: a plan without it keeps its digest."""
    found = {"secrets": command.secrets, "config_maps": command.config_maps}
    return {kind: dict(references) for kind, references in found.items() if references}


def _settings(env: dict[str, str], command: Command) -> tuple[str, ...]:
    said = [f"{name}={value}" for name, value in env.items()]
    said += [f"{name} from the Secret {place}" for name, place in command.secrets.items()]
    said += [f"{name} from the ConfigMap {place}" for name, place in command.config_maps.items()]
    return (f"with {', '.join(said)}",) if said else ()


def _cut(command: Command) -> Cut:
    if command.runner is Runner.JOB:
        return Cut.RECONCILES
    return Cut.IDEMPOTENT if command.repeatable else Cut.PARKS
