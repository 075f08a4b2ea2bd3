"""What each table is: which column names the owner of a record, which table its lines are of, what it merges."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Table:
    """What a record of a table says of whom it belongs to and is about.

    ``owner`` is the column that holds its owner (a store's id; for the topology's own tables a
    site's; for patients and prescribers their home store's). A line has no owner of its own but a
    ``parent`` table, named by its column ``<parent>_id`` (R1); parent and lines are a document (A5).
    ``about``: the column that names whom else it is about. ``subject``: the table of patients or
    prescribers that ``about`` names, where their home site matters. ``is_stock``: the record stays
    at a dispensary whose ``include_transactions`` is off (B22). ``switch``: the option that takes
    new documents from their stores (B37). ``merges``: the table of which two records become one.
    ``also``: scopes besides the policy's.
    """

    name: str
    owner: str | None = None
    parent: str | None = None
    about: str | None = None
    subject: str | None = None
    is_stock: bool = False
    switch: str | None = None
    merges: str | None = None
    also: tuple[str, ...] = ()

    @property
    def parent_column(self) -> str | None:
        """The line's column that names its document."""
        return f"{self.parent}_id" if self.parent else None


def of_stores(*names: str, by: str = "store_id", is_stock: bool = False) -> tuple[Table, ...]:
    """Tables whose records name their owner in column ``by``."""
    return tuple(Table(name, owner=by, is_stock=is_stock) for name in names)


def of_patients(*names: str) -> tuple[Table, ...]:
    """Tables whose records belong to a patient."""
    return tuple(Table(name, about="patient_id", subject="patient") for name in names)


def procurement(*names: str, switch: str = "centralised_procurement") -> tuple[Table, ...]:
    """Procurement: a store's, or primary's where the row is centralised."""
    return tuple(Table(name, owner="store_id", switch=switch) for name in names)


def merges_of(*names: str) -> tuple[Table, ...]:
    """Merges of records that every site has."""
    return tuple(Table(f"{name}_merge", merges=name) for name in names)


def lines(**parents: str) -> tuple[Table, ...]:
    """Line tables, each with the table of its documents."""
    return tuple(Table(name, parent=parent, is_stock=parent in STOCK_DOCUMENTS) for name, parent in parents.items())


STOCK_DOCUMENTS = ("replenishment", "stocktake", "inventory_adjustment", "invoice", "build", "prescription")

# fmt: off
OWNERS = (
    # -- stores and the topology
    *of_stores("store", "store_preference", by="id"),
    *of_stores("site", by="id"),
    *of_stores("store_site", by="site_id"),
    # -- visibility, set on primary for one store
    *of_stores("master_list_store", "item_store_join", "name_store_join"),
    # -- what a store owns
    *of_stores("name_note", "requisition", "customer_stock_history", "location", "amc_projection"),
    *of_stores("invoice_note", "item_note", "box", "indicator_value", "vaccine_monitor"),
    *of_stores("sensor", "asset", "store_credential", "transfer_log", "document_number"),
    Table("goods_received", owner="store_id", about="purchase_order_id", also=("order:{about}",)),  # B36
    # -- what a store owns and a quiet dispensary keeps
    *of_stores("stock_line", "backorder", *(name for name in STOCK_DOCUMENTS if name != "prescription"), is_stock=True),
    Table("prescription", owner="store_id", about="patient_id", is_stock=True),
    # -- procurement
    *procurement("purchase_order", "tender", "quote"),
    *procurement("payment", switch="centralised_payments"),
    # -- lines
    *lines(requisition_line="requisition", box_line="box", goods_received_line="goods_received"),
    *lines(replenishment_line="replenishment", stocktake_line="stocktake", invoice_line="invoice"),
    *lines(inventory_adjustment_line="inventory_adjustment", build_line="build", prescription_line="prescription"),
    *lines(purchase_order_line="purchase_order", tender_line="tender", quote_line="quote"),
    # -- patients, prescribers and messages
    Table("patient", owner="home_store_id", about="id", subject="patient", also=("named:{about}",)),
    Table("prescriber", owner="home_store_id", about="id", subject="prescriber", also=("named:{about}",)),
    *of_patients("patient_medication_record", "insurance_policy", "patient_event", "repeat"),
    Table("patient_store_join", owner="store_id", about="patient_id", subject="patient"),
    Table("prescriber_store_join", owner="store_id", about="prescriber_id", subject="prescriber"),
    Table("message", owner="from_store_id", about="to_store_id"),
    # -- merges
    *merges_of("item", "unit", "name"),
    Table("patient_merge", about="kept_id", subject="patient", merges="patient", also=("named:{about}",)),
    Table("prescriber_merge", about="kept_id", subject="prescriber", merges="prescriber", also=("named:{about}",)),
    Table("location_merge", owner="store_id", merges="location"),
)
# fmt: on

STORE_RECORDS = "store"
"""The table whose records bring stores to life (T10)."""

SUBJECTS = tuple(sorted({table.subject for table in OWNERS if table.subject}))
"""The tables whose records have a home store."""
