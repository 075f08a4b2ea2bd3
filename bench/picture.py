"""The picture of docs/performance.md, drawn from its tables: `python -m bench.picture`.

Two panels, both with logarithmic axes: processor seconds of a cycle against sites, and against the rows that are held.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from math import ceil, floor, log10
from pathlib import Path

PAGE = Path(__file__).parents[1] / "docs" / "performance.md"
PICTURE = PAGE.with_suffix(".svg")

Series = Mapping[str, Sequence[tuple[float, float]]]
_PANELS = (("## A fleet", "sites"), ("## As the warehouse grows", "rows held"))
_WIDTH, _HEIGHT, _LEFT, _TOP, _BOTTOM, _GAP = 330, 240, 48, 34, 44, 210
_COLOURS = ("#1b6ca8", "#c2571a", "#2f7d32", "#7b3fa0")
_STYLE = (
    "text{font:11px system-ui,sans-serif;fill:currentColor}.t{font-weight:600}"
    ".a{stroke:currentColor;stroke-opacity:.2}.s{fill:none;stroke-width:2}svg{color:#222;background:#fff}"
)


def series(text: str, heading: str, across: str) -> Series:
    """The points (what stands in column ``across``, `CPU s`) of each cycle in the table below a heading."""
    table = [line for line in text.split(heading, 1)[1].split("\n## ", 1)[0].splitlines() if line.startswith("|")]
    names, _, *rows = ([cell.strip() for cell in line.strip("|").split("|")] for line in table)
    found: dict[str, list[tuple[float, float]]] = {}
    for row in rows:
        said = dict(zip(names, row, strict=True))
        found.setdefault(said["cycle"], []).append((_number(said[across]), _number(said["CPU s"])))
    return {cycle: sorted(points) for cycle, points in found.items()}


def _number(text: str) -> float:
    [found] = re.findall(r"^[\d,.]+", text)
    return float(found.replace(",", ""))


def picture(text: str) -> str:
    """The SVG of the tables in ``text``."""
    inside = "".join(
        f'<g transform="translate({number * (_WIDTH + _GAP) + _LEFT},{_TOP})">{"".join(_panel(across, found))}</g>'
        for number, (heading, across) in enumerate(_PANELS)
        if (found := series(text, heading, across))
    )
    width, height = 2 * (_WIDTH + _GAP) + _LEFT, _HEIGHT + _TOP + _BOTTOM
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img">'
        f"<title>Processor seconds of a cycle, against sites and against rows</title><style>{_STYLE}</style>{inside}"
        "</svg>\n"
    )


def _panel(across: str, found: Series) -> Iterator[str]:
    points = [point for one in found.values() for point in one]
    low_x, high_x = (edge(log10(bound(x for x, _ in points))) for edge, bound in ((floor, min), (ceil, max)))
    low_y, high_y = (edge(log10(bound(y for _, y in points))) for edge, bound in ((floor, min), (ceil, max)))

    def at(x: float, y: float) -> tuple[float, float]:
        right, up = (log10(x) - low_x) / (high_x - low_x), (log10(y) - low_y) / (high_y - low_y)
        return round(right * _WIDTH, 1), round((1 - up) * _HEIGHT, 1)

    yield f'<text class="t" y="-14">CPU s of a cycle, by {escape(across)}</text>'
    for power in range(low_x, high_x + 1):
        x, _ = at(10**power, 10**low_y)
        said = f'<text x="{x}" y="{_HEIGHT + 16}" text-anchor="middle">{10**power:,}</text>'
        yield f'<path class="a" d="M{x} 0V{_HEIGHT}"/>{said}'
    for power in range(low_y, high_y + 1):
        _, y = at(10**low_x, 10**power)
        yield f'<path class="a" d="M0 {y}H{_WIDTH}"/><text x="-6" y="{y + 4}" text-anchor="end">{10.0**power:g}</text>'
    for (cycle, line), colour in zip(found.items(), _COLOURS, strict=False):
        drawn = [at(*point) for point in line]
        yield f'<path class="s" stroke="{colour}" d="M{"L".join(f"{x} {y}" for x, y in drawn)}"/>'
        yield "".join(f'<circle cx="{x}" cy="{y}" r="3" fill="{colour}"/>' for x, y in drawn)
        x, y = drawn[-1]
        yield f'<text x="{x + 8}" y="{y + 4}">{escape(cycle)}</text>'


if __name__ == "__main__":
    PICTURE.write_text(picture(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
