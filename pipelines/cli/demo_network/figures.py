"""What the demo shows of its network on the way: stores, what waits for a site, stock."""

from __future__ import annotations

import polars as pl

from central.project import Project
from pipelines.cli.demo_network.transfers import on_the_way
from pipelines.cli.speech.output import rows_of, show_table, talk
from sites.engines.connection import open_site
from warehouse.connection import Connection, open_warehouse
from warehouse.exports import views

_FEW_ITEMS = 5


def show_stores(loaded: Project) -> None:
    """What stores A to F are on central and the two remotes, read from the databases of those sites.

    Shown before anybody works: who deals with a store is given it as a transfer instance, seen or not (B23). From the
    beginning that is A, which supplies D.
    """
    rows: dict[str, dict[str, str]] = {code: {"store": code} for code in "ABCDEF"}
    for code in ("central", "remote_1", "remote_2"):
        with open_site(loaded.database_url(loaded.topology.site(code)), loaded.folder) as db:
            found = db.execute("select s.code, v.sync_type from store_site as v join store as s on s.id = v.store_id")
        for store, sync_type in found:
            if store in rows:
                rows[store][code] = sync_type
    for row in rows.values():
        for code in ("central", "remote_1", "remote_2"):
            row.setdefault(code, "none")
    columns = {"store": "store", "central": "central", "remote_1": "remote 1", "remote_2": "remote 2"}
    show_table("\nThe stores A to F, as each site's own database has them", columns, list(rows.values()))
    if rows["A"]["remote_2"] != "none":
        talk.print("  remote 2 has A, which none of its stores sees, as A supplies D: transfers need both stores (X7)")


def show_held_up(loaded: Project, site_code: str) -> None:
    """How much waits for a site that is away."""
    stores = [store.code for store in loaded.topology.stores if store.active_on == site_code]
    with open_warehouse(loaded.warehouse, loaded.schema) as con:
        count = on_the_way(con, stores)
    if count:
        said = f"documents of other stores for {' and '.join(stores)} that wait until `{site_code}` is back: {count}"
        talk.print(said)


def show_stock(loaded: Project) -> None:
    """A few items at each store, those that most stores have."""
    with open_warehouse(loaded.warehouse, loaded.schema) as con:
        frame = views.read(con, "stock_on_hand")
    stocked = frame.filter(pl.col("soh_units") > 0)
    widest = stocked.group_by("item_code").len().sort(["len", "item_code"], descending=[True, False])
    few = widest.head(_FEW_ITEMS)["item_code"].sort()
    item = pl.concat_str("item_name", pl.lit(", "), "unit_name").alias("item")
    shown = frame.filter(pl.col("item_code").is_in(few.implode())).with_columns(item)
    table = shown.sort("store_code").pivot("store_code", index="item", values="soh_units", aggregate_function="first")
    columns = {name: name for name in table.columns}
    show_table("\nUnits on hand of a few items at each store, from the warehouse", columns, rows_of(table.sort("item")))


def patient_of_two(con: Connection) -> str:
    """A patient who is visible in more than one dispensary, where there is one."""
    rows = con.execute(
        "select patient_id from replica.patient_store_join group by all order by count(*) desc, patient_id limit 1"
    ).fetchall()
    return str(rows[0][0])
