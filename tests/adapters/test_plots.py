"""KPIs as a picture: whatever the values are, something that Slack can show."""

import io

import pytest
from PIL import Image

from bot.adapters.plots import drawn, scale
from commands.views.plots import Panel, Picture, Points

RISING = tuple((1795510000.0 + 10 * n, float(n)) for n in range(30))


def panel(before: Points, after: Points, *, limit: float | None = 12, good: bool = True) -> Panel:
    return Panel("p95", "48 ms, was 45 ms", "at most 54 ms", limit, good, "well", before, after)


@pytest.mark.parametrize(
    ("before", "after", "limit"),
    [
        (RISING, RISING, 12),
        ((), (), None),
        (((1.0, 0.0),), ((2.0, 0.0),), 0),
        (((1.0, -5.0), (2.0, -7.0)), ((3.0, 1e12),), -1),
        (((1.0, None), (2.0, None)), ((3.0, None), (4.0, 2.0), (5.0, None)), None),
    ],
    ids=["ordinary", "nothing", "zeros", "far apart", "gaps"],
)
def test_it_is_a_png_of_its_panels(before: Points, after: Points, limit: float | None) -> None:
    png = drawn(Picture("a.png", "a", (panel(before, after, limit=limit), panel(after, before, limit=limit))))

    with Image.open(io.BytesIO(png)) as image:
        assert (image.format, image.size) == ("PNG", (1520, 760))


def test_what_is_worse_than_it_may_be_is_drawn_in_another_colour() -> None:
    def colours(*, good: bool) -> set[tuple[int, ...]]:
        png = drawn(Picture("a.png", "a", (panel(RISING, RISING, limit=None, good=good),)))
        with Image.open(io.BytesIO(png)) as image:
            found = image.convert("RGB").getcolors(1 << 20) or []
        return {colour for _, colour in found if isinstance(colour, tuple)}

    blue, red = (0x12, 0x64, 0xA3), (0xC0, 0x13, 0x43)
    assert blue in colours(good=True)
    assert red not in colours(good=True)
    assert red in colours(good=False)


@pytest.mark.parametrize(
    ("after", "limit", "good", "drawn_as"),
    [
        ((0.0, 85.2), 5, False, (5, 0, 100)),
        ((4.4, 2.45), 1004, True, (None, 0, 6)),
        ((4.4, 2.45), 1004, False, (1004, 0, 2000)),
        ((0.0, 0.0), 5, True, (5, 0, 6)),
        ((0.0, 0.0), None, True, (None, 0, 1)),
        ((0.3, -0.07), None, True, (None, -0.08, 0.4)),
        ((), 12, True, (12, 0, 20)),
    ],
    ids=["above it", "far below it", "not known to be well", "zeros", "nothing", "negative", "no data"],
)
def test_its_scale_ends_at_a_round_number_and_a_bound_that_is_far_away_is_not_drawn(
    after: tuple[float, ...], limit: float | None, *, good: bool, drawn_as: tuple[float | None, float, float]
) -> None:
    points = tuple((float(at), value) for at, value in enumerate(after))
    assert scale(panel((), points, limit=limit, good=good)) == pytest.approx(drawn_as)
