"""Which documents of a site begin transfers to stores of the same site, and what has to be done about them (X1)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import polars as pl

from sites.capture.generations import collectable
from sites.engines.engine import SiteDatabase
from sites.engines.log_tables import CHANGE_LOG_TABLE
from sites.engines.sql import quote
from sites.frames import HalfLink
from sites.own_edits.transfers.inquiry import INITIATING, Inquiry, is_taken, possible_kinds
from sites.own_edits.transfers.links import missing_back_links, response_links, used_ids
from sites.own_edits.transfers.news import answering_unjudged, new_stores
from sites.own_edits.transfers.orphans import orphan_halves
from sites.own_edits.transfers.site_tables import SiteTables, dangling
from sites.pull import egress
from sync_rules.egress import Leaving
from sync_rules.frame import FrameOf
from sync_rules.frames import RECORD, StoreName
from sync_rules.schema import Schema
from sync_rules.transfers.begins import initiating_halves
from sync_rules.transfers.kinds import CURRENCIES, KINDS
from sync_rules.transfers.responds import moved_ids, responding_ids

_ORDER, _ORDER_LINE, _REQUISITION = "purchase_order", "purchase_order_line", "requisition"


@dataclass(frozen=True)
class Plan:
    """What is to be done.

    ``schema``: the tables that the site has. ``begun``: InitiatingHalf with responding_id, of halves to make;
    ``papers`` and ``stores`` as ``transfers.respond`` wants them. ``links``: kind, record_id, responding_id of halves
    that are there, and that the initiating one should name; ``back_links``: of those that it names, and that should
    name it. ``orphans``: table_name, column, record_id of halves whose initiating one is gone.
    """

    schema: Schema
    begun: pl.DataFrame
    papers: Mapping[str, pl.DataFrame]
    stores: FrameOf[StoreName]
    links: pl.DataFrame
    back_links: pl.DataFrame
    orphans: pl.DataFrame

    @property
    def is_empty(self) -> bool:
        """Whether nothing is to be done."""
        return all(one.is_empty() for one in (self.begun, self.links, self.back_links, self.orphans))


def plan_of(db: SiteDatabase, schema: Schema, inquiry: Inquiry) -> Plan | None:
    """What is to be done; None where the log and the names give no reason to look any further."""
    touched = _touched(db, inquiry)
    if not touched and inquiry.named.is_empty():
        return None
    tables = SiteTables(db, collectable(db, schema).schema, schema)
    inquiry = replace(inquiry, kinds=possible_kinds(tables.here))
    known = _stores(tables)
    stores = StoreName.check(known.select("store_id", "name_id").drop_nulls())
    papers = {table: _candidates(tables, table, inquiry, touched) for table in INITIATING}
    keys = pl.concat([rows.select(pl.lit(table).alias("table_name"), record_id="id") for table, rows in papers.items()])
    papers, unsure = _with_what_they_name(tables, papers, inquiry)
    begun = _ours(db, initiating_halves(papers, stores), inquiry, papers).join(keys, on=RECORD, how="semi")
    disabled = known.filter(pl.col("disabled").is_not_null())["store_id"]
    begun = begun.filter(~pl.col("record_id").is_in(unsure.implode()) & ~pl.col("to_store").is_in(disabled.implode()))
    back_links = missing_back_links(db, begun.filter(pl.col("linked_id").is_not_null() & ~pl.col("is_named")))
    # one that central names has no response, whatever it says: a copy of a document copies its link too
    begun = begun.filter(pl.col("linked_id").is_null() | pl.col("is_named"))
    begun, links = _unanswered(db, begun, inquiry)
    papers, broken = _with_lines(tables, papers, begun)
    begun = begun.filter(~pl.col("record_id").is_in(broken.implode()))
    begun = begun.filter(~pl.col("record_id").is_in(_dangling(tables, papers).implode()))
    clear = links.filter(pl.len().over("kind", "record_id") == 1)
    orphans = orphan_halves(db, inquiry, stores, touched)
    return Plan(tables.here, begun, papers, stores, clear, back_links, orphans)


def _stores(tables: SiteTables) -> pl.DataFrame:
    """store_id, name_id, disabled: the stores that there are; the last is null of one that is not disabled."""
    is_disabled = "is_disabled is true" if tables.here.has("store", "is_disabled") else "false"
    return tables.db.read(
        f"select id as store_id, name_id, case when {is_disabled} then 'x' end as disabled from store",
        columns=["store_id", "name_id", "disabled"],
    )


def _unanswered(db: SiteDatabase, begun: pl.DataFrame, inquiry: Inquiry) -> tuple[pl.DataFrame, FrameOf[HalfLink]]:
    """Those of ``begun`` that have no response, with the id that theirs gets; and the responses of the others. What has
    one in another store still waits until it is taken back, and central names it (X5)."""
    begun = begun.with_columns(
        responding_id=pl.when("is_moved").then(moved_ids(begun)).otherwise(responding_ids(begun))
    )
    found = response_links(db, begun)
    key = ["kind", "record_id"]
    links = found.join(begun.select(*key, in_store="to_store"), on=[*key, "in_store"], how="semi")
    begun = begun.join(links, on=key, how="anti").join(
        found.with_columns(is_named=pl.lit(False)), on=[*key, "is_named"], how="anti"
    )
    begun = begun.filter(~pl.col("responding_id").is_in(used_ids(db, begun, inquiry).implode()))
    return begun.drop("is_named", "is_moved"), HalfLink.take(links)


def _touched(db: SiteDatabase, inquiry: Inquiry) -> set[tuple[str, str]]:
    """The tables whose documents may begin one, and what was done to them: I, U or D."""
    if inquiry.earlier is None:
        return {(table, "I") for table in INITIATING}
    past, parameters = inquiry.earlier.entries_after(db)
    marks = ", ".join("?" * len(INITIATING))
    sql = f"select distinct table_name, op from {CHANGE_LOG_TABLE} where {past} and table_name in ({marks})"
    return {(str(table), str(op)) for table, op in db.execute(sql, (*parameters, *INITIATING))}


def _candidates(tables: SiteTables, table: str, inquiry: Inquiry, touched: set[tuple[str, str]]) -> pl.DataFrame:
    """The sound documents of ``table``, in the log or named, that may begin a transfer between stores of the site."""
    db = tables.db
    chosen = []
    if (table, "I") in touched or (table, "U") in touched:
        leaving = Leaving(table)
        chosen.append(
            egress.rows_in_log(leaving, inquiry.earlier.entries_after(db)) if inquiry.earlier else ("true", ())
        )
    named = inquiry.named.filter(pl.col("table_name") == table)["record_id"]
    if len(named):
        query, parameters = db.id_list(named)
        chosen.append((f"t.id in {query}", parameters))
    if not chosen:
        return tables.no_rows(table)
    here, stores = db.id_list(inquiry.rights.stores)
    statuses = sorted({status for kind in KINDS if kind.table == table for status in kind.statuses})
    where = (
        f"({' or '.join(text for text, _ in chosen)}) and t.status in ({', '.join('?' * len(statuses))}) "
        f"and t.other_name_id in (select name_id from store where id in {here})"
    )
    values = (*(value for _, parameters in chosen for value in parameters), *statuses, *stores)
    return tables.rows(table, (where, values))[0].filter(is_taken(inquiry, table))


def _ours(db: SiteDatabase, begun: pl.DataFrame, inquiry: Inquiry, papers: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """Those that are for this site to respond to."""
    here = sorted(inquiry.rights.stores)
    begun = begun.filter(pl.col("kind").is_in([kind.name for kind in inquiry.kinds]))
    owned = pl.col("from_store").is_in(here) & ~pl.col("by_primary")
    if inquiry.rights.is_primary:
        owned |= pl.col("by_primary")
    named = inquiry.named.select(*RECORD, "is_moved", is_named=pl.lit(True)).unique()
    ours = (
        begun.filter(owned & pl.col("to_store").is_in(here))
        .join(named, on=RECORD, how="left", maintain_order="left")
        .with_columns(pl.col("is_named", "is_moved").fill_null(False))
    )
    known = inquiry.not_begun.select(*RECORD, "to_store", is_not_begun=pl.lit(True))
    ours = ours.join(known, on=[*RECORD, "to_store"], how="left", maintain_order="left")
    is_new = pl.col("to_store").is_in(new_stores(db, inquiry).implode())
    is_free = ~pl.col("by_primary") & pl.lit(inquiry.rights.is_primary)  # primary makes documents for its own stores
    answering = answering_unjudged(db, papers["invoice"], inquiry)
    is_judged = pl.col("table_name").is_in(sorted(inquiry.judged_first)) & ~is_free
    is_judged |= (pl.col("table_name") == "invoice") & pl.col("record_id").is_in(answering.implode())
    begins = pl.col("is_not_begun").is_null() & ~is_new & ~is_judged
    ours = ours.filter(pl.col("is_named") | begins).drop("is_not_begun")
    if inquiry.earlier is not None:
        return ours
    return ours.filter((pl.col("begun_at") >= inquiry.limit).fill_null(False) | pl.col("is_named"))


def _with_what_they_name(
    tables: SiteTables, papers: Mapping[str, pl.DataFrame], inquiry: Inquiry
) -> tuple[dict[str, pl.DataFrame], pl.Series]:
    """The papers with the orders and requisitions that invoices name, and the ids of invoices of unsound orders."""
    invoices, found = papers["invoice"], dict(papers)
    unsure = invoices["id"].clear()
    for table in (_ORDER, _REQUISITION):
        named = invoices[f"{table}_id"].drop_nulls()
        if len(named):
            query, parameters = tables.db.id_list(named)
            sound, unsound = tables.rows(table, (f"t.id in {query}", parameters))
            sound = sound.filter(is_taken(inquiry, table)) if table == _ORDER else sound
            found[table] = pl.concat([found[table], sound]).unique("id", keep="first", maintain_order=True)
            if table == _ORDER:
                unsure = invoices.filter(pl.col("purchase_order_id").is_in(unsound["id"].implode()))["id"]
    return found, unsure


def _with_lines(
    tables: SiteTables, papers: Mapping[str, pl.DataFrame], begun: pl.DataFrame
) -> tuple[dict[str, pl.DataFrame], pl.Series]:
    """The papers with the lines of ``begun`` and of the orders, and the currencies; the ids of documents with unsound
    lines."""
    wanted = {f"{table}_line": begun.filter(pl.col("table_name") == table)["record_id"] for table in INITIATING}
    wanted[_ORDER_LINE] = papers[_ORDER]["id"]
    currencies = tables.rows(CURRENCIES, ("true", ()))[0] if len(papers[_ORDER]) else tables.no_rows(CURRENCIES)
    found, broken = {**papers, CURRENCIES: currencies}, [pl.Series("id", [], dtype=pl.String)]
    for table, ids in wanted.items():
        parent = f"{table.removesuffix('_line')}_id"
        if ids.is_empty():
            found[table] = tables.no_rows(table)
            continue
        query, parameters = tables.db.id_list(ids)
        found[table], unsound = tables.rows(table, (f"t.{quote(parent)} in {query}", parameters))
        broken.append(unsound[parent].alias("id"))
    return found, pl.concat(broken).drop_nulls()


def _dangling(tables: SiteTables, papers: Mapping[str, pl.DataFrame]) -> pl.Series:
    """The ids of documents that refer, or whose lines do, to what is not here: SQLite lets people write such rows.

    Central has them wait; a copy of theirs would only break off the pull of the whole site (A4).
    """
    found = [pl.Series("id", [], dtype=pl.String)]
    for key in tables.here.references:
        table = key.table
        header = table.removesuffix("_line")
        if table not in papers or header not in INITIATING or key.parent == header:
            continue
        of_document = "id" if table == header else f"{header}_id"
        found.append(dangling(tables.db, key, papers[table])[of_document].alias("id"))
    return pl.concat(found)
