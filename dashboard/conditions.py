"""The kinds of filters: each turns a value from a link into a condition with parameters, or refuses it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from dashboard.languages.text import no_such, translated
from dashboard.reader import Reading
from sync_rules.texts.likeness import like
from warehouse.connection import quote
from warehouse.exports.groups import GROUPS, all_pairs, choices_of, is_of_value

ALL = "all"
"""The choice that leaves every row, for lists that choose something where nothing is asked."""

SEVERAL = "\x1f"
"""Between values where a parameter has several: no keyboard writes it, and no address may bring it."""

MOST_VALUES = 50
_LISTED = 20
"""So many values are told where one was asked for that is none."""

Condition = tuple[str, list[object]]

LONGEST = 4000
"""So many letters can be asked for: a code is what sites write, and an address has to hold it."""


def values_of(value: str) -> list[str]:
    """What is chosen for a parameter: one value or several."""
    return value.split(SEVERAL)


class BadFilter(ValueError):
    """A parameter that a page does not have, or a value that it does not know. The page says 400."""


class Filter(Protocol):
    """One parameter of a list."""

    def condition(self, reading: Reading, value: str) -> Condition:
        """SQL that holds for the rows meant, and its parameters. Raises BadFilter for a value that is none."""


@dataclass(frozen=True)
class Choice:
    """One of a few values, each with its condition."""

    choices: Mapping[str, str]

    def condition(self, reading: Reading, value: str) -> Condition:  # noqa: ARG002 - as every filter
        """The condition of the choice."""
        if value not in self.choices:
            raise BadFilter(
                translated("`%(value)s` is none of %(choices)s", value=value, choices=", ".join(self.choices))
            )
        return self.choices[value], []


@dataclass(frozen=True)
class Code:
    """A code that a report must have; any of the columns may hold it."""

    known_in: str
    columns: tuple[str, ...]

    def condition(self, reading: Reading, value: str) -> Condition:
        """One of the columns is the code."""
        column = {"stores": "store_code", "items": "item_code", "sync_status": "site_code"}[self.known_in]
        kind = column.removesuffix("_code")
        if value not in (known := reading.codes[kind]):
            raise BadFilter(_or_known(no_such(kind, value), value, known))
        return f"({' or '.join(f'{quote(name)} = ?' for name in self.columns)})", [value] * len(self.columns)


@dataclass(frozen=True)
class OfItems:
    """Rows of those items that a report of items tells: of a list, of a category, with a word in the name."""

    way: str

    def condition(self, reading: Reading, value: str) -> Condition:
        """The item is one of those."""
        if self.way not in GROUPS:
            return f"item_code in ({_NAMED_ITEMS})", [value]
        _require_value(reading, self.way, value, translated("no item belongs to `%(value)s`", value=value))
        return is_of_value(self.way, "item_code", value), [value]


@dataclass(frozen=True)
class OfStores:
    """Rows of some stores: of a code, a region, with a word in the name (``way``); either store of a transfer, or the
    sites at which they are active. Such filters together find the stores that are all of it."""

    way: str
    columns: tuple[str, ...]

    def condition(self, reading: Reading, value: str) -> Condition:
        """One of the columns is such a store's."""
        return all_of(reading, [(self, value)])

    def test(self, reading: Reading, value: str) -> str:
        """SQL with one parameter that holds where ``{0}`` is the code of such a store."""
        if self.way in GROUPS:
            _require_value(reading, self.way, value, no_such(self.way, value))
            return is_of_value(self.way, "{0}", value, is_one=len(self.columns) == 1)
        if self.way == "store" and value not in (known := reading.codes["store"]):
            raise BadFilter(_or_known(no_such("store", value), value, known))
        return "{0} = ?" if self.way == "store" else f"{{0}} in ({_NAMED})"


def all_of(reading: Reading, chosen: Sequence[tuple[Filter, str]]) -> Condition:
    """All filters together, of several values of each any one; what is of stores by the same columns, of one store
    that is all of it. Raises BadFilter."""
    parts, values = ["true"], list[object]()
    stores: dict[tuple[str, ...], list[tuple[str, list[str]]]] = {}
    for one, value in chosen:
        if isinstance(one, OfStores):
            tests = [one.test(reading, each) for each in values_of(value)]
            stores.setdefault(one.columns, []).append((f"({' or '.join(tests)})", values_of(value)))
            continue
        found = [one.condition(reading, each) for each in values_of(value)]
        parts.append(f"({' or '.join(sql for sql, _ in found)})")
        values += [each for _, given in found for each in given]
    for columns, tests_of in stores.items():
        test = " and ".join(sql for sql, _ in tests_of)
        parts.append(f"({' or '.join(_of_column(column, test) for column in columns)})")
        values += [each for _ in columns for _, given in tests_of for each in given]
    return " and ".join(parts), values


def _of_column(column: str, test: str) -> str:
    if column == "site_code":
        return f"site_code in (select site_code from reports.stores where {test.format('store_code')})"
    return test.format(quote(column))


