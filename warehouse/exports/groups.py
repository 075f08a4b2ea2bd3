"""How stores and items are sorted: what reports are filtered by, and added up by, besides their own columns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Group:
    """A way in which codes of stores or items (``kind``) are sorted: ``pairs`` is a query of code and value, on reports
    alone. A code may have several values, or none; ``column`` is what the value is called in sums."""

    kind: str
    column: str
    pairs: str


def _of_stores(column: str) -> Group:
    # a code that two stores have is of a region where both are
    one = f"case when min({column}) = max({column}) then min({column}) end"
    return Group("store", column, f"select store_code as code, {one} as value from reports.stores group by store_code")


def _of_items(column: str) -> Group:
    one = f"case when min({column}) = max({column}) then min({column}) end"
    return Group("item", column, f"select item_code as code, {one} as value from reports.items group by item_code")


_PROGRAMMES = "select distinct item_code as code, programme_code as value from reports.item_lists"

GROUPS: Mapping[str, Group] = {
    "region": _of_stores("region_name"),
    "level": _of_stores("level_name"),
    "tag": Group("store", "tag_name", "select store_code as code, tag_name as value from reports.store_tags"),
    "category": _of_items("category_name"),
    "ven": _of_items("ven_category"),
    "list": Group("item", "list_code", "select item_code as code, list_code as value from reports.item_lists"),
    "programme": Group("item", "programme_code", f"{_PROGRAMMES} where programme_code is not null"),
}
"""The region and level of a store's facility and words that it is marked with; an item's category, VEN, lists, and
programmes, as lists have them."""

OVERLAPPING = frozenset({"tag", "list", "programme"})
"""One store or item may be in several of these: their sums are not parts of a whole."""


def codes_of(name: str) -> str:
    """The codes of those stores or items that have one of the values given as a parameter, a list."""
    return f"select code from ({GROUPS[name].pairs}) where value in (select unnest(?))"
