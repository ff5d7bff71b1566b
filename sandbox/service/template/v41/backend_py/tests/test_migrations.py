from pathlib import Path

MIGRATIONS = Path(__file__).parents[1] / "db" / "migrations"


def test_the_numbers_have_no_gap() -> None:
    numbers = sorted(int(path.name[:3]) for path in MIGRATIONS.glob("*.sql") if "_rollback" not in path.name)
    assert numbers == list(range(21, 21 + len(numbers)))


def test_every_table_of_a_tenant_is_fenced() -> None:
    for path in MIGRATIONS.glob("*.sql"):
        text = path.read_text().lower()
        for table in (line.split()[2] for line in text.splitlines() if line.startswith("create table")):
            assert f"alter table {table} enable row level security" in text, path.name
            assert f"create policy {table}_of_tenant on {table}" in text, path.name
