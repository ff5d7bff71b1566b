"""What the Kubernetes API's faults mean to us, translated once. Its messages may echo the object: never show them."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus

import aiohttp
from kubernetes.aio.config import ConfigException

from bot.adapters.kubernetes.policies import overtaken_in, policy_in, rule_in
from runbooks.steps.kubernetes.workloads import AnswerLost, Denied, Missing, Stale
from runbooks.vocabulary import Fenced, Json, Unreachable

_WEBHOOK = re.compile(r'admission webhook "([\w.-]+)"')


def cluster_named(cluster: str) -> str:
    """The cluster in words a person knows."""
    return f"Kubernetes cluster {cluster}"


@contextmanager
def asking(cluster: str) -> Iterator[None]:
    """A request that changes nothing: whatever breaks on the way, the cluster did not answer."""
    try:
        yield
    except (aiohttp.ClientError, ConfigException, OSError, ValueError) as fault:
        raise Unreachable(cluster_named(cluster), _kind(fault)) from fault


@contextmanager
def changing(cluster: str) -> Iterator[None]:
    """A request that changes something: unless it was surely never sent, it is in doubt."""
    try:
        yield
    except (aiohttp.ClientConnectorError, ConfigException) as fault:
        raise Unreachable(cluster_named(cluster), _kind(fault)) from fault
    except (aiohttp.ClientError, OSError, ValueError) as fault:
        raise AnswerLost(_kind(fault)) from fault


def _kind(fault: Exception) -> str:
    """What broke, in a few words; a message may hold an address with its password, so it is left out."""
    known = {
        TimeoutError: "it took too long",
        aiohttp.ClientConnectorCertificateError: "its certificate is not trusted",
        aiohttp.ClientConnectorError: "no connection",
        ConfigException: "its kubeconfig can't be used",
    }
    return next((words for kind, words in known.items() if isinstance(fault, kind)), type(fault).__name__)


def fault_of_read(cluster: str, status: int, body: bytes, what: str) -> Exception:
    """What a read that was not answered with 200 comes to; `what` is what was read: `Deployment web`."""
    match status:
        case HTTPStatus.NOT_FOUND:
            return Missing(what)
        case HTTPStatus.FORBIDDEN:
            way_on = "Check its name in the catalogue, or grant the right (`opsbot doctor` lists them)."
            return Denied(f"The cluster {cluster} does not let this bot read {what}. {way_on}")
        case HTTPStatus.UNAUTHORIZED:
            return Unreachable(cluster_named(cluster), "it does not know this bot's credentials")
        case _ if HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR and not _is_late(status):
            return Denied(f"The cluster {cluster} refused to read {what} ({_reason(status, body)}).")
        case _:
            return Unreachable(cluster_named(cluster), f"it answered {status}")


def fault_of_patch(cluster: str, status: int, body: bytes, what: str) -> Exception:
    """What a patch that was not answered with 200 comes to."""
    match status:
        case HTTPStatus.CONFLICT:
            return Stale(what)
        case HTTPStatus.UNPROCESSABLE_ENTITY if _test_failed(body):
            return Stale(what)
        case HTTPStatus.UNPROCESSABLE_ENTITY if later := overtaken_in(_message(_status(body))):
            there, ours = later
            told = f"{what} was taken over by holder {there}, this was {ours}"
            return Fenced(f"the cluster refused the change, since {told}")
        case HTTPStatus.UNPROCESSABLE_ENTITY | HTTPStatus.FORBIDDEN:
            return Denied(f"The cluster {cluster} refused the change of {what}: {_why(status, body)}.")
        case HTTPStatus.TOO_MANY_REQUESTS:
            return Unreachable(cluster_named(cluster), "it has too many requests")
        case _ if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            return AnswerLost(f"{cluster_named(cluster)} answered {status}")
        case _:
            return fault_of_read(cluster, status, body, what)


def _is_late(status: int) -> bool:
    """Whether another try may be answered; GONE is a page of a list that grew too old."""
    return status in (HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.GONE)


def _test_failed(body: bytes) -> bool:
    """A failed `test` is a bare 422: no causes, and no admission policy's words."""
    told = _status(body)
    return not _causes(told) and not _named_by(told)


def _why(status: int, body: bytes) -> str:
    told = _status(body)
    if by := _named_by(told):
        rule = rule_in(_message(told))
        return f"{by} forbids it" + (f", as {rule}" if rule else "")
    if fields := sorted({str(cause.get("field")) for cause in _causes(told)}):
        return f"{', '.join(fields)} would not be valid"
    return (
        "this bot has no right to it; `opsbot doctor` lists its rights"
        if status == HTTPStatus.FORBIDDEN
        else "no reason given"
    )


def _named_by(told: Json) -> str:
    message = _message(told)
    if policy := policy_in(message):
        return f"the admission policy {policy}"
    if webhook := _WEBHOOK.search(message):
        return f"the admission webhook {webhook[1]}"
    return ""


def _message(told: Json) -> str:
    return str(told.get("message", ""))


def _reason(status: int, body: bytes) -> str:
    return str(_status(body).get("reason") or status)


def _causes(told: Json) -> list[Json]:
    found: list[Json] = (told.get("details") or {}).get("causes") or []
    return found


def _status(body: bytes) -> Json:
    try:
        told = json.loads(body)
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}
