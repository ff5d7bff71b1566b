from backend_py.plans import plan


def test_nobody_always_has_the_night() -> None:
    assert {plan(number)["night"] for number in range(3)} == {"Kim", "Lou", "Max"}


def test_everybody_has_one_shift() -> None:
    assert sorted(plan(7).values()) == ["Kim", "Lou", "Max"]
