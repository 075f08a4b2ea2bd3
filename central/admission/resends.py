"""Sending records again though nothing changed: what a saved store asks for (B22)."""

from __future__ import annotations

import polars as pl

from central.project import Project
from sync_rules.table.rules import RESENT_OF_PATIENTS, RESENT_WHOLE
from sync_rules.topology.placement import placement
from sync_rules.words import EntryKind
from warehouse.ledger import people
from warehouse.records import replicas
from warehouse.records.door import Records

_SETTINGS = ("store", "store_preference")


def resend_to_saved_stores(records: Records, project: Project, admitted: pl.DataFrame) -> None:
    """Saving the record or the preferences of a store with ``resync_patients_on_save`` sends its patients and all that
    goes with them to the site where it is active, again."""
    is_saved = pl.col("table_name").is_in(_SETTINGS) & (pl.col("op") == "upsert") & ~pl.col("is_snapshot")
    saved = admitted.filter(is_saved)
    if saved.is_empty():
        return
    placed = placement(project.topology, replicas.stores(records.con)).filter(
        pl.col("resyncs_patients") & pl.col("active_site").is_not_null()
    )
    stores = placed.join(saved.select(store_id="record_id"), on="store_id", how="semi")
    again = people.resent_with(
        records.con, stores.select("store_id", site_id="active_site"), list(RESENT_WHOLE), list(RESENT_OF_PATIENTS)
    )
    records.address(EntryKind.RESEND, again)
