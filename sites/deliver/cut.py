"""Handing a store over: where a site learns that a store is active there no more, nothing of it may be unsent (B29).
So with central data, where it learns that it is primary no more (B49)."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import polars as pl

from sites.engines.engine import SiteDatabase
from sites.engines.sql import quote
from sync_rules.frame import FrameOf
from sync_rules.table.data_types import PRIMARY_KEY
from sync_rules.table.policies import Authority
from sync_rules.table.rules import PARTS, RULES
from sync_rules.topology.site_rows import primary_row
from sync_rules.words import CENTRAL_DATA, Skip, SyncType
from wire.change_set import ChangeSet
from wire.frames import SkippedRow

_ROWS, _PREFERENCES = "store_site", "preference"
_STAGE = "supplysync_unsent"
_STORES_OWN = (Authority.OWNER, Authority.SENDER)
_PRIMARYS = (
    Authority.PRIMARY,
    Authority.STORE_RECORDS,
    Authority.VISIBILITY,
    Authority.HOME,
    Authority.HOME_OR_VISIBLE,
)
_OTHERS = (Authority.PRIMARY, Authority.CENTRAL, Authority.STORE_RECORDS, Authority.TOPOLOGY)


def ceded(db: SiteDatabase, change_set: ChangeSet) -> dict[str, str]:
    """The stores that are active at the site and, by ``change_set``, are not any more: each with the id of the row that
    says so (T7)."""
    return {**_stores_ceded(db, change_set), **_central_data_ceded(db, change_set)}


def _central_data_ceded(db: SiteDatabase, change_set: ChangeSet) -> dict[str, str]:
    """What primary edits, where the change set says that the site is primary no more, and it does not know yet."""
    rows, own = change_set.upserts.get(_PREFERENCES), primary_row(change_set.site_id)
    if rows is None or rows.filter((pl.col("id") == own) & (pl.col("value") == "false")).is_empty():
        return {}
    return {CENTRAL_DATA: own} if is_active_here(db, change_set.site_id, CENTRAL_DATA) else {}


def _stores_ceded(db: SiteDatabase, change_set: ChangeSet) -> dict[str, str]:
    rows = change_set.upserts.get(_ROWS)
    gone = change_set.deletes.filter(pl.col("table_name") == _ROWS)["record_id"].to_list()
    if rows is not None:
        gone += rows.filter(pl.col("sync_type") != str(SyncType.ACTIVE))["id"].to_list()
    if not gone or not {"id", "store_id", "sync_type"} <= db.column_names().get(_ROWS, frozenset()):
        return {}
    ids, parameters = db.id_list(gone)
    found = db.execute(
        f"select store_id, id from {_ROWS} where id in {ids} and sync_type = ? order by store_id",
        (*parameters, str(SyncType.ACTIVE)),
    )
    return dict(found)


def is_active_here(db: SiteDatabase, site_id: int, store_id: str) -> bool:
    """Whether the site's own row on a store does not say that it is anything but active here; on central data, that
    another site is primary."""
    if store_id == CENTRAL_DATA:
        return not _says_no(db, site_id)
    if not {"id", "sync_type"} <= db.column_names().get(_ROWS, frozenset()):
        return True
    found = db.execute(f"select sync_type from {_ROWS} where id = ?", (f"{site_id}:{store_id}",))
    return not found or found[0][0] == str(SyncType.ACTIVE)


def _says_no(db: SiteDatabase, site_id: int) -> bool:
    if not {"id", "value"} <= db.column_names().get(_PREFERENCES, frozenset()):
        return False
    found = db.execute(f"select value from {_PREFERENCES} where id = ?", (primary_row(site_id),))
    return bool(found) and found[0][0] == "false"


def unsent(db: SiteDatabase, edited: pl.DataFrame, stores: Sequence[str]) -> set[str]:
    """Those of ``stores`` of which the records ``edited`` since the pull (as ``records_in_log``) may be: all but those
    that are another store's, or no store's at all, for certain; central data where primary might edit one."""
    found: set[str] = set()
    for (table,), records in edited.partition_by("table_name", as_dict=True).items():
        name = str(table)
        authorities = {rule.authority for rule in PARTS.get(name, {}).values()}
        if authorities & set(_PRIMARYS) or not authorities:
            found.add(CENTRAL_DATA)
        if authorities <= set(_OTHERS):
            continue
        owners = _owners(db, name, records["record_id"]) if authorities & set(_STORES_OWN) else []
        if len(owners) < records.height or None in owners:
            found |= set(stores) - {CENTRAL_DATA}
        else:
            found |= {str(owner) for owner in owners}
    return found & set(stores)


def kept_rows(ids: Collection[str]) -> FrameOf[SkippedRow]:
    """The rows of ``ceded`` that stay as they are, to be sent again once what came meanwhile is pulled."""
    own = ((_PREFERENCES if record_id.startswith(f"{PRIMARY_KEY}:") else _ROWS, record_id) for record_id in sorted(ids))
    return SkippedRow.of((table, record_id, Skip.EDITED_SINCE_PULL, None) for table, record_id in own)


def _owners(db: SiteDatabase, name: str, ids: pl.Series) -> list[str | None]:
    """Whose the rows with these ``ids`` are, as far as they are there; a line is its document's."""
    table = RULES[name].table
    parent = RULES[table.parent].table if table.parent else None
    owner = (parent or table).owner
    columns = db.column_names()
    needed = {name: {"id", table.parent_column if parent else owner}, (parent or table).name: {"id", owner}}
    if owner is None or any(not wanted <= columns.get(one, frozenset()) for one, wanted in needed.items()):
        return []
    db.stage(_STAGE, ids.unique().sort().alias("id").to_frame())
    source, of = f"{quote(name)} as r", "r"
    if parent and table.parent_column:
        source += f" left join {quote(parent.name)} as d on d.id = r.{quote(table.parent_column)}"
        of = "d"
    sql = f"select {of}.{quote(owner)} as owner from {source} where r.id in (select id from {_STAGE})"
    rows = db.read(sql, columns=["owner"])
    db.unstage(_STAGE)
    return rows["owner"].to_list()
