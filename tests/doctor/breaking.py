"""The ways to break one part of the world, each mended again when it was looked at."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from datetime import timedelta
from typing import Any

import yaml
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from bot.adapters.slack.client import web_client
from sandbox.service import manifests
from tests.doctor.world import NAME, World

Break = Callable[[World, AsyncExitStack], Awaitable[None]]
"""Breaks it, and leaves behind what mends it."""
Text = str | Callable[[World], str]
_POLICY = "doctored-freeze"
_REHEARSER = "doctored_rehearser"


def _by(change: Callable[[World], None]) -> Break:
    """A change of what is written, which nobody needs to mend."""

    async def broken(world: World, _: AsyncExitStack) -> None:
        change(world)

    return broken


def variable(name: str, value: Text = "") -> Break:
    """The variable says this; "" is not set."""
    return _by(lambda world: world.variables.update({name: value if isinstance(value, str) else value(world)}))


def rehearser(rights: str) -> Break:
    """Who rehearses has these rights alone."""

    async def broken(world: World, mending: AsyncExitStack) -> None:
        name = sql.Identifier(_REHEARSER)
        world.rehearsals.execute(sql.SQL("create role {} login").format(name))
        mending.callback(world.rehearsals.execute, sql.SQL("drop role {}").format(name))
        world.rehearsals.execute(sql.SQL("alter role {} {}").format(name, sql.SQL(rights)))  # type: ignore[arg-type] # ours
        world.variables["REHEARSAL_URL"] = world.rehearsals.url(user=_REHEARSER)

    return broken


def place(**values: Any) -> Break:
    """The environment says these in the catalogue, beside what it says."""
    return _by(lambda world: _merge(world.place, values))


def service(**values: Any) -> Break:
    """The service says these in the catalogue, beside what it says."""
    return _by(lambda world: _merge(world.service, values))


def group(name: str, **values: Any) -> Break:
    """The group is this one."""
    return _by(lambda world: world.about["groups"].update({name: values}))


def author(email: str, person: str) -> Break:
    """The catalogue knows this author too."""
    return _by(lambda world: world.about["people"].update({email: person}))


def _merge(old: dict[str, Any], new: Mapping[str, Any]) -> None:
    for name, value in new.items():
        key = name.replace("_", "-")
        if isinstance(value, Mapping) and isinstance(old.get(key), dict):
            _merge(old[key], value)
        else:
            old[key] = value


AHEAD = """
create schema ahead;
grant usage on schema ahead to public;
create function ahead.clock_timestamp() returns timestamptz language sql
  as $$ select pg_catalog.clock_timestamp() + interval '5 minutes' $$;
do $$
begin
  execute format('alter database %I set search_path = ahead, pg_catalog, public', current_database());
end
$$
"""
"""The database's clock, five minutes on, until the schema is dropped."""


def statement(database: str, do: str, undo: str) -> Break:
    """A statement by the administrator, and the one that mends it."""

    async def broken(world: World, mending: AsyncExitStack) -> None:
        await world.ask(database, do)
        mending.push_async_callback(world.ask, database, undo)

    return broken


def kubectl(*do: str, undo: Sequence[str], stdin: str = "") -> Break:
    """What an administrator types, and what mends it, which may read `stdin`."""

    async def broken(world: World, mending: AsyncExitStack) -> None:
        await world.kubectl(*do)
        mending.push_async_callback(world.kubectl, *undo, stdin=stdin.replace("NAMESPACE", world.namespace))

    return broken


def deployment() -> str:
    """The service's, as its owners apply it."""
    return json.dumps(manifests.deployment("NAMESPACE", version="v41", replicas=0))


def epochs(word: str) -> Break:
    """The Deployment carries this epoch."""
    annotate = ("annotate", "deployment", NAME, "-n", "NAMESPACE")
    return kubectl(*annotate, f"opsbot.dev/epoch={word}", undo=(*annotate, "opsbot.dev/epoch-"))


def container(**fields: Any) -> Break:
    """The Deployment's container says these."""
    patch = json.dumps({"spec": {"template": {"spec": {"containers": [{"name": "api", **fields}]}}}})
    where = ("deployment", NAME, "-n", "NAMESPACE")
    return kubectl("patch", *where, "-p", patch, undo=("replace", "-f", "-"), stdin=deployment())


def role(change: Callable[[list[Any]], list[Any]], *, namespace: str = "NAMESPACE") -> Break:
    """The bot's Role in a namespace has other rules."""
    where = ("role", "opsbot", "-n", namespace)

    async def broken(world: World, mending: AsyncExitStack) -> None:
        rules = json.loads(await world.kubectl("get", *where, "-o", "json"))["rules"]
        await world.kubectl(*_rules(where, change(rules)))
        mending.push_async_callback(world.kubectl, *_rules(where, rules))

    return broken


def _rules(where: Sequence[str], rules: list[Any]) -> Sequence[str]:
    patch = json.dumps([{"op": "replace", "path": "/rules", "value": rules}])
    return ("patch", *where, "--type=json", f"--patch={patch}")


def without(verb: str) -> Callable[[list[Any]], list[Any]]:
    """Rules that lack a verb."""
    return lambda rules: [{**each, "verbs": [v for v in each["verbs"] if v != verb]} for each in rules]


