"""How values are shown: figures, money, days and moments, as the language of the page writes them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import ROUND_DOWN, Decimal
from functools import lru_cache
from zoneinfo import ZoneInfo

from babel.dates import format_date
from markupsafe import Markup

from dashboard.languages.language import language, spoken
from dashboard.languages.text import counted_text

NONE = Markup('<span class="none">–</span>')
"""What is not known or not there."""

_TENTH = Decimal("0.1")
_DAY, _MONTH, _DAY_OF_MONTH = "d MMM y", "MMM yy", "d MMM"
_DAYS_KEPT = 20_000


def written(figures: str) -> str:
    """Figures as English has them, with the signs of the language."""
    signs = spoken().signs
    return figures.translate(signs) if signs else figures


def figure(value: float | Decimal | None, places: int = 2) -> str:
    """A quantity with thousands apart, to at most so many decimals."""
    if value is None:
        return NONE
    text = f"{Decimal(str(value)):,.{places}f}"
    shown = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if shown == "-0" else written(shown)


def percent(value: float | Decimal | None, places: int = 1) -> str:
    """A share in percent."""
    return NONE if value is None else f"{figure(value, places)} %"


def money(value: Decimal | float | None) -> str:
    """An amount, always to two decimals, so that those of a column are under each other."""
    return NONE if value is None else written(f"{value:,.2f}")


def months(value: Decimal | float | None) -> str:
    """Months of stock, rounded down, so that the figure never says more than its band."""
    if value is None:
        return ""
    if value >= 100:
        return "99+"
    if value >= 10:
        return str(int(value))
    return written(str(Decimal(str(value)).quantize(_TENTH, ROUND_DOWN)))


@lru_cache(_DAYS_KEPT)
def _date(value: date, pattern: str, code: str) -> str:
    return format_date(value, pattern, language(code).locale)


def day(value: date | None) -> str:
    """A day: 4 Nov 2026."""
    return NONE if value is None else _date(value, _DAY, spoken().code)


def day_of_month(value: date) -> str:
    """A day of a year that is plain: 4 Nov."""
    return _date(value, _DAY_OF_MONTH, spoken().code)


def month(value: date) -> str:
    """A month: Nov 26."""
    return _date(value, _MONTH, spoken().code)


def moment(value: datetime | None, zone: ZoneInfo) -> str:
    """A moment on the network's clocks: 4 Nov 2026 14:05."""
    if value is None:
        return NONE
    local = value.astimezone(zone)
    return f"{day(local.date())} {local:%H:%M}"


def days(number: int) -> str:
    """So many whole days; no word that is wrong on the morrow."""
    return counted_text("%(number)s day", "%(number)s days", number, number=figure(number))


def seconds(value: float | None) -> str:
    """A duration."""
    return NONE if value is None else written(f"{value:.1f} s" if value < 60 else f"{value / 60:.1f} min")


_COUNTED: Mapping[str, Callable[[int, str], str]] = {
    "sites": lambda n, shown: counted_text("%(number)s site", "%(number)s sites", n, number=shown),
    "stores": lambda n, shown: counted_text("%(number)s store", "%(number)s stores", n, number=shown),
    "items": lambda n, shown: counted_text("%(number)s item", "%(number)s items", n, number=shown),
    "batches": lambda n, shown: counted_text("%(number)s batch", "%(number)s batches", n, number=shown),
    "stock lines": lambda n, shown: counted_text("%(number)s stock line", "%(number)s stock lines", n, number=shown),
    "transfers": lambda n, shown: counted_text("%(number)s transfer", "%(number)s transfers", n, number=shown),
    "changes": lambda n, shown: counted_text("%(number)s change", "%(number)s changes", n, number=shown),
    "issues": lambda n, shown: counted_text("%(number)s issue", "%(number)s issues", n, number=shown),
    "lines": lambda n, shown: counted_text("%(number)s line", "%(number)s lines", n, number=shown),
    "rows": lambda n, shown: counted_text("%(number)s row", "%(number)s rows", n, number=shown),
    "pairs of store and item": lambda n, shown: counted_text(
        "%(number)s pair of store and item", "%(number)s pairs of store and item", n, number=shown
    ),
    "items of transfers": lambda n, shown: counted_text(
        "%(number)s item of a transfer", "%(number)s items of transfers", n, number=shown
    ),
    "lines of orders": lambda n, shown: counted_text(
        "%(number)s line of an order", "%(number)s lines of orders", n, number=shown
    ),
    "moves between stores": lambda n, shown: counted_text(
        "%(number)s move between stores", "%(number)s moves between stores", n, number=shown
    ),
    "suppliers and routes": lambda n, shown: counted_text(
        "%(number)s supplier or route", "%(number)s suppliers and routes", n, number=shown
    ),
    "months of items at stores": lambda n, shown: counted_text(
        "%(number)s month of an item at a store", "%(number)s months of items at stores", n, number=shown
    ),
    "losses by month and reason": lambda n, shown: counted_text(
        "%(number)s loss by month and reason", "%(number)s losses by month and reason", n, number=shown
    ),
    "items at stores by month": lambda n, shown: counted_text(
        "%(number)s item at a store by month", "%(number)s items at stores by month", n, number=shown
    ),
}


def counted(number: int, what: str) -> str:
    """So many of what a list is of: one item, two items."""
    return _COUNTED[what](number, figure(number))
