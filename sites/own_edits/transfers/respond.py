"""Transfers between two stores of one site: the site makes the responding half itself, before a pull reads (X1)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from functools import lru_cache

import polars as pl

from sites.capture.bookmark import Bookmark, bookmark_now, require_same_log
from sites.capture.triggers import require_capture
from sites.engines.engine import SiteDatabase
from sites.frames import HalfMessage
from sites.own_edits.columns import empty_values, set_values
from sites.own_edits.numbers import next_numbers, number_kinds
from sites.own_edits.receipts import update_receipts
from sites.own_edits.rights import StoreRights
from sites.own_edits.transfers.halves import write_messages
from sites.own_edits.transfers.inquiry import Inquiry
from sites.own_edits.transfers.plan import Plan, plan_of
from sync_rules.schema import Schema
from sync_rules.transfers.kinds import BY_NAME, HEADERS
from sync_rules.transfers.responds import respond

_GOODS_LINE = "goods_received_line"


def respond_locally(
    db: SiteDatabase,
    *,
    since: str | None,
    stores: Collection[str],
    is_primary: bool,
    named: pl.DataFrame,
    not_begun: pl.DataFrame,
    age_limit_months: int,
    schema: Schema,
    now: datetime,
    refused: pl.DataFrame | None = None,
    judged_first: frozenset[str] = frozenset(),
) -> int:
    """Make the responding halves of transfers that were begun since the bookmark ``since``; return how many.

    ``stores``: those active on the site. Documents ``named`` (table_name, record_id) are looked at whatever their
    age; those ``not_begun`` (and to_store) begin nothing by an edit that leaves them with the same party (B60);
    those of tables ``judged_first``, and what answers them, begin once central names them (B37); ``refused``
    (table_name, record_id), which central has not taken, are as if they were not here: they begin nothing. Without
    a bookmark (first contact) all that are not older than the age limit are looked at (X6). Nothing is made for a
    document with malformed values, or whose response is there or was deleted (X2, B30); where only the link is missing
    it is given. Halves lose their link where people deleted what they were made of. All of it is the site's own edit:
    logged, and read by the next pull. Where nothing is to be done no lock is taken. Raises SiteFailed as a pull does
    where the log is not the one that the bookmark is of.
    """
    if not stores or (len(stores) < 2 and not is_primary):
        return 0
    limit = _earlier(now, age_limit_months)
    earlier = Bookmark.of_text(since) if since else None
    rights = StoreRights(frozenset(stores), is_primary)
    inquiry = Inquiry(earlier, rights, named, not_begun, limit, refused=refused, judged_first=judged_first)
    return _respond(db, schema, inquiry, now)


@lru_cache(maxsize=16)
def _earlier(now: datetime, months: int) -> datetime:
    found: datetime = pl.select(pl.lit(now).dt.offset_by(f"-{months}mo")).item()
    return found


def _respond(db: SiteDatabase, schema: Schema, inquiry: Inquiry, now: datetime) -> int:
    """Plan in a read transaction, and again in the one that writes: people may have been at work in between."""
    earlier = inquiry.earlier
    with db.transaction(write=False):
        if earlier is not None:
            require_same_log(db, earlier, bookmark_now(db))
        plan = plan_of(db, schema, inquiry)
        if plan is None or plan.is_empty:
            return 0
    with db.transaction(write=True):
        _lock(db, plan)
        plan = plan_of(db, schema, inquiry)
        return _carry_out(db, plan, inquiry.rights, now) if plan else 0


def _lock(db: SiteDatabase, plan: Plan) -> None:
    """Keep people from deleting or undoing a document while the other half is made of it."""
    for (table,), own in sorted(plan.begun.partition_by("table_name", as_dict=True).items()):
        db.lock_rows(str(table), db.id_list(own["record_id"]))


def _carry_out(db: SiteDatabase, plan: Plan, rights: StoreRights, now: datetime) -> int:
    links = pl.concat([plan.links, plan.begun.select(plan.links.columns)])
    tables = {BY_NAME[name].table for name in links["kind"]}
    tables |= {BY_NAME[name].responding_table for name in plan.back_links["kind"]}
    require_capture(db, tables | set(plan.orphans["table_name"]))
    for (table, column), gone in sorted(plan.orphans.partition_by("table_name", "column", as_dict=True).items()):
        empty_values(db, str(table), str(column), gone["record_id"])
    if plan.begun.height:
        _make(db, plan, rights, now)
    for (name,), own in sorted(links.partition_by("kind", as_dict=True).items()):
        kind = BY_NAME[str(name)]
        values = own.select(id="record_id", value="responding_id")
        set_values(db, kind.table, kind.link, values, only_empty=True)
    for (name,), own in sorted(plan.back_links.partition_by("kind", as_dict=True).items()):
        kind = BY_NAME[str(name)]
        values = own.select(id="responding_id", value="record_id")
        set_values(db, kind.responding_table, kind.back, values, only_empty=True)
    return plan.begun.height


def _make(db: SiteDatabase, plan: Plan, rights: StoreRights, now: datetime) -> None:
    """Write the halves of ``plan.begun`` with their lines and numbers, and what follows from them."""
    schema = plan.schema
    made = respond(plan.begun, plan.papers, plan.stores, schema, now)
    require_capture(db, made)
    numbers = _numbers(db, made, plan.begun)
    for table in schema.parents_first():
        if table in made and made[table].height:
            rows = made[table]
            if table in HEADERS:
                own = numbers.filter(pl.col("table_name") == table).select("number", id="record_id")
                rows = rows.drop("number").join(own, on="id", maintain_order="left")
            db.insert_rows(table, rows)
    arrived = plan.begun.join(numbers, left_on="responding_id", right_on="record_id").join(
        plan.stores.select(from_store="store_id", from_name="name_id"), on="from_store"
    )
    write_messages(db, schema, arrived.select(HalfMessage.names()), now)
    if _GOODS_LINE in made:
        ordered = made[_GOODS_LINE]["purchase_order_line_id"].drop_nulls().unique().sort()
        update_receipts(db, schema, ordered, rights)


def _numbers(db: SiteDatabase, made: Mapping[str, pl.DataFrame], begun: pl.DataFrame) -> pl.DataFrame:
    """table_name, record_id, number of the halves made: in the order in which they were begun."""
    headers = [
        rows.select(pl.lit(table).alias("table_name"), pl.col("id").alias("record_id"), "store_id", number_kinds(table))
        for table, rows in made.items()
        if table in HEADERS
    ]
    order = begun.select("begun_at", record_id="responding_id")
    asked = pl.concat(headers).join(order, on="record_id").sort("begun_at", "record_id")
    return next_numbers(db, asked.drop("begun_at")).select("table_name", "record_id", "number")
