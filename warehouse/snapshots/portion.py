"""A part of a snapshot: a file of its own with the reports of some stores, for readers who may see these and no others.

What is in no list here is in no such file. So who is given one can ask for anything and finds nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from warehouse.connection import Connection, new_file, quote
from warehouse.exports.groups import GROUPS
from warehouse.identifiers import literal
from warehouse.reports.files import published_reports
from warehouse.snapshots.current import told_of_version
from warehouse.snapshots.database import write_macros

OF_ALL = frozenset({"item_lists", "items", "snapshot"})
"""Reports that hold no figure of any store."""

OF_STORES = frozenset(
    {"amc", "data_quality", "dispensing_daily", "expiring_stock", "expiry_ahead_monthly", "item_usage_monthly",
     "losses", "site_tables", "stock_by_batch", "stock_card", "stock_monthly", "stock_on_hand", "stock_out",
     "stocktake_monthly", "store_activity", "store_tags", "stores", "suggested_orders"}
)  # fmt: skip
"""Reports of which each row is of one store, and says which."""

OF_SITES = frozenset({"reporting_monthly", "reporting_weekly", "site_visits", "sync_daily", "sync_status"})
"""Reports of which each row is of one site: of sites at which all stores are seen."""

_TRANSFER = ("from_store_code", "to_store_code")
_ORDER = ("customer_code", "supplier_code")
OF_TWO: Mapping[str, tuple[str, str]] = {
    "item_fill_monthly": _ORDER,
    "lead_times": _ORDER,
    "order_fill_monthly": _ORDER,
    "order_lines": _ORDER,
    "transfer_lines": _TRANSFER,
    "transfers": _TRANSFER,
}
"""Reports of which each row is of documents between two parties, with the columns that name them: it is there where
one of them is seen. The other one's name is on the paper that both have; nothing of its stock is in the row."""

PAPERS: Mapping[str, tuple[str, ...]] = {
    "item": ("id", "code", "name", "unit_id"),
    "unit": ("id", "name"),
    "invoice": ("id",),
    "goods_received": ("id",),
    "invoice_line": ("invoice_id", "item_id", "batch", "expiry_date", "packs", "pack_size"),
    "goods_received_line": ("goods_received_id", "item_id", "batch", "expiry_date", "packs", "pack_size"),
    "purchase_order_line": ("purchase_order_id", "item_id", "ordered_packs", "received_packs", "pack_size"),
    "requisition_line": ("requisition_id", "item_id", "requested_units", "supplied_units"),
}
"""What there is of the documents of transfers that are seen, in schema `main`: the columns that a page shows. The first
is the document's id, where the table is not of items."""

_FOLDER = Path(__file__).with_name("portion_reports")
RECKONED = (
    "stock_value", "stock_value_total", "stock_out_monthly", "stock_bands", "stock_bands_monthly", "completeness"
)  # fmt: skip
"""Reports that are worked out anew of what is seen, each after those it needs."""

REPORTS_OF_SOME = OF_ALL | OF_STORES | OF_SITES | frozenset(OF_TWO) | frozenset(RECKONED) | {"dictionary"}
"""What such a file has. Redistribution tells of another store's stock, use by the system, history and what the server
refused are of the network: they are in none."""

_MEMORY = "256MB"
_WHERE = {
    **dict.fromkeys(OF_ALL, "true"),
    **dict.fromkeys(OF_STORES, "store_code in (select store_code from seen_store)"),
    **dict.fromkeys(OF_SITES, "site_code in (select site_code from seen_site)"),
    **{
        name: " or ".join(f"{column} in (select store_code from seen_store)" for column in columns)
        for name, columns in OF_TWO.items()
    },
    "dictionary": "schema_name = 'reports' and table_name in (select unnest($there))",
}


