"""What the looks of a watch leave for the next one, and which of the bad signs among them count. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from runbooks.steps.base import Turn
from runbooks.steps.kpi_past import Past, Unwatched
from runbooks.steps.output import span
from runbooks.vocabulary import Json

KPI = "kpi/"
"""The beginning of what the signs of KPIs are called."""


@dataclass(frozen=True)
class Fault:
    """Why it fails: a clause, and the signs that it is about."""

    said: str
    signs: tuple[str, ...]


def seconds(turn: Turn, key: str) -> timedelta:
    """A length of the plan."""
    return timedelta(seconds=turn.step.params[key])


def _went_unseen(turn: Turn, token: Json) -> bool:
    """Whether so long nobody looked that a bad sign could have counted."""
    return turn.now - datetime.fromisoformat(token["looked"]) > seconds(turn, "every") + seconds(turn, "grace")


def until(turn: Turn) -> datetime:
    """When it ends, if all is well then."""
    return turn.began_at + seconds(turn, "for")


def unwatched(turn: Turn, token: Json) -> dict[str, Unwatched]:
    """The time over which each KPI is still to be judged, where nobody looked or it could not be read until now."""
    owed, bad = token.get("owed", {}), token.get("bad", {})
    gap = token["looked"] if _went_unseen(turn, token) else None
    every, grace, found = seconds(turn, "every"), seconds(turn, "grace"), {}
    for name in [kpi["name"] for kpi in turn.step.params["kpis"]]:
        if begins := owed.get(name) or gap:
            start = datetime.fromisoformat(begins)
            end = min(turn.now, max(start, until(turn)))  # what came after its end is nobody's watch
            since = datetime.fromisoformat(bad[KPI + name]["since"]) if KPI + name in bad else None
            found[name] = Unwatched(start, end, every, grace, since if since and since <= start else None)
    return found


def caught_up(token: Json, pasts: Mapping[str, Past]) -> Json:
    """The token as it would be, had somebody looked at these KPIs."""
    if not pasts:
        return token
    bad = dict(token.get("bad", {}))
    for name, past in pasts.items():
        if not past.unknown:
            bad.pop(KPI + name, None)
        if past.since:
            bad[KPI + name] = {"since": past.since.isoformat()}
    others = any(not key.startswith(KPI) for key in bad)  # of which nobody knows whether they passed
    since = min((sign["since"] for sign in bad.values()), default=None)
    return {**token, "bad": bad, "unclean": token.get("unclean") if others else since}


def of_the_past(pasts: Mapping[str, Past]) -> Fault | None:
    """What had lasted while nobody looked."""
    bad = {KPI + name: past.fault for name, past in pasts.items() if past.fault}
    return Fault("; ".join(bad.values()), tuple(bad)) if bad else None


def noted(turn: Turn, token: Json, signs: Mapping[str, str], kept: Json) -> Json:
    """The token after this look: all that the next one must know. An older release's has no `unclean` and `found`.

    `kept` is what those who looked want to know the next time.
    """
    before, now = token.get("bad", {}), turn.now.isoformat()
    unclean = token.get("unclean") or min((sign["since"] for sign in before.values()), default=now)
    return {
        "looked": now,
        "looks": token.get("looks", 0) + 1,
        "missed": token.get("missed", 0) + bool(signs),
        "bad": {key: {"said": say, "since": before.get(key, {}).get("since", now)} for key, say in signs.items()},
        "unclean": unclean if signs else None,  # since when no look was without a bad sign
        "found": token.get("found", {}) | {key: {"said": say, "last": now} for key, say in signs.items()},
        "gaps": [*token.get("gaps", []), *([[token["looked"], now]] if _went_unseen(turn, token) else [])],
        **kept,
    }


def lasting(turn: Turn, seen: Json) -> Fault | None:
    """The bad signs that have lasted long enough to count, or those that took turns for as long."""
    if not seen["unclean"]:
        return None
    unclean, grace = datetime.fromisoformat(seen["unclean"]), seconds(turn, "grace")
    lasted = {key: turn.now - datetime.fromisoformat(sign["since"]) for key, sign in seen["bad"].items()}
    if long := {key: length for key, length in lasted.items() if length >= grace}:
        return Fault("; ".join(f"{seen['bad'][key]['said']}, for {span(long[key])}" for key in long), tuple(long))
    if turn.now - unclean < grace:
        return None
    turns = {key: sign for key, sign in seen["found"].items() if datetime.fromisoformat(sign["last"]) >= unclean}
    said = "; ".join(sign["said"] for sign in turns.values())
    return Fault(f"no look was clean for {span(turn.now - unclean)}: {said}", tuple(turns))


def mostly_bad(turn: Turn, seen: Json) -> Fault | None:
    """Signs that never lasted, and yet were there at more than half of the looks.

    In a short watch the warm-up alone may be that many; looks that lie within one grace are no more than that allows.
    """
    within = (seen["missed"] - 1) * seconds(turn, "every") < seconds(turn, "grace")
    if within or seen["missed"] * 2 <= seen["looks"]:
        return None
    said = "; ".join(sign["said"] for sign in seen["found"].values())
    bad = f"{seen['missed']} of {seen['looks']} looks were bad"
    return Fault(": ".join([bad, said] if said else [bad]), tuple(seen["found"]))
