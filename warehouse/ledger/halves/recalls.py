"""Halves that their sites are asked to take back, because the receiver of what was sent was corrected (X5)."""

from __future__ import annotations

import polars as pl

from sync_rules.frame import FrameOf
from sync_rules.frames import RECORD, RecordKey
from sync_rules.transfers.kinds import HEADERS, KINDS
from warehouse.connection import Connection, first, query, quote, registered
from warehouse.statements import statement

_ASKED_FOR = "select q.table_name, q.record_id from ledger.quarantine as q where q.state = 'open' and q.reason = " \
             "'waits_for_receiver'"  # fmt: skip
_DOCUMENTS = " union all ".join(
    f"select '{table}' as table_name, id, other_name_id from replica.{quote(table)}"
    for table in sorted({kind.table for kind in KINDS})
)
_CORRECTED = (
    f"select d.table_name, d.id from ({_DOCUMENTS}) as d "
    "semi join touched as c on c.table_name = d.table_name and c.record_id = d.id "
    "join ledger.transfer as t on t.table_name = d.table_name and t.record_id = d.id "
    "join replica.store as s on s.id = t.to_store and s.name_id is distinct from d.other_name_id"
)


def settle_recalls(con: Connection, touched: pl.DataFrame) -> None:
    """What was taken back, or was deleted by its store before the receiver was corrected, is nobody's: its transfer
    waits for the other store's half. What no edit waits for any more is not asked for; what one waits for is.

    ``touched``: keys of what was changed in the cycle.
    """
    if not first(con, statement("is_recall_possible")):
        return
    with registered(con, touched=touched.select(RECORD)):
        con.execute(
            "update ledger.transfer set recalled_id = responding_id, responding_id = null, made_by = null, "
            "made_cycle = null, made_at = null, is_responding_deleted = false, is_recall_asked = false, "
            "waits = 'receiver_corrected' where is_responding_deleted and responding_id is not null "
            f"and (is_recall_asked or (table_name, record_id) in ({_CORRECTED}))"
        )
    con.execute(
        "delete from ledger.half_version where responding_id in (select t.recalled_id from ledger.transfer as t)"
    )
    con.execute(
        "update ledger.transfer set is_recall_asked = false where is_recall_asked "
        f"and (table_name, record_id) not in ({_ASKED_FOR})"
    )
    con.execute(
        "update ledger.transfer set is_recall_asked = true where responding_id is not null and not is_recall_asked "
        f"and not is_responding_deleted and (table_name, record_id) in ({_ASKED_FOR})"
    )


def waiting_documents(con: Connection) -> FrameOf[RecordKey]:
    """The documents of which an edit waits."""
    return RecordKey.check(
        query(
            con,
            "select distinct table_name, record_id from ledger.quarantine where state = 'open' and verdict = 'waiting' "
            "and table_name in (select unnest(?)) order by all",
            [list(HEADERS)],
        )
    )