def write_portion(source: Path, target: Path, *, stores: Sequence[str], regions: Sequence[str]) -> None:
    """Writes the new file ``target``: of the snapshot in the file ``source`` what is of these stores, by code, and of
    the stores of these regions, by name. A code or region that is none adds nothing.

    Raises PublishedEarlier where the snapshot lacks what an earlier version did not publish.
    """
    with new_file(target, _MEMORY) as con:
        con.execute(f"attach {literal(source)} as whole (read_only)")
        con.execute("set enable_external_access = false")
        with told_of_version(con, database="whole"):
            _write(con, stores, regions)


def _write(con: Connection, stores: Sequence[str], regions: Sequence[str]) -> None:
    _see(con, stores, regions)
    con.execute("create schema reports")
    for file in published_reports():
        if file.name in _WHERE:
            given = {"there": sorted(REPORTS_OF_SOME)} if file.name == "dictionary" else None
            con.execute(
                f"create table reports.{quote(file.name)} as select * from whole.reports.{quote(file.name)} "
                f"where {_WHERE[file.name]}",  # DuckDB keeps the order in which it reads
                given,
            )
    _put_papers(con)
    write_macros(con)
    for name in RECKONED:
        text = (_FOLDER / f"{name}.sql").read_text(encoding="utf-8")
        con.execute(f"create table reports.{quote(name)} as {text}")


OF_MONTHS = frozenset({"stock_out_monthly", "stock_bands_monthly"})
"""Of RECKONED, those that are of months: added up of what `stock_monthly` says of each store."""


def months_of(report: str, condition: str) -> str:
    """The query for a report of OF_MONTHS of some stores of a snapshot: of the rows of `stock_monthly` that a condition
    holds for."""
    text = (_FOLDER / f"{report}.sql").read_text(encoding="utf-8")
    chosen = f"from (select * from reports.stock_monthly where {condition})"
    return text.replace("from reports.stock_monthly", chosen).replace("whole.reports.", "reports.")


def completeness_of(condition: str) -> str:
    """The query for how complete the figures of some stores of a snapshot are: of the rows of `stores` that a condition
    holds for. It has what is said of `completeness` in words."""
    return f"""
        with chosen as (select * from reports.stores where {condition}),
        named as (select distinct chosen.site_code as site_code,
            list_has(string_split(found.silent_sites, ' '), chosen.site_code) as is_silent,
            list_has(string_split(found.late_sites, ' '), chosen.site_code) as is_late
            from chosen, reports.completeness as found)
        select as_of_at() as as_of_at,
            (select count(*) from chosen where is_reporting) as stores_total,
            (select count(*) from chosen where is_reporting and is_current) as stores_current,
            (select count(*) from chosen where not is_reporting) as stores_not_reporting,
            (select count(distinct store_code) from chosen
             where is_reporting and (missing_tables is not null or waiting_rows > 0)) as stores_incomplete,
            coalesce(string_agg(site_code, ' ' order by site_code) filter (is_silent), '') as silent_sites,
            coalesce(string_agg(site_code, ' ' order by site_code) filter (is_late), '') as late_sites
        from named"""


def _see(con: Connection, stores: Sequence[str], regions: Sequence[str]) -> None:
    """Which stores and sites are seen, as tables that go with the connection."""
    of_regions = GROUPS["region"].pairs.replace("reports.", "whole.reports.")
    con.execute(
        "create temp table seen_store as select distinct store_code from whole.reports.stores where "
        f"store_code in (select unnest($1)) or store_code in (select code from ({of_regions}) "
        "where value in (select unnest($2)))",
        [list(stores), list(regions)],
    )
    con.execute(
        "create temp table seen_site as select site_code from whole.reports.stores group by site_code "
        "having bool_and(coalesce(store_code in (select store_code from seen_store), false))"
    )


def _put_papers(con: Connection) -> None:
    """The lines of documents of transfers that are there already: both halves, and of others nothing."""
    con.execute(
        "create temp table seen_paper as select initiating_id as id from reports.transfers union "
        "select responding_id from reports.transfers where responding_id is not null"
    )
    for name, columns in PAPERS.items():
        where = "true" if name in ("item", "unit") else f"{columns[0]} in (select id from seen_paper)"
        con.execute(f"create table {quote(name)} as select {', '.join(columns)} from whole.{quote(name)} where {where}")
