"""Our own pictures: bars as SVG, coloured by class, so that they follow the scheme and the printer.

A picture repeats what stands beside it in figures; it carries a title for those who hear the page.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_DOWN, Decimal

from markupsafe import Markup, escape

from dashboard.formats import written
from dashboard.languages.text import translated

Number = int | float | Decimal
Part = tuple[str, Number]

_WIDTH = 100.0
_TENTH = Decimal("0.1")


def stacked(parts: Sequence[Part], title: str, whole: Number | None = None) -> Markup:
    """One bar of several parts, each a class and a size, in percent of ``whole``, or of their sum."""
    total = float(whole if whole is not None else sum(size for _, size in parts))
    drawn, x = [], 0.0
    for name, size in parts:
        width = _WIDTH * float(size) / total if total > 0 else 0.0
        if width > 0:
            drawn.append(f'<rect class="f-{escape(name)}" x="{x:.2f}" width="{max(width, 0.4):.2f}" height="10"/>')
        x += width
    return _svg("bar", f"0 0 {_WIDTH:g} 10", title, "".join(drawn))


def bullet(value: Number | None, low: Number, high: Number, band: str) -> Markup:
    """Months of stock as a bar, with the store's minimum and maximum marked; the scale ends at twice the maximum."""
    if value is None:
        return Markup("")
    scale = _WIDTH / (float(high) * 2 or 1)
    width = min(float(value) * scale, _WIDTH)
    inside = f'<rect class="f-track" width="{_WIDTH:g}" height="10"/>'
    inside += f'<rect class="f-{escape(band)}" y="2" width="{width:.4g}" height="6"/>'
    marks = "".join(f"M{float(mark) * scale:.4g} 0h1v10h-1z" for mark in (low, high))
    inside += f'<path class="f-mark" d="{marks}"/>'
    return _svg("bar", f"0 0 {_WIDTH:g} 10", _wanted(value, low, high), inside)


def _wanted(value: Number, low: Number, high: Number) -> str:
    return translated(
        "%(months)s months of stock, from %(low)s to %(high)s wanted",
        months=written(str(Decimal(str(value)).quantize(_TENTH, ROUND_DOWN))),
        low=written(f"{low:g}"), high=written(f"{high:g}"),
    )  # fmt: skip


def _svg(name: str, box: str, title: str, inside: str) -> Markup:
    return Markup(
        f'<svg class="{name}" viewBox="{box}" preserveAspectRatio="none" role="img"><title>{escape(title)}</title>'
        f"{inside}</svg>"
    )
