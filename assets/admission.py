"""Judging and merging a cycle's changes: one transaction of the warehouse (A6, B3).

Reads what central holds, decides by the rules, writes verdicts, replicas, the sequence, scopes and
cursors together. Admitting a cycle twice changes nothing.
"""

from __future__ import annotations

import duckdb
import polars as pl
from sites.landing import read_manifest

from assets.cycles import Cycle
from assets.judging import CHANGE, KEY, Judged, decide
from assets.merging import entries, merge, rescope_lines
from assets.project import Project
from assets.upkeep import purge_withheld, turn_scopes, write_topology_rows
from sync_rules import leaving
from sync_rules.scopes import site_scopes
from sync_rules.topology import admission_order, instances, placement
from sync_rules.words import Verdict
from warehouse import change_sets, ledger, quarantine, replicas, visits
from warehouse.batch import Landed, gather
from warehouse.connection import transaction


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
    merge(con, project, judged.batch, merged)
    ledger.append(con, entries(merged, "change"), cycle.number)
    rescope_lines(con, merged, cycle.number)
    addressed = changes.filter(pl.col("reason").is_in(["adopted", "unchanged"]))
    ledger.append(con, entries(addressed, "adopt", for_site=True), cycle.number)
    corrected = changes.filter((pl.col("verdict") == str(Verdict.REJECTED)) & pl.col("is_held"))
    ledger.append(con, entries(corrected, "correct", for_site=True), cycle.number)
    _quarantine(con, project, judged, cycle)

    placed = placement(project.topology, replicas.stores(con))
    stays = leaving.withheld(placed)
    purge_withheld(con, placed, stays, cycle.number)
    _record_pulls(con, project, cycle, stays, before_seq)
    network = instances(project.topology, placed, replicas.visible_names(con))
    ledger.put_instances(con, network)
    write_topology_rows(con, project, network, placed, cycle.number)
    turn_scopes(con, site_scopes(project.topology, placed, network))
    version = ledger.record_topology(
        con, cycle.topology, cycle.topology_hash, now=cycle.now, by=cycle.asked_by, cycle=cycle.number
    )
    ledger.record_cycle(con, cycle.number, now=cycle.now, topology_version=version, rules_version=cycle.rules_version)
    fresh = changes.filter(pl.col("waiting_since").is_null() | (pl.col("verdict") == str(Verdict.ADMITTED)))
    visits.record(con, cycle.number, cycle.visits(), fresh, cycle.now)


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
    none = pl.DataFrame(
        schema={"site_id": pl.Int64(), "table_name": pl.String(), "record_id": pl.String(), "site_row": pl.String()}
    )
    whole = back.join(pl.concat([none, *site_rows]), on=CHANGE, how="left").join(
        replicas.rows_as_text(con, back.select(KEY).unique(), project.schema), on=KEY, how="left"
    )
    quarantine.keep(con, whole.select(list(quarantine.HELD_BACK)), cycle=cycle.number, now=cycle.now)
