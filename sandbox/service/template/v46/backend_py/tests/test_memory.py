from backend_py.plans import plan


def test_a_plan_is_remembered() -> None:
    assert plan(1) is plan(1)
