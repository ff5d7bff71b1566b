"""What the catalogue names, broken: clusters, databases, services, repositories, CI, Prometheus."""

from sandbox.cluster.rights import MANIFESTS
from tests.doctor import breaking as by
from tests.doctor.table import DEPLOYMENT, NO_DATABASE, PLACE, row
from tests.doctor.world import NAME, OWNER
from tests.fixtures.schemas import with_user
from tests.fixtures.store import BOT_USER

DEAD = "http://127.0.0.1:1"
LEDGER = "insert into opsbot.migrations (number, name, checksum, kind, state, commit, epoch, run, runner) values "
CUT_OFF = f"{LEDGER} (21, '021_tenants.sql', 'c', 'script', 'applying', 'a8005c2', 6, 'D-106', 'T0/U0')"
TWO = 'vector(1) or label_replace(vector(2), "which", "other", "", "")'

CLUSTER = [
    row("no cluster", by.kubeconfig(by.nowhere), "cluster main · api", "no connection", "kubeconfig"),
    row(
        "credentials that the cluster does not know",
        by.kubeconfig(by.stranger),
        "cluster main · api",
        "does not know this bot's credentials",
        "kubeconfig",
    ),
    row(
        "a kubeconfig that is not there",
        by.variable("MAIN_KUBECONFIG", "/nowhere/kubeconfig"),
        "cluster main · api",
        "its kubeconfig can't be used",
        "kubeconfig",
    ),
    row(
        "an administrator as the bot",
        by.variable("MAIN_KUBECONFIG", lambda world: str(world.cluster.admin_kubeconfig)),
        f"cluster main · no other rights in the whole cluster|{DEPLOYMENT}",
        "may do everything",
        "kubectl get rolebindings",
    ),
    row(
        "a right that is missing",
        by.role(by.without("watch")),
        "cluster main · rights in doctored",
        f"watch deployments.apps {NAME}",
        "Role opsbot in doctored",
        late=True,
    ),
    row(
        "a right too many",
        by.role(by.more("pods/exec", "create")),
        "cluster main · no other rights in doctored",
        "the bot may create pods/exec",
        "kubectl get rolebindings",
        late=True,
    ),
    row(
        "a right of the Jobs that is missing",
        by.role(by.without("delete"), namespace="opsbot-jobs"),
        "cluster main · rights in opsbot-jobs",
        "delete jobs.batch",
        "Role opsbot in opsbot-jobs",
        late=True,
    ),
    row(
        "a right too many where Jobs run",
        by.role(by.more("secrets", "get"), namespace="opsbot-jobs"),
        "cluster main · no other rights in opsbot-jobs",
        "the bot may get secrets",
        "kubectl get rolebindings",
        late=True,
    ),
    row(
        "a Deployment that is not there",
        by.kubectl(
            *("delete", "deployment", NAME, "-n", "NAMESPACE"),
            undo=("create", "-f", "-"),
            stdin=by.deployment(),
        ),
        DEPLOYMENT,
        "no such Deployment",
        "`namespace` and `deployment`",
    ),
    row(
        "a container that is not there",
        by.service(workloads=[{"deployment": NAME, "containers": ["api", "worker"]}]),
        DEPLOYMENT,
        "no container worker; it has api",
        "`containers`",
    ),
    row(
        "an image that is another", by.container(image="registry.example/other:v1"), DEPLOYMENT, "it runs", "`image`"
    ),
    row(
        "probes that are missing",
        by.container(readinessProbe=None),
        DEPLOYMENT,
        "declares no readiness probe",
        "declare a readiness",
    ),
    row("a policy that forbids every change", by.frozen, DEPLOYMENT, "doctored-freeze", "policies", late=True),
    row(
        "the fence's policy without its binding",
        by.kubectl(
            *("delete", "validatingadmissionpolicybinding", "opsbot-deployments"),
            undo=("apply", "--filename", str(MANIFESTS / "base" / "policies.yaml")),
        ),
        DEPLOYMENT,
        "takes a change under an older epoch",
        "policies.yaml",
        late=True,
    ),
    row(
        "a record's ConfigMap that was deleted",
        by.kubectl(
            *("delete", "configmap", f"{NAME}-last-known-good", "-n", "NAMESPACE"),
            undo=("create", "configmap", f"{NAME}-last-known-good", "-n", "NAMESPACE"),
        ),
        f"last known good of {PLACE} · ConfigMap {NAME}-last-known-good",
        "Make it, empty: kubectl create configmap",
        "another place",
    ),
    row(
        "a Job's ConfigMap that is not there",
        by.service(commands={"report": {"config-maps": {"LEVEL": "gone/level"}}}),
        "jobs in main/opsbot-jobs · ConfigMap gone",
        "it is not there",
        "kubectl create configmap gone --namespace opsbot-jobs --from-literal=level",
    ),
    row(
        "a key that a Job's ConfigMap lacks",
        by.service(commands={"report": {"config-maps": {"LEVEL": "doctored-settings/lvl"}}}),
        "jobs in main/opsbot-jobs · ConfigMap doctored-settings",
        "it has no key lvl",
        "add it",
    ),
]

