"""Who has which shift."""

_PEOPLE = ("Kim", "Lou", "Max")


def plan(number: int, people: tuple[str, ...] = _PEOPLE) -> dict[str, str]:
    """Who has which shift in the plan of this number: everybody one, and nobody always the same."""
    turn = number % len(people)
    return dict(zip(("early", "late", "night"), people[turn:] + people[:turn], strict=True))
