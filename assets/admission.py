"""Judging and merging a cycle's changes: one transaction of the warehouse (A6, B3).

Reads what central holds, decides by the rules, writes verdicts, replicas, the sequence, scopes and
cursors together. Admitting a cycle twice changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import duckdb
import polars as pl

from assets.cycles import Cycle
from assets.project import Project
from assets.topology_rows import topology_rows
from sites.landing import read_manifest
from sync_rules import authority, leaving
from sync_rules.data_types import RULES
from sync_rules.frames import ENTRIES
from sync_rules.policies import Authority
from sync_rules.reasons import REASONS
from sync_rules.scopes import record_scopes, site_scopes
from sync_rules.topology import Topology, admission_order, instances, placement
from sync_rules.words import Verdict
from warehouse import change_sets, ledger, quarantine, replicas, visits
from warehouse.batch import Batch, Landed, gather
from warehouse.connection import transaction

KEY = ["table_name", "record_id"]
CHANGE = ["site_id", *KEY]
_VERDICT = {code: str(reason.verdict) for code, reason in REASONS.items()}


@dataclass(frozen=True)
class Judged:
    """A batch with its verdicts: ``changes`` has CHANGES, reason, verdict, new_owner, and what was held."""

    batch: Batch
    changes: pl.DataFrame


def admit(con: duckdb.DuckDBPyConnection, project: Project, cycle: Cycle) -> bool:
    """Judges and merges ``cycle``. Returns False where it was admitted before."""
    if cycle.number <= ledger.last_cycle(con):
        return False
    pulls = [Landed(one.site_id, project.pulls / one.path) for one in cycle.pulled]
    with transaction(con):
        _record_sites(con, project, cycle)
        batch = gather(con, pulls, admission_order(project.topology), project.schema)
        judged = decide(con, batch, project)
        _write(con, project, cycle, judged)
    return True


def decide(con: duckdb.DuckDBPyConnection, batch: Batch, project: Project) -> Judged:
    """Verdicts on a batch. Store records that arrive place their stores at once (T10); rows that would be
    rejected, or were read whole, are compared with central's own first (B4)."""
    changes, references = batch.changes, batch.references
    deletes = changes.filter(pl.col("op") == "delete").select(KEY)
    held = replicas.held(con, _keys(changes, references))
    referring = replicas.referring(con, deletes, project.schema.references)
    stores = replicas.stores(con)

    def judge(changes: pl.DataFrame, stores: pl.DataFrame) -> pl.DataFrame:
        placed = placement(project.topology, stores)
        verdicts = authority.judge(
            changes, references, held, referring, placed, project.topology, leaving.withheld(placed)
        )
        return changes.join(verdicts.rename({"owner": "new_owner"}), on="entry", maintain_order="left")

    judged = judge(changes, stores)
    arrived = _stores_after(stores, batch, judged)
    if not arrived.equals(stores):
        judged = judge(changes, arrived)
    same = _equal_to_held(con, batch, judged, held, project)
    if same.height:
        is_same = changes.join(same, on=CHANGE, how="left", maintain_order="left")["is_equal"].fill_null(False)
        judged = judge(changes.with_columns(is_same=is_same), arrived)
    known = held.select(*KEY, held_owner="owner", held_maker="maker", held_scopes="scopes", held_document="document")
    return Judged(
        batch,
        judged.join(known, on=KEY, how="left", maintain_order="left").with_columns(
            document=pl.coalesce("document", "held_document"),
            verdict=pl.col("reason").replace_strict(_VERDICT, return_dtype=pl.String),
            is_held=pl.col("held_scopes").is_not_null(),
        ),
    )


def _keys(changes: pl.DataFrame, references: pl.DataFrame) -> pl.DataFrame:
    """Every record the batch names, refers to, or has a line of."""
    headers = {name: rule.table.parent for name, rule in RULES.items() if rule.table.parent}
    documents = changes.filter(pl.col("document").is_not_null()).select(
        table_name=pl.col("table_name").replace(headers), record_id="document"
    )
    parents = references.select(table_name="parent_table", record_id="parent_id")
    return pl.concat([changes.select(KEY), parents, documents]).unique()


