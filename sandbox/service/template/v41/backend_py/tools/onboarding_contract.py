"""The four gates of a tenant's onboarding: `... validate --tenant CODE [--gate GATE] [--environment NAME]`.

Prints a line per check, then the report as one line of JSON; exits 0 only if all is well. The database is that of
DATABASE_URL, or of NAME_DATABASE_URL where an environment is named.
"""

import argparse
import json
import os
import sys
from collections.abc import Iterator

import psycopg
from backend_py import build
from backend_py.plans import plan

MARK = "onboarding-report:"
Check = tuple[str, bool, str]
Connection = psycopg.Connection[tuple[object, ...]]

_TABLES = """
select relname, relrowsecurity and relforcerowsecurity, relname = 'tenants'
  from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r'
   and (relname = 'tenants' or exists (
     select from pg_attribute where attrelid = pg_class.oid and attname = 'tenant' and not attisdropped))
 order by relname
"""


def rls_harness(database: Connection, tenant: str) -> Iterator[Check]:
    """No table shows a row of another tenant; its own one is seen."""
    for table, forced, of_tenants in database.execute(_TABLES).fetchall():
        column = "code" if of_tenants else "tenant"
        query = f"select count(*) from {table} where {column} <> %s"  # noqa: S608  # a name of the catalog
        others = database.execute(query.encode(), (tenant,)).fetchone()
        yield f"{table}: row security is forced", bool(forced), "" if forced else "its owner sees every row"
        yield f"{table}: no row of others", others == (0,), "" if others == (0,) else f"{others} are seen"
    own = database.execute("select count(*) from tenants where code = %s", (tenant,)).fetchone() == (1,)
    yield "tenants: its own row", own, "" if own else f"no row of {tenant} is seen as {tenant}"


def determinism_proof(database: Connection, _tenant: str) -> Iterator[Check]:
    """The same shifts, read in another order, give the same plan."""
    shifts = database.execute("select id, site, starts_at from shifts order by id").fetchall()
    plans = [_planned(order) for order in (shifts, shifts[::-1])]
    same = plans[0] == plans[1]
    yield "the same plan twice", same, "" if same else "shifts of one site begin at the same time: chance decides"


def _planned(shifts: list[tuple[object, ...]]) -> dict[object, str]:
    """Who has which shift; shifts are taken by time and site, and those alike as they came."""
    ordered = sorted(shifts, key=lambda shift: (str(shift[2]), str(shift[1])))
    return {shift[0]: plan(number)["early"] for number, shift in enumerate(ordered)}


def golden_path(database: Connection, tenant: str) -> Iterator[Check]:
    """A planner's day: enter a shift, plan, export; nothing of it stays."""
    shifts = database.execute("select site, starts_at from shifts order by starts_at").fetchall()
    yield "shifts to plan", bool(shifts), "" if shifts else "there is no shift to plan"
    with database.transaction(force_rollback=True):
        entered = database.execute(
            "insert into shifts (tenant, site, starts_at, ends_at)"
            " values (%s, 'Golden path', now(), now() + interval '8 hours') returning id",
            (tenant,),
        ).fetchone()
        yield "a shift is entered", entered is not None, ""
    exported = json.dumps([[str(value) for value in shift] for shift in shifts])
    yield "the plan is exported", json.loads(exported) is not None, ""


def integrations_contract(database: Connection, _tenant: str) -> Iterator[Check]:
    """What the tenant's payroll relies on: the profile `default`, with hours of rest as agreed."""
    found = database.execute("select rest_hours from policy_profiles where name = 'default'").fetchone()
    yield "the profile `default`", found is not None, "" if found else "payroll asks for it, and it is not there"
    if found is not None:
        rested = isinstance(found[0], int) and found[0] >= 11
        yield "hours of rest", rested, "" if rested else f"{found[0]} hours, at least 11 are agreed"


GATES = {
    "rls-harness": rls_harness,
    "determinism-proof": determinism_proof,
    "golden-path": golden_path,
    "integrations-contract": integrations_contract,
}


def tried(url: str, tenant: str, gate: str) -> bool:
    """Try one gate, print what came of it; whether it is passed."""
    with psycopg.connect(url, connect_timeout=5, autocommit=True) as database:
        database.execute("select set_config('app.tenant', %s, false)", (tenant,))
        checks = list(GATES[gate](database, tenant))
    for name, passed, detail in checks:
        print(f"{'ok' if passed else 'FAILED'} {name}{f': {detail}' if detail else ''}")
    told = [{"name": name, "passed": passed, "detail": detail} for name, passed, detail in checks]
    report = {"tenant": tenant, "gate": gate, "passed": all(passed for _, passed, _ in checks), "checks": told}
    commit = {} if build.commit() == "unknown" else {"commit": build.commit()}
    print(f"{MARK} {json.dumps({**report, **commit})}", flush=True)
    return bool(report["passed"])


def main() -> None:
    """Try one gate, or all."""
    parser = argparse.ArgumentParser(description="Gates of tenant onboarding")
    parser.add_argument("action", choices=["validate"])
    parser.add_argument("--tenant", required=True)
    parser.add_argument("--gate", choices=GATES)
    parser.add_argument("--environment", default="")
    asked = parser.parse_args()
    variable = f"{asked.environment.upper()}_DATABASE_URL".lstrip("_")
    url = os.environ.get(variable) or sys.exit(f"{variable} is not set")
    try:
        passed = [tried(url, asked.tenant, gate) for gate in ([asked.gate] if asked.gate else GATES)]
    except psycopg.Error as error:
        print(f"the database: {error}")
        sys.exit(2)
    sys.exit(0 if all(passed) else 1)


if __name__ == "__main__":
    main()
