"""What is known of each record: whose it is, whom it is about, its part, its scopes."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from sync_rules.frame import FrameOf
from sync_rules.frames import RECORD, ChangeKey, HeldRecord
from warehouse.connection import Connection, query, registered
from warehouse.statements import statement


def held_records(con: Connection, keys: pl.DataFrame) -> FrameOf[HeldRecord]:
    """What central holds of the records that ``keys`` (table_name, record_id) names; no row of what it does not
    hold."""
    if keys.is_empty():
        return HeldRecord.empty()
    with registered(con, wanted=keys.select(RECORD)):
        found = query(
            con,
            f"select {', '.join('r.' + name for name in HeldRecord.schema)} from ledger.record as r "
            "where (r.table_name, r.record_id) in (select table_name, record_id from wanted)",
        )
    return HeldRecord.check(found)


def belonging_somewhere(con: Connection, keys: pl.DataFrame) -> pl.DataFrame:
    """Those of ``keys`` (with table_name, record_id) whose records belong to sites: others stay where they are."""
    held = held_records(con, keys.select(RECORD))
    return keys.join(held.filter(pl.col("scopes").list.len() > 0), on=RECORD, how="semi", maintain_order="left")


def records_of(con: Connection, table: str) -> FrameOf[HeldRecord]:
    """What central holds of all records of a table, by id."""
    columns = ", ".join(HeldRecord.schema)
    return HeldRecord.check(
        query(con, f"select {columns} from ledger.record where table_name = ? order by record_id", [table])
    )


def as_central_has_them(con: Connection, kept: pl.DataFrame) -> FrameOf[ChangeKey]:
    """The keys of those of ``kept`` (keys, site_id) that the site has as central has them: nothing of the record is
    still to be delivered there."""
    with registered(con, kept=kept):
        return ChangeKey.check(query(con, statement("as_central_has_them")))


def put_facts(con: Connection, records: pl.DataFrame, *, is_new: bool = False) -> None:
    """Replaces what is known of ``records``: table_name, record_id, owner, maker, document, scopes, seq, about, part,
    shared; ``is_new``: nothing is."""
    if records.is_empty():
        return
    with registered(con, records=records):
        if not is_new:
            con.execute(
                "delete from ledger.record where (table_name, record_id) in (select table_name, record_id from records)"
            )
        con.execute(
            "insert into ledger.record "
            "select table_name, record_id, owner, maker, document, scopes, seq, about, part, shared from records"
        )


def lines_to_rescope(con: Connection, headers: pl.DataFrame) -> pl.DataFrame:
    """The held lines of documents that are not what their document is: keys, and the owner, about and part of it.

    ``headers`` has table_name (of the lines), document, owner, about and part.
    """
    with registered(con, headers=headers):
        return query(
            con,
            statement("lines_to_rescope"),
        )


def records_owned_by(con: Connection, owners: Sequence[str], parts: pl.DataFrame) -> pl.DataFrame:
    """table_name, record_id, owner, scopes of the records of ``parts`` (table_name, part) that ``owners`` own, sorted;
    those that are part of a transfer left out."""
    with registered(con, parts=parts):
        return query(
            con,
            statement("records_owned_by"),
            [list(owners)],
        )


def counts_by_owner(con: Connection, owners: Sequence[str], parts: pl.DataFrame) -> pl.DataFrame:
    """owner, table_name, records: how many records of ``parts`` (table_name, part) stores own, sorted."""
    with registered(con, parts=parts):
        return query(
            con,
            "select owner, table_name, count(*) as records from ledger.record "
            "semi join parts using (table_name, part) where owner in (select unnest(?::varchar[])) "
            "group by all order by all",
            [list(owners)],
        )


def counts_of_parts(con: Connection, parts: pl.DataFrame) -> pl.DataFrame:
    """table_name, records: how many records there are of ``parts`` (table_name, part), sorted."""
    with registered(con, parts=parts):
        sql = "select table_name, count(*) as records from ledger.record semi join parts using (table_name, part) "
        return query(con, f"{sql} group by all order by all")


def to_resend(con: Connection, site_id: int, what: str) -> FrameOf[ChangeKey]:
    """The records that belong to a site and are the store's, the table's or the patient's of ``what`` (`store:S`,
    `table:T`, `patient:P`, `everything:`), with the site_id; none of which a change of that site's is held back."""
    found = _asked_again(con, site_id, what).filter(~pl.col("is_held_back")).drop("is_held_back")
    return ChangeKey.take(found.with_columns(site_id=pl.lit(site_id, pl.Int64)))


def held_back_from_resend(con: Connection, site_id: int, what: str) -> pl.DataFrame:
    """The records (table_name, record_id) that ``to_resend`` leaves out: a change of the site's is on the list."""
    return _asked_again(con, site_id, what).filter("is_held_back").drop("is_held_back")


def _asked_again(con: Connection, site_id: int, what: str) -> pl.DataFrame:
    kind, _, which = what.partition(":")
    return query(con, statement("records_to_resend"), [site_id, kind, which])
