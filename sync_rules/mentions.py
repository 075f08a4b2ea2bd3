"""Which columns name a record that may be merged away, and which join rows may become equal by it (section 7).

Both sides move references by this: central in the warehouse and at admission, each site at delivery.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sync_rules.schema import Reference, Schema
from sync_rules.table.rules import RULES

MERGE_TABLES: Mapping[str, str] = {name: rule.table.merges for name, rule in RULES.items() if rule.table.merges}
"""Merge table -> the table whose records it merges."""

# Ids that carry no foreign key (B6), since the record may not be on every site that has the row.
LOOSE = (
    Reference("asset", "location_id", "location"),
    Reference("invoice_line", "location_id", "location"),
    Reference("item_store_join", "default_location_id", "location"),
    Reference("sensor", "location_id", "location"),
    Reference("stock_line", "location_id", "location"),
    Reference("vaccine_monitor", "location_id", "location"),
    Reference("prescriber_store_join", "prescriber_id", "prescriber"),
    Reference("prescription", "prescriber_id", "prescriber"),
    Reference("repeat", "prescriber_id", "prescriber"),
)

# An earlier merge into a record that is merged away itself is one into its kept record: merges chain.
CHAINS = tuple(Reference(merge, "kept_id", table) for merge, table in MERGE_TABLES.items())


@dataclass(frozen=True)
class NamedBy:
    """A pair of columns that names a record of any table."""

    table: str
    table_column: str
    record_column: str


NAMED_BY = NamedBy("custom_data", "table_name", "record_id")


@dataclass(frozen=True)
class Join:
    """A table whose rows are one when ``key`` is the same: the row of the lowest id stays.

    Of its ``flags`` the staying row has each that any of them has; ``filled`` columns take the
    first value there is, in order of id. A null in ``key`` is equal to nothing.
    """

    table: str
    key: tuple[str, ...]
    flags: tuple[str, ...] = ()
    filled: tuple[str, ...] = ()


JOINS = (
    Join("item_store_join", ("item_id", "store_id"), ("ignore_for_orders",), ("default_location_id",)),
    Join("master_list_line", ("master_list_id", "item_id")),
    Join("name_store_join", ("name_id", "store_id"), ("is_customer", "is_supplier")),
    Join("name_tag_join", ("name_id", "name_tag_id")),
    Join("patient_store_join", ("patient_id", "store_id")),
    Join("prescriber_store_join", ("prescriber_id", "store_id")),
)


def mentions(schema: Schema, table: str) -> tuple[Reference, ...]:
    """Every column of ``schema`` that names a record of ``table``, by table and column.

    ``NAMED_BY`` comes on top. ``merged_id`` is not among them: it says what was, and stays.
    """
    found = {
        key
        for key in (*schema.references, *LOOSE, *CHAINS)
        if key.parent == table and schema.has(key.table, key.column)
    }
    return tuple(sorted(found, key=lambda key: (key.table, key.column)))
