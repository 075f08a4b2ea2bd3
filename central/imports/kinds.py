"""What can be imported: the columns of each kind of file, and the table and columns that they fill."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

STOCK = "stock_line"
"""The table of opening stock: what is there is never changed by a file."""
VISIBILITY = "name_store_join"
"""The table of which store sees whom."""


@dataclass(frozen=True)
class Named:
    """A column of the file that names a record of ``table`` by its column ``by``; the id goes into ``column``.
    ``is_made``: one that is not there yet is made, with that and nothing else. ``type``: what the record's type has to
    be, where it has one."""

    column: str
    table: str
    by: str = "code"
    is_made: bool = False
    type: str | None = None


@dataclass(frozen=True)
class ImportKind:
    """A kind of file. ``plain``: its columns that are columns of ``table``, by the same name. ``named``: those that
    name records. ``key``: the columns of the table by which a row is the same record. ``defaults``: what new records
    get where the file says nothing."""

    table: str
    key: tuple[str, ...]
    plain: tuple[str, ...]
    named: Mapping[str, Named] = field(default_factory=dict)
    required: tuple[str, ...] = ()
    defaults: Mapping[str, object] = field(default_factory=dict)

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column that a file of this kind may have."""
        return (*self.plain, *self.named)


KINDS = {
    "items": ImportKind(
        "item",
        key=("code",),
        plain=("code", "name", "default_pack_size", "ven_category", "is_vaccine", "is_active"),
        named={
            "unit": Named("unit_id", "unit", "name", is_made=True),
            "category": Named("category_id", "item_category", "name", is_made=True),
        },
        required=("code", "name"),
        defaults={"is_active": True},
    ),
    "names": ImportKind(
        "name",
        key=("code",),
        plain=("code", "name", "type", "is_customer", "is_supplier", "phone", "email", "address"),
        named={
            "region": Named("region_id", "region", "name", is_made=True),
            "category": Named("name_category_id", "name_category", "name", is_made=True),
        },
        required=("code", "name", "type"),
    ),
    "stores": ImportKind(
        "store",
        key=("code",),
        plain=("code", "mode", "is_disabled"),
        named={"name": Named("name_id", "name", type="store")},
        required=("code", "name"),
        defaults={"mode": "store"},
    ),
    "visible-names": ImportKind(
        VISIBILITY,
        key=("store_id", "name_id"),
        plain=("is_customer", "is_supplier"),
        named={"store": Named("store_id", "store"), "name": Named("name_id", "name")},
        required=("store", "name"),
    ),
    "visible-items": ImportKind(
        "item_store_join",
        key=("store_id", "item_id"),
        plain=("ignore_for_orders",),
        named={"store": Named("store_id", "store"), "item": Named("item_id", "item")},
        required=("store", "item"),
    ),
    "stock": ImportKind(
        STOCK,
        key=("store_id", "item_id", "batch", "expiry_date", "pack_size", "cost_price_per_pack"),
        plain=("batch", "expiry_date", "pack_size", "total_packs", "cost_price_per_pack", "sell_price_per_pack"),
        named={
            "store": Named("store_id", "store"),
            "item": Named("item_id", "item"),
            "supplier": Named("supplier_name_id", "name"),
        },
        required=("store", "item", "pack_size", "total_packs"),
        defaults={"on_hold": False},
    ),
}
