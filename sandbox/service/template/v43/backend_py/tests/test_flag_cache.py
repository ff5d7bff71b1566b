from backend_py import flag_cache


def test_the_cache_is_warm_once_it_has_been_filled() -> None:
    flag_cache.fill([("acme", "night-shifts", True)])
    assert flag_cache.warm()
