"""What was received of ordered lines, worked out where the order is edited (X3)."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from sites.capture.triggers import require_capture
from sites.engines.engine import SiteDatabase
from sites.engines.sql import SqlCondition
from sites.own_edits.columns import set_values
from sites.own_edits.rights import StoreRights
from sites.pull import egress
from sync_rules.egress import Leaving
from sync_rules.schema import Kind, Schema
from sync_rules.transfers.receipts import received_packs
from sync_rules.words import CENTRAL_DATA

_ORDER, _ORDER_LINE, _GOODS_LINE = "purchase_order", "purchase_order_line", "goods_received_line"
_NAMES, _RECEIVED = "purchase_order_line_id", "received_packs"
_STAGE = "supplysync_ordered"


def order_lines_of(
    db: SiteDatabase, schema: Schema, upserts: Mapping[str, pl.DataFrame], deletes: pl.DataFrame
) -> pl.Series:
    """The order lines that the goods-received lines of a change set name, or named until now; none where the site has
    no place to say it. Ask before they are written."""
    new = pl.Series(_NAMES, [], dtype=pl.String)
    if not schema.has(_GOODS_LINE, _NAMES) or not schema.has(_ORDER_LINE, _RECEIVED):
        return new
    deleted = deletes.filter(pl.col("table_name") == _GOODS_LINE)["record_id"].alias("id")
    if _GOODS_LINE not in upserts and deleted.is_empty():
        return new
    touched = deleted
    if _GOODS_LINE in upserts:
        rows = upserts[_GOODS_LINE]
        touched = pl.concat([deleted, rows["id"]])
        new = rows[_NAMES] if _NAMES in rows.columns else new
    db.stage(_STAGE, touched.unique().to_frame())
    before = db.read(f"select {_NAMES} from {_GOODS_LINE} where id in (select id from {_STAGE})", columns=[_NAMES])
    db.unstage(_STAGE)
    return pl.concat([new, before[_NAMES]]).drop_nulls().unique().sort()


def editors_of(db: SiteDatabase, order_lines: pl.Series) -> set[str]:
    """The stores whose orders ``order_lines`` are of; central data where primary edits one."""
    if order_lines.is_empty():
        return set()
    db.stage(_STAGE, order_lines.alias("id").to_frame())
    found = db.read(
        f"select distinct o.store_id, case when o.is_centralised is true then 'x' end as is_primarys "
        f"from {_ORDER_LINE} as t join {_ORDER} as o on o.id = t.purchase_order_id "
        f"where t.id in (select id from {_STAGE})",
        columns=["store_id", "is_primarys"],
    )
    db.unstage(_STAGE)
    of_primary = pl.col("is_primarys").is_not_null()
    stores = set(found.filter(~of_primary)["store_id"].drop_nulls())
    return stores | ({CENTRAL_DATA} if found.select(of_primary.any()).item() else set())


def update_receipts(db: SiteDatabase, schema: Schema, order_lines: pl.Series, rights: StoreRights) -> None:
    """Put right the received packs of those ``order_lines`` whose order may be edited here: primary's where it is
    centralised, else its store's. Part of the caller's transaction, unmarked: the site's own edit.
    """
    if order_lines.is_empty() or not schema.has(_GOODS_LINE, _NAMES) or not schema.has(_ORDER_LINE, _RECEIVED):
        return
    db.stage(_STAGE, order_lines.alias("id").to_frame())
    lines = egress.read_rows(db, schema, Leaving(_ORDER_LINE), _lines_with_rights(rights)).typed
    if lines.height:
        named = (f"t.{_NAMES} in (select id from {_STAGE})", ())
        goods = egress.read_rows(db, schema, Leaving(_GOODS_LINE), named).typed
    db.unstage(_STAGE)
    if lines.is_empty():
        return
    counted = received_packs(lines.select("id", "pack_size"), goods.select(_NAMES, "pack_size", "packs"))
    changed = counted.join(lines.select("id", before=_RECEIVED), on="id").filter(
        pl.col(_RECEIVED).is_not_null() & pl.col(_RECEIVED).ne_missing(pl.col("before"))
    )
    if changed.height:
        require_capture(db, [_ORDER_LINE])
        values = changed.select("id", value=_RECEIVED)
        set_values(db, _ORDER_LINE, _RECEIVED, values, Kind.DECIMAL)


def _lines_with_rights(rights: StoreRights) -> SqlCondition:
    stores = sorted(rights.stores)
    owned = f"o.store_id in ({', '.join('?' * len(stores)) or 'null'})"
    is_ours = f"o.is_centralised is not true and {owned}"
    if rights.is_primary:
        is_ours = f"o.is_centralised is true or {is_ours}"
    order = f"select 1 from {_ORDER} as o where o.id = t.purchase_order_id and ({is_ours})"
    return f"t.id in (select id from {_STAGE}) and exists ({order})", tuple(stores)
