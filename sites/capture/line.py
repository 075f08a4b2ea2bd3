"""The server that a site goes on with: its line, and the line of the change set applied last (B53).

The table has a row a line, in the order in which they were met; ``applied_from`` is the number of the first change set
of that line. Numbers of two lines never mean the same: what was applied under the line before, from that number on, is
forgotten when the first set of the next line is applied.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress

from sites.capture import answers
from sites.engines.engine import SiteDatabase
from sites.engines.errors import SiteFailed
from sites.engines.log_tables import APPLIED_TABLE, LINE_TABLE
from sync_rules.codes import FAILURES
from wire.line import Line

_CREATE = f"""
create table if not exists {LINE_TABLE} (
    ordinal integer primary key,
    line text not null,
    ancestors text not null,
    applied_from bigint
)
"""


class CentralSuperseded(SiteFailed):
    """The site has met a server that was restored from a backup of this one."""


def line_met(db: SiteDatabase) -> Line | None:
    """The line of the server that the site met last; None where it met none that said so."""
    rows = _rows(db, "select line, ancestors from {} order by ordinal desc limit 1")
    return Line(rows[0][0], tuple(json.loads(rows[0][1]))) if rows else None


def line_applied(db: SiteDatabase) -> str:
    """The line of the change set that was applied last; nothing where its server did not say."""
    rows = _rows(db, "select line from {} where applied_from is not null order by ordinal desc limit 1")
    return str(rows[0][0]) if rows else ""


def require_line(db: SiteDatabase, own: Line) -> None:
    """Raises SiteFailed where the site goes on with another server; CentralSuperseded where that was restored from a
    backup of this one."""
    found = line_met(db)
    if found is None or own.follows(found.id):
        return
    code = "central_superseded" if own.id in found.ancestors else "another_central"
    failure = FAILURES[code]
    error = CentralSuperseded if code == "central_superseded" else SiteFailed
    raise error(f"{failure.code} (line {found.id}): {failure.explanation}")


def knows_more(db: SiteDatabase, made: Mapping[int, str], own: Line, *, last: int) -> bool:
    """Whether the database holds a change set of a line that this one follows, and that this server does not know: it
    was restored from a backup made before. ``made``, ``last``: as for `answers.require_not_ahead`."""
    if answers.is_known(db, made, last=last):
        return False
    return line_applied(db) in own.ancestors


def meet(db: SiteDatabase, own: Line) -> None:
    """The site goes on with this server from now on. Where no table may be made there, its numbers tell."""
    if line_met(db) == own:
        return
    with suppress(SiteFailed), db.transaction(write=True):
        db.execute(_CREATE)
        db.execute(
            f"insert into {LINE_TABLE} (ordinal, line, ancestors) "
            f"select coalesce(max(ordinal), 0) + 1, ?, ? from {LINE_TABLE}",
            (own.id, json.dumps(own.ancestors)),
        )


def is_next(db: SiteDatabase, own: Line) -> bool:
    """Whether nothing of this line was applied yet: its numbers say nothing of what was applied before."""
    found = line_met(db)
    return found is not None and found.id == own.id and line_applied(db) != own.id


def begin_numbers(db: SiteDatabase, own: Line, number: int) -> None:
    """In the transaction of the change set ``number``: where it is the first of its line, numbers from there on are
    that line's."""
    if not is_next(db, own):
        return
    db.execute(f"delete from {APPLIED_TABLE} where number >= ?", (number,))
    db.execute(
        f"update {LINE_TABLE} set applied_from = ? where ordinal = (select max(ordinal) from {LINE_TABLE})", (number,)
    )


def _rows(db: SiteDatabase, sql: str) -> list[tuple[str, ...]]:
    return db.execute(sql.format(LINE_TABLE)) if db.has_table(LINE_TABLE) else []