def _stores_after(stores: pl.DataFrame, batch: Batch, judged: pl.DataFrame) -> pl.DataFrame:
    """The store records as they are once the batch is admitted."""
    admitted = judged.filter((pl.col("table_name") == "store") & (pl.col("reason") == "authorised"))
    if admitted.is_empty():
        return stores
    upserts = admitted.filter(pl.col("op") == "upsert").select("site_id", "record_id")
    rows = batch.rows_of("store", upserts)
    kept = stores.join(admitted.select(id="record_id"), on="id", how="anti")
    return pl.concat([kept, rows.select(stores.columns)] if rows.height else [kept]).sort("id")


def _equal_to_held(
    con: duckdb.DuckDBPyConnection, batch: Batch, judged: pl.DataFrame, held: pl.DataFrame, project: Project
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


def _record_sites(con: duckdb.DuckDBPyConnection, project: Project, cycle: Cycle) -> None:
    """Enters sites, and the answers that a site remembers though we do not (a crash after its commit)."""
    ledger.add_sites(con, {site.id: site.code for site in project.topology.sites})
    for one in cycle.pulled:
        manifest = read_manifest(project.pulls / one.path)
        if manifest.applied_answer is not None:
            change_sets.answer(con, one.site_id, manifest.applied_answer, cycle=cycle.number, now=cycle.now)


def _write(con: duckdb.DuckDBPyConnection, project: Project, cycle: Cycle, judged: Judged) -> None:
    before_seq = ledger.last_seq(con)
    changes = judged.changes
    merged = changes.filter(pl.col("reason") == "authorised")
    _merge(con, project, judged.batch, merged)
    ledger.append(con, _entries(merged, "change"), cycle.number)
    _rescope_lines(con, merged, cycle.number)
    addressed = changes.filter(pl.col("reason").is_in(["adopted", "unchanged"]))
    ledger.append(con, _entries(addressed, "adopt", for_site=True), cycle.number)
    corrected = changes.filter((pl.col("verdict") == str(Verdict.REJECTED)) & pl.col("is_held"))
    ledger.append(con, _entries(corrected, "correct", for_site=True), cycle.number)
    _quarantine(con, project, judged, cycle)

    placed = placement(project.topology, replicas.stores(con))
    stays = leaving.withheld(placed)
    _purge_withheld(con, placed, stays, cycle.number)
    _record_pulls(con, project, cycle, stays, before_seq)
    network = instances(project.topology, placed, replicas.visible_names(con))
    ledger.put_instances(con, network)
    _write_topology_rows(con, project, network, placed, cycle.number)
    _turn_scopes(con, site_scopes(project.topology, placed, network))
    version = ledger.record_topology(
        con, cycle.topology, cycle.topology_hash, now=cycle.now, by=cycle.by, cycle=cycle.number
    )
    ledger.record_cycle(con, cycle.number, now=cycle.now, topology_version=version, rules_version=cycle.rules_version)
    visits.record(con, cycle, changes)


def _merge(con: duckdb.DuckDBPyConnection, project: Project, batch: Batch, merged: pl.DataFrame) -> None:
    """Rows into replicas, and what is known of each record (its owner, maker, document, scopes)."""
    first = ledger.last_seq(con) + 1
    numbered = merged.with_columns(seq=pl.int_range(pl.len(), dtype=pl.Int64) + first)
    upserts = numbered.filter(pl.col("op") == "upsert")
    for (table,), group in upserts.group_by("table_name", maintain_order=True):
        rows = batch.rows_of(str(table), group.select("site_id", "record_id"))
        replicas.merge(con, str(table), rows, project.schema)
    replicas.remove(con, numbered.filter(pl.col("op") == "delete").select(KEY))
    ledger.put_records(con, described(upserts.with_columns(maker=pl.coalesce("held_maker", "site_id"))))


def described(records: pl.DataFrame) -> pl.DataFrame:
    """table_name, record_id, new_owner, maker, document, seq -> rows of ledger.record."""
    owned = records.select(*KEY, "maker", "document", "seq", owner="new_owner")
    return owned.with_columns(scopes=record_scopes(owned)).sort(KEY)


def _entries(changes: pl.DataFrame, kind: str, *, for_site: bool = False) -> pl.DataFrame:
    """Changes as entries of the sequence, in their order."""
    op = pl.lit("upsert") if for_site else pl.col("op")
    return changes.select(
        *KEY,
        kind=pl.lit(kind),
        op=op,
        maker=pl.lit(None, pl.Int64) if kind == "correct" else pl.col("site_id"),
        for_site=pl.col("site_id") if for_site else pl.lit(None, pl.Int64),
        scopes_before=pl.col("held_scopes").fill_null([]),
    ).select([name for name in ENTRIES if name != "seq"])


def _rescope_lines(con: duckdb.DuckDBPyConnection, merged: pl.DataFrame, cycle: int) -> None:
    """Lines follow their document to its new owner, though they did not change themselves (R1)."""
    lines = pl.DataFrame(
        [(name, rule.table.parent) for name, rule in RULES.items() if rule.table.parent],
        schema={"line_table": pl.String(), "table_name": pl.String()},
        orient="row",
    )
    moved = merged.filter((pl.col("op") == "upsert") & pl.col("is_held") & (pl.col("held_owner") != pl.col("new_owner")))
    headers = moved.join(lines, on="table_name").select(
        table_name="line_table", document="record_id", new_owner="new_owner"
    )
    if headers.is_empty():
        return
    found = ledger.lines_of(con, headers).sort(KEY)
    first = ledger.last_seq(con) + 1
    entries = found.select(
        *KEY,
        kind=pl.lit("rescope"),
        op=pl.lit("upsert"),
        maker=pl.lit(None, pl.Int64),
        for_site=pl.lit(None, pl.Int64),
        scopes_before="scopes",
    ).select([name for name in ENTRIES if name != "seq"])
    ledger.put_records(con, described(found.with_columns(seq=pl.int_range(pl.len(), dtype=pl.Int64) + first)))
    ledger.append(con, entries, cycle)


def _purge_withheld(
    con: duckdb.DuckDBPyConnection, placed: pl.DataFrame, stays: leaving.Withheld, cycle: int
) -> None:
    """What no longer leaves its site leaves the warehouse and the collectors, as if its site had deleted it;
    its own site keeps it (B26)."""
    before = ledger.withheld(con)
    if stays == before:
        return
    ledger.put_withheld(con, stays)
    owned = [name for name, rule in RULES.items() if rule.authority is Authority.OWNER]
    stock = [name for name in owned if RULES[name].table.is_stock]
    gone = pl.concat(
        [
            ledger.owned_by(con, sorted(stays.everything - before.everything), owned),
            ledger.owned_by(con, sorted(stays.stock - before.stock), stock),
        ]
    ).unique(KEY, maintain_order=True)
    makers = placed.select(owner="store_id", site_id="active_site")
    entries = gone.join(makers, on="owner", how="left", maintain_order="left").with_columns(
        op=pl.lit("delete"), held_scopes="scopes"
    )
    replicas.remove(con, gone.select(KEY))
    ledger.append(con, _entries(entries, "change"), cycle)


def _record_pulls(
    con: duckdb.DuckDBPyConnection, project: Project, cycle: Cycle, stays: leaving.Withheld, before_seq: int
) -> None:
    for one in cycle.pulled:
        manifest = read_manifest(project.pulls / one.path)
        ledger.record_pull(
            con,
            manifest.identity,
            cluster=manifest.cluster,
            bookmark=manifest.bookmark,
            withheld=stays,
            before_seq=before_seq,
            at=cycle.now,
        )


def _write_topology_rows(
    con: duckdb.DuckDBPyConnection, project: Project, network: pl.DataFrame, placed: pl.DataFrame, cycle: int
) -> None:
    """Each site's own view of the topology (T7, B15): what differs from the replicas is central's change."""
    for table, wanted in topology_rows(project.topology, network, placed).items():
        _replace_rows(con, project, table, wanted, cycle)


def _replace_rows(
    con: duckdb.DuckDBPyConnection, project: Project, table: str, wanted: pl.DataFrame, cycle: int
) -> None:
    current = replicas.every_row(con, table, project.schema)
    fresh = wanted.join(current, on=wanted.columns, how="anti", nulls_equal=True).sort("id")
    gone = current.join(wanted, on="id", how="anti").sort("id")
    if fresh.is_empty() and gone.is_empty():
        return
    touched = pl.concat(
        [fresh.select(record_id="id", op=pl.lit("upsert")), gone.select(record_id="id", op=pl.lit("delete"))]
    ).select(pl.lit(table).alias("table_name"), "record_id", "op")
    held = replicas.held(con, touched.select(KEY)).select(*KEY, held_scopes="scopes")
    entries = touched.join(held, on=KEY, how="left", maintain_order="left").with_columns(site_id=pl.lit(None, pl.Int64))
    first = ledger.last_seq(con) + 1
    owner = RULES[table].table.owner or "id"
    records = fresh.select(
        pl.lit(table).alias("table_name"),
        record_id="id",
        new_owner=owner,
        maker=pl.lit(None, pl.Int64),
        document=pl.lit(None, pl.String),
        seq=pl.int_range(pl.len(), dtype=pl.Int64) + first,
    )
    replicas.merge(con, table, fresh, project.schema)
    replicas.remove(con, touched.filter(pl.col("op") == "delete").select(KEY))
    ledger.put_records(con, described(records))
    ledger.append(con, _entries(entries, "change"), cycle)


def _turn_scopes(con: duckdb.DuckDBPyConnection, wanted: pl.DataFrame) -> None:
    """Opens and closes the subscriptions of the sites that were pulled at least once."""
    contacted = ledger.contacted(con)
    wanted = wanted.filter(pl.col("site_id").is_in(contacted))
    current = ledger.open_scopes(con)
    gained = wanted.join(current, on=["site_id", "scope"], how="anti")
    lost = current.join(wanted, on=["site_id", "scope"], how="anti")
    if gained.height or lost.height:
        ledger.turn_scopes(con, gained, lost, ledger.tick(con))


def _quarantine(con: duckdb.DuckDBPyConnection, project: Project, judged: Judged, cycle: Cycle) -> None:
    """Keeps what is not admitted, whole, and closes what is at last (A2)."""
    changes, batch = judged.changes, judged.batch
    admitted = changes.filter(pl.col("verdict") == str(Verdict.ADMITTED)).select(CHANGE)
    quarantine.close(con, admitted, cycle=cycle.number)
    back = quarantine.news(con, changes.filter(pl.col("verdict") != str(Verdict.ADMITTED)))
    if back.is_empty():
        return
    site_rows = [
        replicas.as_text(
            batch.rows_of(str(table), group.select("site_id", "record_id")), project.schema.frame_schema(str(table))
        ).select("site_id", pl.lit(table).alias("table_name"), record_id="id", site_row="json")
        for (table,), group in back.filter(pl.col("op") == "upsert").group_by("table_name", maintain_order=True)
        if str(table) in project.schema.tables
    ]
    none = pl.DataFrame(schema={"site_id": pl.Int64(), "table_name": pl.String(), "record_id": pl.String(), "site_row": pl.String()})
    whole = back.join(pl.concat([none, *site_rows]), on=CHANGE, how="left").join(
        replicas.rows_as_text(con, back.select(KEY).unique(), project.schema), on=KEY, how="left"
    )
    quarantine.keep(con, whole.select(list(quarantine.HELD_BACK)), cycle=cycle.number, now=cycle.now)


_ = Mapping, Topology
