"""A folder of migrations is a chain, or says what is wrong with it."""

import re

import pytest

from runbooks.steps.migrations.files import ChainBroken, chain, checksum, number_of, stem

_GOOD = {
    "021_tenants.sql": "create table tenants ();",
    "021_rollback.sql": "drop table tenants;",
    "022_shifts.sql": "create table shifts ();",
    "022_shifts.rollback.sql": "drop table shifts;",
    "023_policies.sql": "create table policies ();",
    "README.md": "about",
}


def test_a_folder_is_a_chain_in_order_with_both_kinds_of_ways_back() -> None:
    found = chain(dict(reversed(_GOOD.items())))
    assert [(m.number, m.digits, m.name, m.rollback) for m in found] == [
        (21, "021", "021_tenants.sql", "021_rollback.sql"),
        (22, "022", "022_shifts.sql", "022_shifts.rollback.sql"),
        (23, "023", "023_policies.sql", ""),
    ]
    assert found[1].rollback_text == "drop table shifts;"
    assert found[0].checksum == checksum("create table tenants ();") != found[1].checksum
    assert found[2].rollback_checksum == ""


def test_numbers_order_not_names() -> None:
    names = ["9_i.sql", "10_j.sql", "11_k.sql"]
    assert [m.name for m in chain(dict.fromkeys(reversed(names), ""))] == names


def test_an_empty_folder_is_an_empty_chain() -> None:
    assert chain({"README.md": "x"}) == ()


@pytest.mark.parametrize(
    ("names", "fault"),
    [
        (["021_a.sql", "023_c.sql"], "Between 021_a.sql and 023_c.sql there is no 022."),
        (["021_a.sql", "021_b.sql"], "021_a.sql and 021_b.sql have the same number."),
        (["21_a.sql", "021_b.sql"], "have the same number."),
        (["021_a.sql", "notes.sql"], "notes.sql is no name for a migration. A migration is NNN_name.sql"),
        (["021_a.up.sql"], "021_a.up.sql is no name for a migration."),
        (["021-a.sql"], "021-a.sql is no name for a migration."),
        (["021_.sql"], "021_.sql is no name"),
        (["021_a.sql", "022_rollback.sql"], "022_rollback.sql takes back a migration that is not there."),
        (["021_a.sql", "021_b.rollback.sql"], "021_b.rollback.sql takes back a migration that is not there."),
        (["021_a.sql", "021_rollback.sql", "021_a.rollback.sql"], "021_a.sql has several ways back"),
    ],
)
def test_a_broken_chain_says_what_is_wrong(names: list[str], fault: str) -> None:
    with pytest.raises(ChainBroken, match=re.escape(fault)):
        chain(dict.fromkeys(names, ""))


def test_all_faults_are_told_at_once() -> None:
    with pytest.raises(ChainBroken) as caught:
        chain(dict.fromkeys(["1_a.sql", "1_b.sql", "3_c.sql", "x.sql"], ""))
    assert len(caught.value.faults) == 3


def test_names() -> None:
    assert (number_of("024_tenant_flags"), number_of(""), stem("024_tenant_flags.sql")) == (24, 0, "024_tenant_flags")
