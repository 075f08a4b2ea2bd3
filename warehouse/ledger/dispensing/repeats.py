"""What was dispensed of repeats away from their homes, and is counted off there."""

from __future__ import annotations

import polars as pl

from sync_rules.frame import FrameOf
from warehouse.connection import Connection, query, registered
from warehouse.ledger.dispensing.frames import CountDue, CountedLine, NewCount, RepeatLine, TouchedLine
from warehouse.statements import statement


def touched_lines(con: Connection, changes: pl.DataFrame) -> FrameOf[TouchedLine]:
    """The lines that ``changes`` (table_name, record_id, document, held_document, is_snapshot) are about, and all of
    the prescriptions that they are of, or were."""
    with registered(con, changes=changes):
        return TouchedLine.check(query(con, statement("touched_lines")))


def lines_with_repeats(con: Connection, touched: FrameOf[TouchedLine]) -> FrameOf[RepeatLine]:
    """Those of the lines that dispense something of a repeat that central holds."""
    with registered(con, touched=touched):
        return RepeatLine.check(query(con, statement("lines_with_repeats")))


def counted_lines(con: Connection, touched: FrameOf[TouchedLine]) -> FrameOf[CountedLine]:
    """What is counted of the lines already, by repeat."""
    with registered(con, touched=touched):
        found = query(
            con,
            "select line_id, repeat_id, cast(sum(times) as bigint) as times, bool_or(times = 0) as is_settled "
            "from ledger.repeat_count where line_id in (select line_id from touched) group by all order by all",
        )
    return CountedLine.check(found)


def put_counts(con: Connection, counts: FrameOf[NewCount], *, cycle: int) -> None:
    """Enters what is to be counted."""
    if counts.height:
        with registered(con, counts=counts):
            con.execute(
                "insert into ledger.repeat_count "
                "select line_id, repeat_id, times, ?, null, null, is_at_home from counts order by all",
                [cycle],
            )


def counts_due(con: Connection, sites: list[int]) -> FrameOf[CountDue]:
    """What no site has counted yet, where ``sites`` are routed anew, with the home store of each repeat's patient."""
    return CountDue.check(query(con, statement("counts_due"), [sites]))


def send_counts(con: Connection, sent: pl.DataFrame) -> None:
    """Notes with which change set counts go: ``sent`` (line_id, repeat_id, times, site_id, number)."""
    if sent.height:
        with registered(con, sent=sent):
            con.execute(
                "update ledger.repeat_count as c set site_id = sent.site_id, number = sent.number from sent "
                "where sent.line_id = c.line_id and sent.repeat_id = c.repeat_id and sent.times = c.times "
                "and not exists (select 1 from ledger.change_set as s where s.site_id = c.site_id "
                "and s.number = c.number and s.state = 'applied')"
            )
