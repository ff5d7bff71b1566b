import pytest

from backend_py.settings import load


def test_the_port_and_the_database_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "8123")
    monkeypatch.setenv("DATABASE_URL", "postgresql://planner@db.example:6432/solvereign")
    settings = load()
    assert settings.port == 8123
    assert settings.database == ("db.example", 6432)


def test_a_port_that_is_no_number_ends_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "eight")
    with pytest.raises(SystemExit, match="PORT is not a number"):
        load()
