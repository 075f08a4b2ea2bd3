"""Verdicts on a batch: reads what central holds, decides by the rules (spec section 5)."""

from __future__ import annotations

from dataclasses import dataclass, replace

import polars as pl

from central.admission.context import held_for, known_about
from central.project import Project
from sync_rules import egress
from sync_rules.codes import REASONS
from sync_rules.table.ownership import STORE_RECORDS
from sync_rules.table.rules import RULES
from sync_rules.topology.topology import placement
from sync_rules.verdicts import judge as authority
from warehouse.batch.gather import Batch
from warehouse.connection import Connection
from warehouse.records import replicas

KEY = ["table_name", "record_id"]
_HEADER = {name: rule.table.parent for name, rule in RULES.items() if rule.table.parent}
CHANGE = ["site_id", *KEY]
_CODES = {"record_id": pl.String(), "code": pl.String()}
_VERDICT = {code: str(reason.verdict) for code, reason in REASONS.items()}


@dataclass(frozen=True)
class Judged:
    """A batch with its verdicts: ``changes`` has CHANGES, reason, verdict, new_owner, what was held, and ``shared``:
    the scopes that the record has as part of a transfer."""

    batch: Batch
    changes: pl.DataFrame


def decide(con: Connection, batch: Batch, project: Project, merged: pl.DataFrame, *, differs: bool = False) -> Judged:
    """Verdicts on a batch. Store records that arrive place their stores at once (T10); rows that would be
    rejected, or were read whole, are compared with central's own first (B4). ``merged``: MERGED. ``differs``: the
    rows count as different from central's, whatever they say (O7)."""
    changes, references = batch.changes, batch.references
    held = held_for(con, batch)
    stores = replicas.stores(con)
    known = known_about(con, batch, held, project, merged)

    def verdicts_on(changes: pl.DataFrame, stores: pl.DataFrame) -> pl.DataFrame:
        placed = placement(project.topology, stores)
        central = replace(known, placed=placed, withheld=egress.withheld(placed))
        verdicts = authority.judge(changes, references, central, batch.merges)
        named = {name: f"new_{name}" for name in ("owner", "about", "part")}
        return changes.join(verdicts.rename(named), on="entry", maintain_order="left")

    def judge(changes: pl.DataFrame, arrived: pl.DataFrame) -> pl.DataFrame:
        judged = verdicts_on(changes, arrived)
        refused = _against_placed_stores(judged, batch, stores, project)
        if refused.is_empty():
            return judged
        rest = verdicts_on(changes.join(refused, on="entry", how="anti", maintain_order="left"), arrived)
        kept = judged.join(refused, on="entry", how="semi").with_columns(reason=pl.lit("store_is_placed"))
        return pl.concat([rest, kept]).sort("entry")

    judged = judge(changes, stores)
    arrived = _stores_after(stores, batch, judged)
    if not arrived.equals(stores):
        judged = judge(changes, arrived)
    same = _equal_to_held(con, batch, judged.clear() if differs else judged, held, project)
    if same.height:
        is_same = changes.join(same, on=CHANGE, how="left", maintain_order="left")["is_equal"].fill_null(False)
        judged = judge(changes.with_columns(is_same=is_same), arrived)
    before = held.select(*KEY, **{f"held_{name}": name for name in held.columns if name not in KEY})
    of_documents = held.select(document_table="table_name", document="record_id", document_shared="shared")
    return Judged(
        batch,
        judged.join(before, on=KEY, how="left", maintain_order="left")
        .with_columns(
            document=pl.coalesce("document", "held_document"),
            verdict=pl.col("reason").replace_strict(_VERDICT, return_dtype=pl.String),
            is_held=pl.col("held_scopes").is_not_null(),
            document_table=pl.col("table_name").replace(_HEADER),
        )
        .join(of_documents, on=["document_table", "document"], how="left", maintain_order="left")
        .with_columns(shared=pl.coalesce("document_shared", "held_shared", pl.lit([], pl.List(pl.String))))
        .drop("document_table", "document_shared"),
    )


def _against_placed_stores(judged: pl.DataFrame, batch: Batch, stores: pl.DataFrame, project: Project) -> pl.DataFrame:
    """Entry of what would move a store behind the topology's back: deleting or renaming the record of a placed
    store, or giving its code to a second one (B18). ``stores`` are the records before the batch."""
    records = judged.filter((pl.col("table_name") == STORE_RECORDS) & (pl.col("reason") == "authorised"))
    if records.is_empty():
        return records.select("entry")
    upserts = records.filter(pl.col("op") == "upsert")
    rows = batch.rows_of(STORE_RECORDS, upserts.select("site_id", "record_id"))
    codes = rows.select(record_id="id", code="code") if rows.height else pl.DataFrame(schema=_CODES)
    placed = placement(project.topology, stores).filter(pl.col("active_site").is_not_null())
    before = placed.select(record_id="store_id", placed_code="store_code")
    after = records.select("entry", "record_id").join(codes, on="record_id", how="left").join(
        before, on="record_id", how="left"
    )  # fmt: skip
    renamed = pl.col("placed_code").is_not_null() & ~pl.col("placed_code").eq_missing(pl.col("code"))
    others = before.select(holder="record_id", code="placed_code")
    doubled = after.join(others, on="code").filter(pl.col("holder") != pl.col("record_id"))
    newcomers = after.filter(pl.col("code").is_not_null() & pl.col("placed_code").is_null())
    twice = newcomers.filter(pl.col("record_id") != pl.col("record_id").min().over("code"))
    return pl.concat([frame.select("entry") for frame in (after.filter(renamed), doubled, twice)]).unique()


def _stores_after(stores: pl.DataFrame, batch: Batch, judged: pl.DataFrame) -> pl.DataFrame:
    """The store records as they are once the batch is admitted."""
    admitted = judged.filter((pl.col("table_name") == STORE_RECORDS) & (pl.col("reason") == "authorised"))
    if admitted.is_empty():
        return stores
    upserts = admitted.filter(pl.col("op") == "upsert").select("site_id", "record_id")
    rows = batch.rows_of(STORE_RECORDS, upserts)
    kept = stores.join(admitted.select(id="record_id"), on="id", how="anti")
    return pl.concat([kept, rows.select(stores.columns)] if rows.height else [kept]).sort("id")


def _equal_to_held(
    con: Connection, batch: Batch, judged: pl.DataFrame, held: pl.DataFrame, project: Project
) -> pl.DataFrame:
    """CHANGE and is_equal of the upserts that are central's own rows, among those where it matters."""
    matters = (
        judged.join(held.select(KEY), on=KEY, how="semi")
        .filter((pl.col("op") == "upsert") & (pl.col("is_snapshot") | (pl.col("reason") != "authorised")))
        .filter(pl.col("malformed").is_null() & pl.col("table_name").is_in(list(project.schema.tables)))
    )
    found = [pl.DataFrame(schema={**{name: judged.schema[name] for name in CHANGE}, "is_equal": pl.Boolean()})]
    for (table,), group in matters.group_by("table_name", maintain_order=True):
        rows = batch.rows_of(str(table), group.select("site_id", "record_id"))
        equal = replicas.equal_rows(con, str(table), rows, project.schema)
        found.append(equal.select("site_id", pl.lit(table).alias("table_name"), "record_id", is_equal=pl.lit(True)))
    return pl.concat(found)
