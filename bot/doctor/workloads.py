"""The Deployments that the catalogue names: they are there, with their containers, and may be changed."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from bot.adapters.kubernetes.workloads import KubernetesWorkloads
from bot.doctor.finding import Check, Finding, Subject, listed
from runbooks.catalogue import Service, Workload
from runbooks.steps.kubernetes.deployments import epoch_of, images_of, template_of
from runbooks.steps.kubernetes.patches import fence
from runbooks.steps.kubernetes.workloads import AnswerLost, Denied, Missing, Patch, Ref, Stale
from runbooks.steps.probes import lacking_probes
from runbooks.vocabulary import Fenced, Json

REACH = "see that the cluster's API runs, that this host reaches it, and that its kubeconfig is right"
_POLICIES = "kubectl apply --filename deploy/kubernetes/base/policies.yaml"
_NEW_SECONDS = 2.0


@dataclass(frozen=True)
class WorkloadChecks:
    """Reads them, and tries a change that the cluster only judges (a dry run)."""

    workloads: KubernetesWorkloads

    def checks(self, cluster: str, namespace: str, *, place: str, service: Service) -> Sequence[Check]:
        """One for each Deployment of a service in this namespace; `place` is `SERVICE ENVIRONMENT`."""
        made = []
        for workload in service.workloads:
            subject = Subject(f"cluster {cluster}", f"deployment {workload.deployment} of {place}")
            ref = Ref(cluster, namespace, workload.deployment)
            made.append(Check(subject, partial(self._look, subject, ref, workload, service.image), REACH))
        return made

    async def _look(self, subject: Subject, ref: Ref, workload: Workload, image: str) -> Finding:
        try:
            raw = await self.workloads.read(ref)
            fault = _fault(subject, images_of(template_of(raw)), workload, image) or _unprobed(subject, raw, workload)
            if fault is not None:
                return fault
            await self.workloads.patch(ref, fence(raw, epoch=epoch_of(raw) + 1), dry_run=True)
            if not await self._refuses(ref, fence(raw, epoch=epoch_of(raw) - 1)):
                told = (
                    "the cluster takes a change under an older epoch: a process that stood still may overwrite others"
                )
                return subject.wrong(told, f"{_POLICIES}, and see that they name this bot's user")
        except Missing:
            told = f"namespace {ref.namespace} has no such Deployment"
            return subject.missing(told, "create it, or mend `namespace` and `deployment` in the catalogue")
        except Denied as denied:
            return subject.wrong(denied.sentence, f"see to the Role opsbot and to the policies of {ref.namespace}")
        except (Stale, AnswerLost):  # somebody changed it meanwhile, or the answer to a dry run was lost
            return subject.missing("the cluster did not say whether it may be changed", "ask again")
        return subject.ok(f"it runs {listed(workload.containers)}, and a dry run may change it under no older epoch")

    async def _refuses(self, ref: Ref, patch: Patch) -> bool:
        """Whether the admission policies do; a binding that is new takes a moment to work."""
        for seconds in (_NEW_SECONDS, 0.0):
            try:
                await self.workloads.patch(ref, patch, dry_run=True)
            except (Fenced, Denied):
                return True
            await asyncio.sleep(seconds)
        return False


def _fault(subject: Subject, images: dict[str, str], workload: Workload, image: str) -> Finding | None:
    if gone := [name for name in workload.containers if name not in images]:
        told = f"it has no container {listed(gone)}; it has {listed(images)}"
        return subject.missing(told, "mend `containers` of this workload in the catalogue")
    others = [images[name] for name in workload.containers if not _is_of(images[name], image)]
    if others:
        told = f"it runs {listed(others)}, not {image}"
        return subject.wrong(told, "mend `image` or `containers` in the catalogue, or what runs")
    return None


def _unprobed(subject: Subject, raw: Json, workload: Workload) -> Finding | None:
    if lacking := list(lacking_probes(raw, workload)):
        mend = "declare a readiness and a liveness probe there: without them nobody sees whether a release is well"
        return subject.missing("; ".join(lacking), mend)
    return None


def _is_of(running: str, image: str) -> bool:
    """Whether it is that repository, whatever its tag or digest."""
    return running == image or running.startswith((f"{image}:", f"{image}@"))
