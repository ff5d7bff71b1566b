"""Does this version's code run on the schema of DATABASE_URL? `python -m backend_py.tools.compatibility`.

It does what the service does there, a line each, and leaves nothing behind; exits 0 only if all of it works.
"""

import os
import sys

import psycopg
from backend_py.profiles import LONGEST_WEEK

_STEPS = {
    "a tenant is entered": "insert into tenants (code, name) values ('compatibility', 'Compatibility')",
    "a shift is entered": (
        "insert into shifts (tenant, site, starts_at, ends_at)"
        " values ('compatibility', 'Harbour', now(), now() + interval '8 hours')"
    ),
    "a profile is entered": (
        f"insert into policy_profiles (tenant, name, rest_hours, {LONGEST_WEEK})"  # noqa: S608  # a name of ours
        " values ('compatibility', 'default', 11, 48)"
    ),
    "shifts are planned": "select site, starts_at, ends_at, profile from shifts order by starts_at, site",
    "rest is kept": f"select rest_hours, {LONGEST_WEEK} from policy_profiles",  # noqa: S608  # a name of ours
}


def tried(url: str) -> bool:
    """Try each, print what came of it; whether all went well."""
    with psycopg.connect(url, connect_timeout=5) as database:
        database.execute("select set_config('app.tenant', 'compatibility', true)")
        for name, statement in _STEPS.items():
            try:
                database.execute(statement.encode())
            except psycopg.Error as error:
                print(f"FAILED {name}: {str(error).splitlines()[0]}")
                return False
            print(f"ok {name}")
        database.rollback()
    return True


def main() -> None:
    """Try it."""
    url = os.environ.get("DATABASE_URL") or sys.exit("DATABASE_URL is not set")
    try:
        well = tried(url)
    except psycopg.Error as error:
        sys.exit(f"the database: {str(error).splitlines()[0]}")
    sys.exit(0 if well else 1)


if __name__ == "__main__":
    main()
