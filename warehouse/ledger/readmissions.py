"""Up to where sites were read, and how those were let in again whose databases are not the ones of before (B50)."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

import duckdb
import polars as pl

from sync_rules.frame import FrameOf
from warehouse.connection import first, query, registered, value
from warehouse.statements import statement
from wire.frames import SiteBookmark
from wire.readmission import Readmission


@dataclass(frozen=True)
class KeptBookmark:
    """Up to where the pull of a cycle read its site's log; None where that was forgotten: no site goes back to there
    (B55). ``path``: the folder of the pull."""

    cycle: int
    path: str
    bookmark: str | None


@dataclass(frozen=True)
class OwedSteps:
    """Own steps that a site has not taken since it was let in: those from one of the places ``since`` of its log on,
    the first one that it still has (None: all of it), as soon as ``is_given`` what the lost line changed."""

    since: tuple[str | None, ...]
    is_given: bool


def keep_bookmarks(con: duckdb.DuckDBPyConnection, pulled: FrameOf[SiteBookmark], *, cycle: int) -> None:
    """Remembers, of the pulls of a cycle, those that read up to another place than the pull before: to be called before
    the sites' cursors move."""
    if pulled.is_empty():
        return
    with registered(con, pulled=pulled):
        con.execute(
            "insert into ledger.bookmark select p.site_id, ?, p.path, p.bookmark from pulled as p "
            "join ledger.site as s using (site_id) where p.bookmark is distinct from s.bookmark "
            "or p.site_id not in (select site_id from ledger.bookmark) order by p.site_id",
            [cycle],
        )


def kept_bookmarks(con: duckdb.DuckDBPyConnection, site_id: int) -> list[KeptBookmark]:
    """The places up to which a site was read, the last one first, as far back as all that followed is kept (precision
    6)."""
    rows = con.execute(
        "select cycle, path, bookmark from ledger.bookmark where site_id = ? and cycle > "
        "(select coalesce(max(greatest(pulls_to, known_after)), 0) from ledger.prune) order by cycle desc",
        [site_id],
    ).fetchall()
    return [KeptBookmark(*row) for row in rows]


def restorable_since(con: duckdb.DuckDBPyConnection) -> dict[str, datetime]:
    """By the code of each site, from when on a backup that its people made of its own database can be put back and told
    apart; an older one would be compared whole (precision 6)."""
    rows = con.execute(
        "select s.site_code, min(c.started_at) from ledger.bookmark as b join ledger.cycle as c using (cycle) "
        "join ledger.site as s using (site_id) where b.bookmark is not null and b.cycle > "
        "(select coalesce(max(greatest(pulls_to, known_after)), 0) from ledger.prune) group by all"
    ).fetchall()
    return dict(rows)


def deleted_before(con: duckdb.DuckDBPyConnection, keys: pl.DataFrame) -> pl.DataFrame:
    """Those of ``keys`` (table_name, record_id) of which the sequence says that they were deleted last."""
    with registered(con, keys=keys):
        return query(con, statement("deleted_before"))


def enter_readmission(con: duckdb.DuckDBPyConnection, site_id: int, decided: Readmission) -> None:
    """Remembers that a site is to be let in again; what was decided of it before and not done yet is void."""
    con.execute("delete from ledger.readmission where site_id = ? and cycle is null", [site_id])
    con.execute(
        "insert into ledger.readmission (number, site_id, what, taken) values (?, ?, ?, ?)",
        [decided.number, site_id, decided.what, list(decided.taken)],
    )


def readmissions(con: duckdb.DuckDBPyConnection) -> dict[int, Readmission]:
    """How sites are to be let in again that were not pulled since, by site."""
    rows = con.execute("select site_id, number, what, taken from ledger.readmission where cycle is null").fetchall()
    return {site_id: Readmission.of(number, what, taken) for site_id, number, what, taken in rows}


@dataclass(frozen=True)
class LetIn:
    """That a site was let in again: by which cycle, when, as whom decided; ``is_whole``: it was pulled since, and
    nothing of that cycle is left to be done."""

    cycle: int
    at: datetime
    by: str
    is_whole: bool


def last_let_in(con: duckdb.DuckDBPyConnection, site_id: int) -> LetIn | None:
    """When a site was let in again last; None where it never was."""
    row = first(con, statement("last_let_in"), [site_id])
    return LetIn(*row) if row else None


def begin_anew(con: duckdb.DuckDBPyConnection, site_id: int, number: int) -> None:
    """The ledger's side of letting a site in: its database holds the change set ``number`` as its last, 0 for none; of
    a server that is lost perhaps, so that it is none of this one's (B53).

    What it was given after that is given up, its position is where that left it, and what it did not take since is no
    matter any more.
    """
    number = min(
        number, value(con, "select coalesce(max(number), 0) from ledger.change_set where site_id = ?", [site_id])
    )
    sent = first(
        con, "select to_seq from ledger.change_set where site_id = ? and number = ?", [site_id, number]
    ) or first(con, "select min(from_seq) from ledger.change_set where site_id = ?", [site_id])
    position = sent[0] if sent else None
    con.execute(
        "update ledger.site set change_set_number = ?, position = coalesce(?, position) where site_id = ?",
        [number, position, site_id],
    )
    con.execute("update ledger.change_set set state = 'superseded' where site_id = ? and number > ?", [site_id, number])
    con.execute("update ledger.skipped set is_open = false where site_id = ? and number > ?", [site_id, number])


def end_readmission(con: duckdb.DuckDBPyConnection, site_id: int, number: int, cycle: int, *, fork: int | None) -> None:
    """The site was let in by a cycle, as it was decided: read from where the cycle ``fork`` had read it, or whole."""
    con.execute(
        "update ledger.readmission set cycle = ?, since = (select bookmark from ledger.bookmark as b "
        "where b.site_id = readmission.site_id and b.cycle = ?) where site_id = ? and number = ?",
        [cycle, fork, site_id, number],
    )


def owe_steps(con: duckdb.DuckDBPyConnection, cycle: int, seq: int) -> None:
    """The sites that a cycle let in take their own steps once they have all that the sequence holds up to ``seq``."""
    con.execute("update ledger.readmission set owed_to = ? where cycle = ?", [seq, cycle])


def owed_steps(con: duckdb.DuckDBPyConnection) -> dict[int, OwedSteps]:
    """The steps that sites have not taken, by site."""
    rows = con.execute(
        "select site_id, list(r.since order by r.number), coalesce(s.position, 0) >= max(r.owed_to) "
        "from ledger.readmission as r join ledger.site as s using (site_id) where r.owed_to is not null "
        "group by site_id, s.position"
    ).fetchall()
    return {site_id: OwedSteps(tuple(since), is_given) for site_id, since, is_given in rows}


def settle_steps(con: duckdb.DuckDBPyConnection, sites: Collection[int]) -> None:
    """``sites`` were pulled since, and took what steps they were due to take: to be called before positions move."""
    taken = [site_id for site_id, owed in owed_steps(con).items() if owed.is_given and site_id in sites]
    if taken:
        con.execute(
            "update ledger.readmission set owed_to = null where site_id in (select unnest(?::bigint[]))", [taken]
        )


def begin_whole(con: duckdb.DuckDBPyConnection, site_id: int, position: int) -> None:
    """Of a site that is read whole: it is compared with all that central holds now, so nothing before matters."""
    con.execute("update ledger.site set position = ? where site_id = ?", [position, site_id])
    con.execute("update ledger.skipped set is_open = false where site_id = ?", [site_id])
