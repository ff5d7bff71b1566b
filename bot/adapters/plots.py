"""Draws KPIs before and after a deploy, and what drills took, as a PNG, with Pillow."""

import io
import math
from collections.abc import Sequence
from datetime import UTC, datetime

from PIL import Image, ImageDraw, ImageFont

from commands.views.plots import Panel, Picture, Points

_SCALE, _SMOOTH = 4, 2  # drawn so much larger than it is; and of that shrunk by so much, for smooth lines
_WIDTH, _HEIGHT = 760, 190  # of a panel
_LEFT, _RIGHT, _TOP, _BOTTOM, _GAP = 64, 24, 50, 30, 36
_INK, _PALE, _BEFORE, _GOOD, _BAD = "#1d1c1d", "#c9c9cf", "#7a7a85", "#1264a3", "#c01343"
_FAR = 5  # a bound so many times above all values is not drawn: it would press them flat

Box = tuple[float, float, float, float]


def drawn(picture: Picture) -> bytes:
    """The picture as a PNG."""
    size = (_WIDTH * _SCALE, _HEIGHT * len(picture.panels) * _SCALE)
    image = Image.new("RGB", size, "white")
    draw = ImageDraw.Draw(image)
    for number, panel in enumerate(picture.panels):
        _Drawing(draw, panel, top=number * _HEIGHT).all()
    out = io.BytesIO()
    image.reduce(_SMOOTH).save(out, "PNG", optimize=True)
    return out.getvalue()


class _Drawing:
    """One panel: the time before the deploy at the left, that after it at the right, each in a scale of its own."""

    def __init__(self, draw: ImageDraw.ImageDraw, panel: Panel, *, top: int) -> None:
        self._draw = draw
        self._panel = panel
        self._top = top
        self._limit, self._lowest, self._highest = scale(panel)

    def all(self) -> None:
        """Everything."""
        middle = (_LEFT + _WIDTH - _RIGHT) / 2
        panel, colour = self._panel, _GOOD if self._panel.good else _BAD
        self._text((_LEFT, 12), panel.title, size=16)
        said = f"{panel.said} · {panel.bound} · {panel.verdict}"
        self._text((_WIDTH - _RIGHT, 14), said, anchor="ra", colour=colour)
        self._grid()
        if not panel.divided:
            self._curve(panel.after, left=_LEFT, right=_WIDTH - _RIGHT, colour=colour)
            return
        self._curve(panel.before, left=_LEFT, right=middle - _GAP / 2, colour=_BEFORE)
        self._curve(panel.after, left=middle + _GAP / 2, right=_WIDTH - _RIGHT, colour=colour)
        self._dashes((middle, _TOP, middle, _HEIGHT - _BOTTOM), _INK)
        self._text((middle, _TOP - 4), "deploy", anchor="md", colour=_INK)

    def _grid(self) -> None:
        for value in (self._lowest, (self._lowest + self._highest) / 2, self._highest):
            y = self._y(value)
            self._line([(_LEFT, y), (_WIDTH - _RIGHT, y)], _PALE, 1)
            self._text((_LEFT - 6, y), f"{value:,g}", anchor="rm", colour=_BEFORE, size=11)
        if self._limit is not None:
            y = self._y(self._limit)
            self._dashes((_LEFT, y, _WIDTH - _RIGHT, y), _BAD)

    def _curve(self, points: Points, *, left: float, right: float, colour: str) -> None:
        """A line through what is known, broken where nothing is; its first and last time below."""
        if not points:
            self._text(((left + right) / 2, (_TOP + _HEIGHT - _BOTTOM) / 2), "no data", anchor="mm", colour=_BEFORE)
            return
        first, last = points[0][0], points[-1][0]
        for at, x, anchor in ((first, left, "la"), (last, right, "ra")):
            shown = f"{datetime.fromtimestamp(at, UTC):{'%H:%M:%S' if self._panel.divided else '%-d %b'}}"
            self._text((x, _HEIGHT - _BOTTOM + 6), shown, anchor=anchor, colour=_BEFORE, size=11)
        for piece in _pieces(points):
            placed = [
                (left + (right - left) * (at - first) / ((last - first) or 1), self._y(value)) for at, value in piece
            ]
            self._line(placed, colour, 3)
            for place in placed[-1:] if self._panel.divided else placed:
                self._dot(place, colour)

    def _y(self, value: float) -> float:
        share = (value - self._lowest) / (self._highest - self._lowest)
        return _HEIGHT - _BOTTOM - share * (_HEIGHT - _BOTTOM - _TOP)

    def _place(self, at: tuple[float, float]) -> tuple[float, float]:
        return at[0] * _SCALE, (at[1] + self._top) * _SCALE

    def _line(self, places: Sequence[tuple[float, float]], colour: str, width: int) -> None:
        self._draw.line([self._place(at) for at in places], fill=colour, width=width * _SCALE // 2, joint="curve")

    def _dot(self, at: tuple[float, float], colour: str) -> None:
        self._draw.circle(self._place(at), 3 * _SCALE, fill=colour)

    def _dashes(self, box: Box, colour: str, dash: float = 6) -> None:
        x0, y0, x1, y1 = box
        count = int(max(abs(x1 - x0), abs(y1 - y0)) / dash)
        for number in range(0, count, 2):
            begin, end = number / count, (number + 1) / count
            ends = [(x0 + (x1 - x0) * share, y0 + (y1 - y0) * share) for share in (begin, end)]
            self._line(ends, colour, 2)

    def _text(
        self, at: tuple[float, float], text: str, *, anchor: str = "la", colour: str = _INK, size: int = 13
    ) -> None:
        font = ImageFont.load_default(size * _SCALE)
        self._draw.text(self._place(at), text, fill=colour, font=font, anchor=anchor)


def scale(panel: Panel) -> tuple[float | None, float, float]:
    """The bound where it is drawn, and the lowest and highest value of the scale, whose half is round too."""
    values = [value for _, value in (*panel.before, *panel.after) if value is not None]
    limit = panel.limit
    if limit is not None and panel.divided and panel.good and 0 < max([*values, 0]) * _FAR < limit:
        limit = None
    known = [*values, *([limit] if limit is not None else [])]
    lowest, highest = -_round(-min([*known, 0])), _round(max([*known, 0]))
    return limit, lowest, highest if highest > lowest else 1


def _round(value: float) -> float:
    """The next 1, 2, 4, 6, 8 or 10 of its size; 0 for nothing."""
    if value <= 0:
        return 0
    size: float = 10 ** math.floor(math.log10(value))
    return next(step * size for step in (1, 2, 4, 6, 8, 10) if value <= step * size)


def _pieces(points: Points) -> list[list[tuple[float, float]]]:
    """The stretches without a gap."""
    pieces: list[list[tuple[float, float]]] = [[]]
    for at, value in points:
        if value is None:
            pieces.append([])
        else:
            pieces[-1].append((at, value))
    return [piece for piece in pieces if piece]
