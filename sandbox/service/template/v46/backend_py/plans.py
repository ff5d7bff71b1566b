"""Who has which shift. Plans are remembered, so that none is made twice."""

_PEOPLE = ("Kim", "Lou", "Max")
_ROOM = 5_000  # plans

_made: dict[int, dict[str, str]] = {}


def plan(number: int, people: tuple[str, ...] = _PEOPLE) -> dict[str, str]:
    """Who has which shift in the plan of this number: everybody one, and nobody always the same."""
    if number not in _made:
        if len(_made) >= _ROOM:
            raise MemoryError("no room for another plan")
        turn = number % len(people)
        _made[number] = dict(zip(("early", "late", "night"), people[turn:] + people[:turn], strict=True))
    return _made[number]
