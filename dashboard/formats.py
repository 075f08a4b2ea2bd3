"""How values are shown: figures, money, days and moments."""

from __future__ import annotations

from datetime import date, datetime
from decimal import ROUND_DOWN, Decimal
from zoneinfo import ZoneInfo

from markupsafe import Markup

NONE = Markup('<span class="none">–</span>')
"""What is not known or not there."""

_TENTH = Decimal("0.1")


def figure(value: float | Decimal | None, places: int = 2) -> str:
    """A quantity with thousands apart, to at most so many decimals."""
    if value is None:
        return NONE
    text = f"{Decimal(str(value)):,.{places}f}"
    shown = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if shown == "-0" else shown


def money(value: Decimal | float | None) -> str:
    """An amount, always to two decimals, so that those of a column are under each other."""
    return NONE if value is None else f"{value:,.2f}"


def months(value: Decimal | float | None) -> str:
    """Months of stock, rounded down, so that the figure never says more than its band."""
    if value is None:
        return ""
    if value >= 100:
        return "99+"
    if value >= 10:
        return str(int(value))
    return str(Decimal(str(value)).quantize(_TENTH, ROUND_DOWN))


def day(value: date | None) -> str:
    """A day: 4 Nov 2026."""
    return NONE if value is None else f"{value.day} {value:%b %Y}"


def month(value: date) -> str:
    """A month: Nov 26."""
    return f"{value:%b %y}"


def moment(value: datetime | None, zone: ZoneInfo) -> str:
    """A moment on the network's clocks: 4 Nov 2026 14:05."""
    if value is None:
        return NONE
    local = value.astimezone(zone)
    return f"{local.day} {local:%b %Y %H:%M}"


def days(number: int) -> str:
    """So many whole days; no word that is wrong on the morrow."""
    return f"{number:,} day{'s' if number != 1 else ''}"


def seconds(value: float | None) -> str:
    """A duration."""
    return NONE if value is None else f"{value:.1f} s" if value < 60 else f"{value / 60:.1f} min"
