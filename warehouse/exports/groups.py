"""How stores and items are sorted: what reports are filtered by, and added up by, besides their own columns."""

from __future__ import annotations

from collections.abc import Collection, Mapping
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


NONE_SAID = "none is said"
"""The value to ask for what has none, so that the parts are the whole."""

_NO_CODE = "chr(31)"
"""Stands for a code that is not there, which equals no other: no keyboard writes it."""


def unsaid(name: str) -> str:
    """The query for the codes of stores or items that have no value, with NONE_SAID as value; of one without a code,
    NULL."""
    group = GROUPS[name]
    code = f"{group.kind}_code"
    said = f"select code from ({group.pairs}) where value is not null and code is not null"
    return (
        f"select distinct {code} as code, '{NONE_SAID}' as value from reports.{group.kind}s "
        f"where {code} is null or {code} not in ({said})"
    )


def all_pairs(name: str) -> str:
    """The query for code and value, NONE_SAID of what has none."""
    pairs = f"select code, value from ({GROUPS[name].pairs}) where value is not null and code is not null"
    return f"{pairs} union all select code, value from ({unsaid(name)})"


def is_of_value(name: str, column: str, value: str, *, is_one: bool = True) -> str:
    """The condition with one parameter, ``value``, that ``column`` is the code of what has it. Of two parties one may
    be nobody of the network: only where a row ``is_one`` store's or item's is no code that of one without."""
    if value != NONE_SAID:
        return f"{column} in (select code from ({GROUPS[name].pairs}) where value = ?)"
    there, code = _alike(column, is_one=is_one)
    return f"{there} in (select {code} from ({unsaid(name)}) where value = ?)"


def is_of_values(name: str, column: str, values: Collection[str], *, is_one: bool = True) -> str:
    """As `is_of_value`, with a list as parameter, ``values``, of which it has one."""
    if NONE_SAID not in values:
        return f"{column} in (select code from ({GROUPS[name].pairs}) where value in (select unnest(?)))"
    there, code = _alike(column, is_one=is_one)
    return f"{there} in (select {code} from ({all_pairs(name)}) where value in (select unnest(?)))"


def _alike(column: str, *, is_one: bool) -> tuple[str, str]:
    return (f"coalesce({column}, {_NO_CODE})", f"coalesce(code, {_NO_CODE})") if is_one else (column, "code")


_NAMES = {
    "list": "select distinct list_code, coalesce(list_name, list_code) from reports.item_lists "
    "where list_code is not null and item_code is not null",
    "programme": "select distinct programme_code, coalesce(programme_name, programme_code) from reports.item_lists "
    "where programme_code is not null and item_code is not null",
}
_SHOWN = {"store": "code in (select store_code from reports.stores where is_reporting)", "item": "true"}


def choices_of(name: str) -> str:
    """The query for each value there is and its name, in their order; last NONE_SAID, where figures are of such."""
    pairs = f"from ({GROUPS[name].pairs}) where value is not null and code is not null"
    said = _NAMES.get(name, f"select distinct value, value {pairs}")
    none = f"from ({unsaid(name)}) where {_SHOWN[GROUPS[name].kind]}"
    told = f"select 1 as place, value, name from ({said}) as told(value, name)"
    return (
        f"select value, name from ({told} union all select 2, '{NONE_SAID}', '{NONE_SAID}' where exists ({none})) "
        "order by place, value, name"
    )
