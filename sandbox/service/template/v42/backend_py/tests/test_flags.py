import pytest

from backend_py.flags import enabled


def test_a_flag_is_off_until_it_is_switched_on() -> None:
    assert not enabled({}, "night-shifts")
    assert enabled({"night-shifts": True}, "night-shifts")


def test_an_unknown_flag_is_a_fault() -> None:
    with pytest.raises(KeyError):
        enabled({}, "nightshifts")
