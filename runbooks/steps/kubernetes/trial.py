"""A known good release, tried against its cluster without changing anything: what keeps it from coming back.

The restore is sent as a dry run, so that admission has its say; what a restore does not bring back is compared.
"""

from dataclasses import dataclass
from typing import Protocol

from runbooks.steps.base import Site
from runbooks.steps.kubernetes.config_hash import drift
from runbooks.steps.kubernetes.deployments import epoch_of, is_paused, template_of
from runbooks.steps.kubernetes.known_good import read_config_maps
from runbooks.steps.kubernetes.patches import set_template
from runbooks.steps.kubernetes.restore_planning import known_of, paused, refuse_selector, target_of, template_for
from runbooks.steps.kubernetes.secret_names import needed_secrets, secrets_of
from runbooks.steps.kubernetes.workloads import AnswerLost, Denied, Missing, Ref, Stale, Workloads, refs_of
from runbooks.vocabulary import Fenced, Json, PlanningFailed


class SecretNames(Protocol):
    """The Secrets of the clusters, by name alone. May raise Unreachable and Denied."""

    async def there(self, ref: Ref, name: str) -> bool | None:
        """Whether the Deployment's namespace has it; None where that may not be asked."""
        ...


@dataclass(frozen=True)
class Trial:
    """Sentences: what keeps it from being restored, and what differs from what was recorded."""

    faults: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


async def tried(workloads: Workloads, secrets: SecretNames, site: Site) -> Trial:
    """Every Deployment of the site, against the site's target. Raises Unreachable, and PlanningFailed without one."""
    faults: list[str] = []
    notes: list[str] = []
    for ref in refs_of(site):
        if fault := await _refusal(workloads, site, ref):
            faults.append(fault)
        gone, changed = await _config(workloads, site, ref)
        lacking, unknown = await _secrets(secrets, site, ref)
        faults += [*gone, *lacking]
        notes += [*changed, *unknown]
    return Trial(tuple(dict.fromkeys(faults)), tuple(dict.fromkeys(notes)))


async def _refusal(workloads: Workloads, site: Site, ref: Ref) -> str:
    """Why the Deployment would not take its template back; "" where it would."""
    try:
        raw = await workloads.read(ref)
        known, version = known_of(site, ref.deployment), target_of(site).version
        if is_paused(raw):
            return paused(ref, version)
        template = await template_for(workloads, ref, raw, known)
        refuse_selector(raw, template, version)
        if template_of(raw) != template:
            await workloads.patch(ref, _undo(raw, template), dry_run=True)
    except Missing:
        return (
            f"There is no Deployment {ref.deployment} in namespace {ref.namespace}. Create it, then it can come back."
        )
    except (Stale, AnswerLost, Fenced):
        return f"Deployment {ref.deployment} was changed at this moment, so it could not be tried. Verify again."
    except (Denied, PlanningFailed) as fault:
        return fault.sentence
    return ""


def _undo(raw: Json, template: Json) -> list[Json]:
    return set_template(raw, template, epoch=epoch_of(raw), run="verify", cause="a restore, tried dry")


async def _config(workloads: Workloads, site: Site, ref: Ref) -> tuple[list[str], list[str]]:
    """ConfigMaps that are gone, and those that changed."""
    known = known_of(site, ref.deployment)
    try:
        now = await read_config_maps(workloads, ref, tuple(known.config_maps))
    except Denied as fault:
        return [], [f"{fault.sentence} So whether the configuration changed is not known."]
    gone = [name for name, keys in known.config_maps.items() if keys and now[name] is None]
    changed = drift({name: keys for name, keys in known.config_maps.items() if name not in gone}, now)
    return (
        [f"There is no ConfigMap {name} in namespace {ref.namespace}, and the pods need it." for name in gone],
        [f"{clause}; a restore does not bring that back." for clause in changed],
    )


async def _secrets(secrets: SecretNames, site: Site, ref: Ref) -> tuple[list[str], list[str]]:
    """Secrets without which no pod starts, and those that nobody could ask for."""
    known = known_of(site, ref.deployment)
    needed = needed_secrets(known.template)
    lacking, unknown = [], []
    for name in dict.fromkeys([*secrets_of(known.template), *known.secrets]):
        there = await secrets.there(ref, name)
        if there is None:
            unknown.append(
                f"Whether Secret {name} is there is not known: Opsbot has no right to ask. Look yourself: "
                f"kubectl --namespace {ref.namespace} get secret {name}"
            )
        elif not there and name in needed:
            lacking.append(f"There is no Secret {name} in namespace {ref.namespace}, and the pods need it.")
        elif not there:
            unknown.append(f"There is no Secret {name} in namespace {ref.namespace}; the pods start without it.")
    return lacking, unknown
