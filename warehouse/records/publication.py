"""What the ledger knows of publishing: the last publication, and the replica rows written or deleted since (B16).

The door of records notes the rows that it writes and deletes, in the transaction that does; those that say something of
a store and an item as they were. Before the first publication nothing is noted: it copies everything.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from warehouse.connection import Connection, first, quote
from warehouse.records.pair_tables import PAIR_TABLES, said_of_pair

_HAS_PUBLISHED = "exists (select 1 from ledger.publication)"


@dataclass(frozen=True)
class Publication:
    """The last publication: the snapshot's number, and the last cycle in it."""

    number: int
    cycle: int


def note_sql(keys: str) -> str:
    """The statement that notes the rows of ``keys``, a query of table_name and record_id without conditions."""
    return f"insert into ledger.unpublished (table_name, record_id) {keys} where {_HAS_PUBLISHED}"


def note_as_they_are(con: Connection, table: str, ids: str) -> None:
    """Notes rows of a table before they are written or deleted, with what they say of a store and an item. ``ids``: a
    query of their ids, rows that are not there yet among them."""
    if table not in PAIR_TABLES:
        con.execute(note_sql(f"select '{table}', id from ({ids})"))
    elif last(con) is not None:
        store, item, document = (one if one == "null" else f"held.{one}" for one in said_of_pair(table))
        con.execute(
            f"insert into ledger.unpublished select '{table}', given.id, {store}, {item}, {document} "
            f"from ({ids}) as given left join replica.{quote(table)} as held on held.id = given.id"
        )


def last(con: Connection) -> Publication | None:
    """The last publication; None before the first."""
    row = first(con, "select number, cycle from ledger.publication")
    return Publication(*row) if row else None


def noted(con: Connection) -> dict[str, int]:
    """How many rows are noted, by table."""
    rows = con.execute("select table_name, count(distinct record_id) from ledger.unpublished group by 1 order by 1")
    return dict(rows.fetchall())


def noted_in(table: str) -> str:
    """The ids noted for a table, as a query."""
    quote(table)
    return f"select record_id from ledger.unpublished where table_name = '{table}'"


def enter_publication(con: Connection, published: Publication, now: datetime) -> None:
    """Enters a publication; what was noted is in it. In the caller's transaction."""
    con.execute("delete from ledger.publication")
    con.execute("insert into ledger.publication values (?, ?, ?)", [published.number, published.cycle, now])
    con.execute("delete from ledger.unpublished")