@dataclass(frozen=True)
class Word:
    """A column is exactly this text, whatever it is: no row may have it."""

    column: str

    def condition(self, reading: Reading, value: str) -> Condition:  # noqa: ARG002 - as every filter
        """The column is the value."""
        return f"{quote(self.column)} = ?", [value]


@dataclass(frozen=True)
class Inside:
    """A column has this text in it, in capitals or not: no row may have it."""

    column: str

    def condition(self, reading: Reading, value: str) -> Condition:  # noqa: ARG002 - as every filter
        """The column holds the value."""
        return f"contains(lower({quote(self.column)}), lower(?))", [value]


_NAMED = (
    "select store_code from reports.stores "
    "where contains(lower(coalesce(store_code, '') || ' ' || coalesce(store_name, '')), lower(?))"
)

_NAMED_ITEMS = _NAMED.replace("store", "item")

SORTS_OF_STORES = tuple(name for name, group in GROUPS.items() if group.kind == "store")
SORTS_OF_ITEMS = tuple(name for name, group in GROUPS.items() if group.kind == "item")


def _require_value(reading: Reading, way: str, value: str, lacking: str) -> None:
    known = [one for (one,) in reading.tuples(f"select distinct value from ({all_pairs(way)})")]
    if value not in known:
        raise BadFilter(_or_known(lacking, value, known))


def _or_known(lacking: str, value: str, known: Collection[str]) -> str:
    """What is lacking, and what there is: all of a few, of many what looks like it, or the first."""
    if not known:
        return lacking
    few = [] if len(known) <= _LISTED else like(value, known)
    some = [f"`{one}`" for one in few or sorted(known)[:_LISTED]] + ["..."] * (len(known) > _LISTED)
    return translated("%(lacking)s; there is %(some)s", lacking=lacking, some=", ".join(some))


def _stores(*columns: str) -> Mapping[str, Filter]:
    """How rows are found by their stores: by how these are sorted, by code, by a word of the name."""
    return {way: OfStores(way, columns) for way in (*SORTS_OF_STORES, "store", "store_name")}


STORES = _stores("store_code")
OF_SILENT_STORES = Choice(
    {"yes": "site_code in (select site_code from reports.stores where is_reporting and is_silent)"}
)
SITES_OF_STORES: Mapping[str, Filter] = {way: OfStores(way, ("site_code",)) for way in SORTS_OF_STORES}
EITHER = _stores("from_store_code", "to_store_code")
ITEMS: Mapping[str, Filter] = {
    "tracer": Choice({"yes": "item_code in (select item_code from reports.stock_bands where is_tracer)", ALL: "true"}),
    "item": Code("items", ("item_code",)),
    **{name: OfItems(name) for name in (*SORTS_OF_ITEMS, "find")},
}

OPTIONS: Mapping[str, str] = {
    "store": "select store_code, coalesce(store_name, store_code) from reports.stores "
    "where is_reporting and store_code is not null order by store_code",
    **{name: choices_of(name) for name in GROUPS},
}
"""What there is to choose for a parameter: value and name of each."""

_CUSTOMER_OR_SUPPLIER = _stores("customer_code", "supplier_code")
_KIND = Choice({"requisition": "kind = 'requisition'", "purchase_order": "kind = 'purchase_order'", ALL: "true"})
_REASONS = ("stocked_out", "never_stocked", "below_min", "before_delivery", "to_maximum", "enough", "unknown")
_STEPS = ("asked_to_answered", "asked_to_received", "ordered_to_received", "sent_to_received")
ORDER_FILTERS: Mapping[str, Mapping[str, Filter]] = {
    "order_lines": {
        "due": Choice(
            {
                "yes": "outstanding_units > 0",
                "30": "outstanding_units > 0 and days_open > 30",
                "unknown": "is_open is null or (is_open and outstanding_units is null)",
                "closed": "not is_open",
                ALL: "true",
            }
        ),
        "kind": _KIND,
        **_CUSTOMER_OR_SUPPLIER,
        **ITEMS,
    },
    "order_fill_monthly": {"kind": _KIND, **_CUSTOMER_OR_SUPPLIER},
    "item_fill_monthly": {"kind": _KIND, **_CUSTOMER_OR_SUPPLIER, **ITEMS},
    "lead_times": {
        "step": Choice({step: f"step = '{step}'" for step in _STEPS}),
        "routes": Choice({"routes": "is_route", "suppliers": "not is_route", "overdue": "is_route and overdue > 0"}),
        **_CUSTOMER_OR_SUPPLIER,
    },
    "suggested_orders": {
        "order": Choice({"yes": "suggested_units > 0", "unknown": "suggested_units is null", ALL: "true"}),
        "why": Choice({reason: f"reason = '{reason}'" for reason in _REASONS}),
        "supplier": Word("supplier_name"),
        **STORES,
        **ITEMS,
    },
    "redistribution": {"near": Choice({"yes": "is_same_region"}), **EITHER, **ITEMS},
    "stock_bands": ITEMS,
    "stock_bands_monthly": ITEMS,
    "expiry_ahead_monthly": {**STORES, **ITEMS},
}
"""What lists of orders, and of what is ordered by, can be filtered by."""