SERVICE = [
    row(
        "no database of the service",
        by.variable("API_DATABASE_URL", NO_DATABASE),
        f"database of {PLACE} · role|rehearsal of {PLACE} · *",
        "did not answer",
        "API_DATABASE_URL",
    ),
    row(
        "a role of the service that there is not",
        by.place(**{"service-role": "nobody_here"}),
        f"rehearsal of {PLACE} · role",
        "has no role nobody_here",
        "Name the role that the service connects as",
    ),
    row(
        "migrations as a superuser",
        by.variable("API_DATABASE_URL", lambda world: world.url("service")),
        f"database of {PLACE} · role",
        "is a superuser and bypasses row security",
        "NOBYPASSRLS",
    ),
    row(
        "a ledger that can be neither read nor made",
        by.variable("API_DATABASE_URL", lambda world: with_user(world.url("empty"), OWNER)),
        f"database of {PLACE} · ledger",
        "CREATE SCHEMA opsbot AUTHORIZATION",
        "these rights",
    ),
    row(
        "a ledger that is somebody else's",
        by.variable("API_DATABASE_URL", lambda world: with_user(world.url("service"), BOT_USER)),
        f"database of {PLACE} · ledger",
        "may not use its schema",
        "these rights",
    ),
    row(
        "a migration that was cut off",
        by.statement("service", CUT_OFF, "delete from opsbot.migrations"),
        f"database of {PLACE} · ledger",
        "021_tenants.sql of D-106 was begun",
        "decide in its thread",
    ),
    row(
        "no rehearsal server",
        by.variable("REHEARSAL_URL", NO_DATABASE),
        f"rehearsal of {PLACE} · server",
        "the rehearsal database of",
        "REHEARSAL_URL",
    ),
    row(
        "a rehearsal on production's server",
        by.variable("REHEARSAL_URL", lambda world: world.url("empty")),
        f"rehearsal of {PLACE} · server",
        f"leads to the server of the database of {PLACE}",
        "name a server of its own",
    ),
    row(
        "a rehearsal role that may not make databases",
        by.rehearser("createrole"),
        f"rehearsal of {PLACE} · role",
        "may not make databases",
        "CREATEDB",
    ),
    row(
        "a rehearsal role that may not make roles",
        by.rehearser("createdb"),
        f"rehearsal of {PLACE} · role",
        OWNER,
        "CREATEROLE",
    ),
    row(
        "a service that is away",
        by.place(url=DEAD),
        f"version of {PLACE} · /version|health of {PLACE} · /health/live|health of {PLACE} · /health/ready"
        f"|smoke of {PLACE} · /greeting",
        "no connection",
        "`url`",
    ),
    row(
        "a service that is not live", by.page("/health/live", 503), f"health of {PLACE} · /health/live", "503", "url"
    ),
    row("one that is not ready", by.page("/health/ready", 503), f"health of {PLACE} · /health/ready", "503", "url"),
    row(
        "a smoke test that fails",
        by.page("/greeting", 404, "nothing here"),
        f"smoke of {PLACE} · /greeting",
        "/greeting answered 404, not 200: nothing here",
        "this check",
    ),
    row(
        "a smoke test that says something else",
        by.page("/greeting", 200, "good day"),
        f"smoke of {PLACE} · /greeting",
        "does not say “hello”: good day",
        "this check",
    ),
    row(
        "a version that is another",
        by.page("/version", 200, "v4"),
        f"version of {PLACE} · /version",
        "it does not name v41, which runs there: v4",
        "`version-path`",
    ),
    row("no version", by.page("/version", 404), f"version of {PLACE} · /version", "404, not 200", "`version-path`"),
    row(
        "no source repository",
        by.service(source={"repository": "/nowhere/source"}),
        f"source · repository of {NAME}",
        "did not answer",
        "`source.repository`",
    ),
]

PROOFS = [
    row(
        "no CI",
        by.service(ci={"url": f"{DEAD}/{{commit}}"}),
        f"ci · verdicts on {NAME}",
        "CI did not answer (no connection)",
        "see that CI runs",
    ),
    row(
        "a token that CI refuses",
        by.variable("CI_TOKEN", "made-up-old-token"),
        f"ci · verdicts on {NAME}",
        "CI refuses the bot (401)",
        "CI_TOKEN",
    ),
    row("a CI of others", by.page("/ci", 404), f"ci · verdicts on {NAME}", "CI does not know", "`ci.url`"),
    row("a CI that is ill", by.page("/ci", 500), f"ci · verdicts on {NAME}", "CI answers 500", "CI runs"),
    row(
        "a page that is no verdict", by.page("/ci", 200, "<html>"), f"ci · verdicts on {NAME}", "state", "`ci.field`"
    ),
    row(
        "no Prometheus",
        by.variable("PROMETHEUS_URL", DEAD),
        f"kpis of {PLACE} · errors",
        "no connection",
        "Prometheus runs",
    ),
    row(
        "an address that is no Prometheus",
        by.variable("PROMETHEUS_URL", lambda world: world.pages.url),
        f"kpis of {PLACE} · errors",
        "leads to no Prometheus",
        "Prometheus runs",
    ),
    *(
        row(
            f"a query that {what}",
            by.service(kpis={"errors": {"query": query}}),
            f"kpis of {PLACE} · errors",
            says,
            mend,
        )
        for what, query, says, mend in (
            ("is none", "sum(", "Prometheus refuses its query", "mend its `query`"),
            ("gives two numbers", TWO, "gives 2 series", "mend its `query`"),
            ("finds nothing", "nobody_counts_this", "there is no data", "scrapes the service"),
            ("divides by zero", "vector(0) / vector(0)", "divides by zero", "what the service counts"),
        )
    ),
]
OF_THE_CATALOGUE = [*CLUSTER, *SERVICE, *PROOFS]
