"""What is read of a release besides its pods: the Secrets it refers to, by name, and the migrations that stand."""

from datetime import UTC, datetime

from runbooks.release_facts import AppliedMigration
from runbooks.steps.kubernetes.secret_names import needed_secrets, secrets_of
from runbooks.steps.migrations.database import Row, State
from runbooks.steps.migrations.planning import applied_of
from runbooks.vocabulary import Json

EVERYWHERE: Json = {
    "spec": {
        "containers": [
            {
                "name": "web",
                "envFrom": [{"secretRef": {"name": "a-env-from"}}, {"configMapRef": {"name": "no-secret"}}],
                "env": [
                    {"name": "A", "valueFrom": {"secretKeyRef": {"name": "b-env", "key": "A"}}},
                    {
                        "name": "B",
                        "valueFrom": {"secretKeyRef": {"name": "c-optional", "key": "B", "optional": True}},
                    },
                    {"name": "C", "value": "plain"},
                ],
            }
        ],
        "initContainers": [{"name": "prepare", "envFrom": [{"secretRef": {"name": "d-init"}}]}],
        "volumes": [
            {"name": "one", "secret": {"secretName": "e-volume"}},
            {
                "name": "two",
                "projected": {"sources": [{"secret": {"name": "f-projected"}}, {"configMap": {"name": "no"}}]},
            },
            {"name": "three", "csi": {"driver": "d", "nodePublishSecretRef": {"name": "g-csi"}}},
            {"name": "four", "azureFile": {"secretName": "h-azure", "shareName": "s"}},
            {"name": "five", "emptyDir": {}},
        ],
        "imagePullSecrets": [{"name": "i-pull"}],
    }
}


def test_every_way_to_refer_to_a_secret_is_found() -> None:
    letters = [name[0] for name in secrets_of(EVERYWHERE)]
    assert letters == list("abcdefghi")


def test_pods_start_without_those_that_are_optional_or_only_pull() -> None:
    assert set(secrets_of(EVERYWHERE)) - set(needed_secrets(EVERYWHERE)) == {"c-optional", "i-pull"}


def test_a_template_without_any() -> None:
    assert secrets_of({"spec": {"containers": [{"name": "web"}]}}) == ()


def test_the_migrations_that_stand_are_kept_with_their_checksums() -> None:
    at = datetime(2026, 11, 24, tzinfo=UTC)
    rows = [
        Row(number, f"{number:03}_made_up.sql", f"{number}" * 64, state, "c", "D-1", "plain", at)
        for number, state in ((1, State.APPLIED), (2, State.REVERTED), (3, State.APPLIED), (4, State.APPLYING))
    ]
    assert applied_of(rows) == tuple(AppliedMigration(n, f"00{n}_made_up.sql", f"{n}" * 64) for n in (1, 3))