def more(resource: str, *verbs: str) -> Callable[[list[Any]], list[Any]]:
    """Rules with one more."""
    return lambda rules: [*rules, {"apiGroups": [""], "resources": [resource], "verbs": list(verbs)}]


async def frozen(world: World, mending: AsyncExitStack) -> None:
    """A policy forbids every change of the Deployments there."""
    rule = {"apiGroups": ["apps"], "apiVersions": ["v1"], "operations": ["UPDATE"], "resources": ["deployments"]}
    here = {"matchLabels": {"kubernetes.io/metadata.name": world.namespace}}
    policy = {
        "matchConstraints": {"namespaceSelector": here, "resourceRules": [rule]},
        "validations": [{"expression": "false", "message": "frozen"}],
    }
    binding = {"policyName": _POLICY, "validationActions": ["Deny"]}
    head = {"apiVersion": "admissionregistration.k8s.io/v1", "metadata": {"name": _POLICY}}
    objects = [
        {**head, "kind": "ValidatingAdmissionPolicy", "spec": policy},
        {**head, "kind": "ValidatingAdmissionPolicyBinding", "spec": binding},
    ]
    await asyncio.to_thread(world.cluster.kubectl.apply, objects)
    kinds = "validatingadmissionpolicy,validatingadmissionpolicybinding"
    mending.push_async_callback(world.kubectl, "delete", kinds, _POLICY)


def kubeconfig(change: Callable[[Any], None]) -> Break:
    """The bot's kubeconfig says something else."""

    def other(world: World) -> str:
        config = yaml.safe_load(world.cluster.opsbot_kubeconfig.read_text())
        change(config)
        path = world.folder / "other.kubeconfig"
        path.write_text(yaml.safe_dump(config))
        return str(path)

    return variable("MAIN_KUBECONFIG", other)


def nowhere(config: Any) -> None:
    """Its server is where nobody listens."""
    config["clusters"][0]["cluster"]["server"] = "https://127.0.0.1:1"


def stranger(config: Any) -> None:
    """Its token is nobody's."""
    config["users"][0]["user"] = {"token": "made-up"}


def page(path: str, status: int, text: str = "") -> Break:
    """The service, or CI at `/ci`, answers so."""

    async def broken(world: World, mending: AsyncExitStack) -> None:
        mending.callback(world.pages.answers.update, {path: world.pages.answers[path]})
        world.pages.answers[path] = (status, text)

    return broken


def scopes(change: Callable[[tuple[str, ...]], tuple[str, ...]]) -> Break:
    """The bot's token has other scopes."""

    async def broken(world: World, mending: AsyncExitStack) -> None:
        proxy = world.slack.proxy
        mending.callback(setattr, proxy, "scopes", proxy.scopes)
        proxy.scopes = change(proxy.scopes)

    return broken


def clock(ahead: timedelta) -> Break:
    """Slack's clock is so far ahead."""

    async def broken(world: World, mending: AsyncExitStack) -> None:
        mending.callback(setattr, world.slack.proxy, "ahead", timedelta())
        world.slack.proxy.ahead = ahead

    return broken


async def outage(world: World, mending: AsyncExitStack) -> None:
    """Slack can't be reached."""
    await mending.enter_async_context(world.slack.outage())


async def empty_group(world: World, mending: AsyncExitStack) -> None:
    """Nobody is in the user group."""
    world.slack.set_group("sre", [])
    mending.callback(world.slack.set_group, "sre", ["riley", "alex", "casey"])


def channel(do: str, undo: str) -> Break:
    """A method of Slack's on a channel, by the bot, and the one that mends it."""

    async def broken(world: World, mending: AsyncExitStack) -> None:
        client = web_client(token=world.slack.bot_token, api_url=world.slack.api_url)
        where = {"channel": world.slack.channels["incidents"]}
        await client.api_call(f"conversations.{do}", json=where)
        mending.push_async_callback(client.api_call, f"conversations.{undo}", json=where)

    return broken


async def deaf(world: World, mending: AsyncExitStack) -> None:
    """Between the bot and its database is a pooler, as it were: all passes it but the server's notifications."""
    url = world.variables["OPSBOT_DATABASE_URL"]
    told = conninfo_to_dict(url)

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        up_reader, up_writer = await asyncio.open_connection(str(told["host"]), int(str(told["port"])))
        answers = asyncio.create_task(_answers(up_reader, writer))
        try:
            while data := await reader.read(65536):
                up_writer.write(data)
        finally:
            answers.cancel()
            up_writer.close()
            writer.close()

    server = await mending.enter_async_context(await asyncio.start_server(accept, "127.0.0.1", 0))
    host, port = server.sockets[0].getsockname()
    plain = make_conninfo(url, host=host, port=port, sslmode="disable", gssencmode="disable")
    world.variables["OPSBOT_DATABASE_URL"] = plain


async def _answers(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """The server's messages, each a letter and its length; A is a notification."""
    while head := await reader.readexactly(5):
        body = await reader.readexactly(int.from_bytes(head[1:], "big") - 4)
        if head[:1] != b"A":
            writer.write(head + body)


def file(path: str, text: str) -> Break:
    """A file of the world's folder says something else."""

    async def broken(world: World, mending: AsyncExitStack) -> None:
        place = world.folder / path
        mending.callback(place.write_text, place.read_text())
        place.write_text(text)

    return broken
