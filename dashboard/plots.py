"""Charts with axes and figures, as SVG without script or style: colours are classes, so they follow dark and print.

Every figure of a chart can be read: on the axis, over its column where there is room, and as the title of its column.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from math import floor, log10

from markupsafe import Markup, escape

from dashboard.charts import Number
from dashboard.formats import figure, written
from dashboard.languages.text import translated

WIDTH, HEIGHT = 760.0, 250.0
_LEFT, _RIGHT, _TOP, _BOTTOM = 62.0, 8.0, 32.0, 40.0
_APART = 27.0
"""So far apart are the words of two lines."""

_LEAST = 6
"""Room for so many columns is kept: one alone is no wall."""

_TICKS = 5
_STEPS = (1, 2, 2.5, 5, 10)
_FEW = 14
"""Up to so many columns have their figure written over them."""


@dataclass(frozen=True)
class Bar:
    """A column: its label below, its size (None: unknown, hatched), its class, and what its title says besides."""

    label: str
    size: Number | None
    name: str = "usable"
    note: str = ""


@dataclass(frozen=True)
class Level:
    """A line across, such as an average or a minimum: its label, its size, its class."""

    label: str
    size: Number
    name: str = "level"


@dataclass(frozen=True)
class Curve:
    """A line with a point over each column: what it says, and its sizes (None: unknown; the column is hatched)."""

    label: str
    sizes: Sequence[Number | None]


def plot(
    columns: Sequence[Bar], title: str, unit: str, levels: Sequence[Level] = (), curve: Curve | None = None
) -> Markup:
    """Columns over an axis that begins at zero, lines across, and a line from column to column.

    ``unit`` is what the axis counts.
    """
    points = curve.sizes if curve else ()
    sizes = [*(one.size for one in columns), *(level.size for level in levels), *points]
    highest = max((float(size or 0) for size in sizes), default=0.0)
    step = _step(highest)
    top = step * max(1, -(-highest // step))
    inside = [*_gaps(points), _axis(top, step, unit), *_columns(columns, top), *_levels(levels, top)]
    inside += _curve(columns, curve, top) if curve else []
    inside += _figures(columns, points, top) if len(columns) <= _FEW else []
    told = "; ".join(f"{one.label}: {_said(one)}" for one in columns)
    if curve:
        told += f"; {curve.label}: " + ", ".join(_told(size) for size in points)
    beside = max((8 * len(words) + 10 for level in levels for words in _words(level)), default=0)
    return Markup(
        f'<svg class="plot" viewBox="0 0 {WIDTH + beside:g} {HEIGHT:g}" role="img" aria-label="{escape(title)}">'
        f"<title>{escape(title)}</title><desc>{escape(told)}</desc>"
        f"{_HATCHED if any('url(#unknown)' in one for one in inside) else ''}{''.join(inside)}</svg>"
    )


_HATCHED = (
    '<defs><pattern id="unknown" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
    '<rect class="f-zero" width="6" height="6"/><rect class="f-unknown" width="2" height="6"/></pattern></defs>'
)


def short(value: Number, places: int = 1) -> str:
    """A figure in few letters: 12,300 is 12.3k, 2,500,000 is 2.5M; below 1,000 as it is, to three digits."""
    size = float(value)
    for limit, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(size) >= limit * 0.9995:
            text = f"{size / limit:.{places if abs(size) < 99.95 * limit else 0}f}"
            return written(text.rstrip("0").rstrip(".") if "." in text else text) + letter
    return figure(Decimal(str(size)), 0 if abs(size) >= 100 else places)


def _step(highest: float) -> float:
    """A round step that leaves about so many lines."""
    if highest <= 0:
        return 1.0
    rough = highest / _TICKS
    scale = 10.0 ** floor(log10(rough))
    return next(scale * one for one in _STEPS if scale * one >= rough * 0.999)


def _y(size: float, top: float) -> float:
    return HEIGHT - _BOTTOM - (HEIGHT - _TOP - _BOTTOM) * size / top


def _axis(top: float, step: float, unit: str) -> str:
    drawn, lines = [f'<text class="unit" x="{_LEFT:g}" y="12">{escape(unit)}</text>'], ""
    for number in range(round(top / step) + 1):
        y = _y(number * step, top)
        lines += f"M{_LEFT:g} {y:.1f}H{WIDTH - _RIGHT:g}"
        drawn.append(f'<text class="tick" x="{_LEFT - 6:g}" y="{y + 4:.1f}">{short(number * step, 2)}</text>')
    return f'<path class="grid" d="{lines}"/>{"".join(drawn)}'


def _columns(columns: Sequence[Bar], top: float) -> list[str]:
    every = max(1, -(-len(columns) // _FEW))
    drawn, labels = [], ""
    for number, one in enumerate(columns):
        (x, width), y = _place(number, len(columns)), _height(one, top)
        fill = 'fill="url(#unknown)"' if one.size is None else f'class="f-{escape(one.name)}"'
        drawn.append(
            f'<g><title>{escape(one.label)}: {escape(_said(one))}</title><rect {fill} x="{x:.1f}" y="{y:.1f}" '
            f'width="{width:.1f}" height="{HEIGHT - _BOTTOM - y:.1f}"/></g>'
        )
        if not number % every:
            place = f'x="{x + width / 2:.1f}" y="{HEIGHT - _BOTTOM + 16:g}"'
            labels += f"<text {place}>{escape(one.label)}</text>"
    return [*drawn, f'<g class="labels">{labels}</g>']


def _figures(columns: Sequence[Bar], points: Sequence[Number | None], top: float) -> list[str]:
    """Over all lines, so that none goes through one, and over a point that would be in its place."""
    drawn = []
    for number, one in enumerate(columns):
        x, width = _place(number, len(columns))
        y = _height(one, top) - 4
        point = points[number] if points else None
        if point is not None and -5 < y - _y(float(point), top) < 15:
            y = _y(float(point), top) - 7
        text = "?" if one.size is None else short(one.size)
        drawn.append(f'<text class="value" x="{x + width / 2:.1f}" y="{y:.1f}">{text}</text>')
    return drawn


def _place(number: int, columns: int) -> tuple[float, float]:
    """Where a column begins, and how wide it is."""
    share = (WIDTH - _LEFT - _RIGHT) / max(_LEAST, columns)
    return _LEFT + number * share + share * 0.14, share * 0.72


def _height(one: Bar, top: float) -> float:
    """Where a column ends; what is unknown is hatched as high as there is room."""
    return _TOP if one.size is None else min(_y(max(float(one.size), 0.0), top), HEIGHT - _BOTTOM - 0.8)


def _levels(levels: Sequence[Level], top: float) -> list[str]:
    """The lines, and beside them their words, one over the other where lines are close together, or the same."""
    drawn, taken = [], HEIGHT + _APART
    for level in sorted(levels, key=lambda level: float(level.size)):
        y = _y(float(level.size), top)
        taken = min(y, taken - _APART)
        words = "".join(
            f'<text x="{WIDTH:g}" y="{max(taken, 14) + down:.1f}">{escape(text)}</text>'
            for down, text in zip((-2, 10), _words(level), strict=True)
        )
        line = f'<line x1="{_LEFT:g}" x2="{WIDTH - _RIGHT:g}" y1="{y:.1f}" y2="{y:.1f}"/>'
        drawn.append(f'<g class="level l-{escape(level.name)}">{line}{words}</g>')
    return drawn


def _words(level: Level) -> tuple[str, str]:
    return level.label, figure(Decimal(str(level.size)), 0 if level.size >= 100 else 1)


def _gaps(points: Sequence[Number | None]) -> list[str]:
    """Where the line is unknown all of the column's place is hatched."""
    share = (WIDTH - _LEFT - _RIGHT) / max(_LEAST, len(points))
    place = f'y="{_TOP:g}" width="{share:.1f}" height="{HEIGHT - _BOTTOM - _TOP:g}" fill="url(#unknown)"'
    return [f'<rect x="{_LEFT + n * share:.1f}" {place}/>' for n, size in enumerate(points) if size is None]


def _curve(columns: Sequence[Bar], curve: Curve, top: float) -> list[str]:
    """What is unknown breaks it."""
    parts, points, begins = [], [], True
    for number, (one, size) in enumerate(zip(columns, curve.sizes, strict=True)):
        if size is not None:
            (x, width), y = _place(number, len(columns)), min(_y(float(size), top), HEIGHT - _BOTTOM)
            parts.append(f"{'M' if begins else 'L'}{x + width / 2:.1f} {y:.1f}")
            said = f"{escape(one.label)}, {escape(curve.label)}: {_told(size)}"
            points.append(f'<circle cx="{x + width / 2:.1f}" cy="{y:.1f}" r="3.5"><title>{said}</title></circle>')
        begins = size is None
    return [f'<g class="line"><path d="{"".join(parts)}"/>{"".join(points)}</g>']


def _told(size: Number | None) -> str:
    return translated("unknown") if size is None else figure(Decimal(str(size)))


def _said(one: Bar) -> str:
    said = _told(one.size)
    return f"{said}, {one.note}" if one.note else said
