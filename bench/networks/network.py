"""A network for measuring: two sites with many document lines, each a collector of the other's store."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import polars as pl

from central.project import Project, load
from sites import schema
from sites.capture import triggers
from sites.engines.connection import open_site
from sites.schema import SCHEMA

MADE_AT = datetime(2026, 1, 1, tzinfo=UTC)
_LINES_A_DOCUMENT = 10
_TOPOLOGY = """
[network]
central = "central"

[[site]]
id = 1
code = "central"
database = "sqlite:///central.sqlite"

[[site]]
id = 2
code = "lite"
database = "sqlite:///lite.sqlite"

[[site]]
id = 3
code = "server"
database = "{postgres}"

[[store]]
code = "LITE"
active_on = "lite"
collector_on = ["server"]

[[store]]
code = "SERVER"
active_on = "server"
collector_on = ["lite"]
"""


def make_network(folder: Path, postgres: str, lines: int) -> Project:
    """Three sites with capture installed; `lite` and `server` hold ``lines`` invoice lines each."""
    folder.mkdir(parents=True)
    (folder / "topology.toml").write_text(_TOPOLOGY.format(postgres=postgres), encoding="utf-8")
    project = load(folder)
    central = _central()
    for site, store in (("central", None), ("lite", "LITE"), ("server", "SERVER")):
        url = project.database_url(project.topology.site(site))
        with open_site(url, folder, create=True) as db:
            schema.create(db)
            with db.transaction(write=True):
                for table, frame in {**central, **(_documents(store, lines) if store else {})}.items():
                    db.insert_rows(table, frame)
            triggers.install(db, SCHEMA)
    return project


def _central() -> dict[str, pl.DataFrame]:
    sees = [("LITE", "SERVER"), ("SERVER", "LITE")]
    return {
        "unit": pl.DataFrame({"id": ["tablet"], "name": ["tablet"]}),
        "item": pl.DataFrame({"id": [f"item-{n}" for n in range(300)]}).with_columns(
            code=pl.col("id"), name=pl.col("id"), unit_id=pl.lit("tablet")
        ),
        "name": pl.DataFrame({"id": ["name-LITE", "name-SERVER"], "name": ["Lite", "Server"]}),
        "store": pl.DataFrame(
            {"id": ["LITE", "SERVER"], "code": ["LITE", "SERVER"], "name_id": ["name-LITE", "name-SERVER"]}
        ).with_columns(mode=pl.lit("store")),
        "name_store_join": pl.DataFrame(
            [(f"{viewer}-{seen}", f"name-{seen}", viewer) for viewer, seen in sees],
            schema=["id", "name_id", "store_id"],
            orient="row",
        ),
    }


def _documents(store: str, lines: int) -> dict[str, pl.DataFrame]:
    """Invoices of ten lines each, ids scattered as random ones are, values spread over their domain."""
    number = pl.int_range(lines, eager=True)
    scattered = number.hash(seed=7).cast(pl.String)
    documents = pl.int_range(lines // _LINES_A_DOCUMENT, eager=True)
    invoice_id = pl.format(f"{store}-{{}}", documents.hash(seed=11)).alias("id")
    invoice = pl.select(invoice_id, number=documents).with_columns(
        store_id=pl.lit(store),
        other_name_id=pl.lit(f"name-{store}"),
        type=pl.lit("customer_invoice"),
        status=pl.lit("finalised"),
        created_at=pl.lit(MADE_AT),
        comment=pl.lit("monthly order"),
    )
    line = pl.select(id=pl.format(f"{store}-{{}}-line", scattered), n=number).select(
        "id",
        invoice_id=invoice["id"].gather(number // _LINES_A_DOCUMENT),
        item_id=pl.format("item-{}", pl.col("n") % 300),
        stock_line_id=pl.format("stock-{}", pl.col("n").hash(seed=3)),
        batch=pl.format("B{}", pl.col("n") % 997),
        expiry_date=pl.lit(MADE_AT.date()) + pl.duration(days=pl.col("n") % 900),
        pack_size=pl.lit(100).cast(pl.Decimal(18, 6)),
        packs=(pl.col("n") % 500).cast(pl.Decimal(18, 6)),
        cost_price_per_pack=((pl.col("n") % 10000) / 100).cast(pl.Decimal(18, 6)),
        sell_price_per_pack=((pl.col("n") % 12000) / 100).cast(pl.Decimal(18, 6)),
    )
    return {"invoice": invoice, "invoice_line": line}
