"""Stores on their way from one site to another (B29, B47)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import polars as pl

from sync_rules.frame import FrameOf
from sync_rules.frames import ChangeKey
from sync_rules.table.rules import PRIMARYS_TABLES
from sync_rules.topology.site_rows import primary_row
from sync_rules.words import CENTRAL_DATA, Move, MoveState
from warehouse.connection import Connection, query, registered, value
from warehouse.records.sequence import last_seq
from warehouse.statements import statement


@dataclass(frozen=True)
class StoredMove:
    """A move as the ledger has it: its ``number``; whether central handed the store over without the old site
    (``is_forced``), whether an operator lets it go on without what waits or was refused (``is_accepted``); up to where
    of the sequence the new site has to be (``filled_seq``); who asked for it."""

    number: int
    move: Move
    is_forced: bool
    is_accepted: bool
    filled_seq: int | None
    asked_by: str


def stored_moves(con: Connection) -> list[StoredMove]:
    """All moves, in the order in which they began."""
    return [
        StoredMove(number, Move(store_id, from_site, to_site, MoveState(state)), *rest)
        for number, store_id, from_site, to_site, state, *rest in con.execute(statement("stored_moves")).fetchall()
    ]


def open_moves(con: Connection) -> list[StoredMove]:
    """Those that are not over."""
    return [one for one in stored_moves(con) if not one.move.state.is_over]


def all_moves(con: Connection) -> tuple[Move, ...]:
    """Every move, under way or over, as the topology has them."""
    return tuple(one.move for one in stored_moves(con))


def steps(con: Connection, number: int) -> pl.DataFrame:
    """The states that a move was in: state, cycle, entered_at; in order."""
    return query(
        con, "select state, cycle, entered_at from ledger.move_step where move = ? order by cycle, entered_at", [number]
    )


def _step(con: Connection, number: int, state: MoveState, cycle: int, at: datetime) -> None:
    con.execute("insert into ledger.move_step values (?, ?, ?, ?)", [number, str(state), cycle, at])


def enter_move(con: Connection, move: Move, *, is_forced: bool, by: str, cycle: int, at: datetime) -> None:
    """Enters a move."""
    number = value(con, "select coalesce(max(move), 0) + 1 from ledger.move")
    con.execute(
        "insert into ledger.move values (?, ?, ?, ?, ?, ?, false, null, ?)",
        [number, move.store_id, move.from_site, move.to_site, str(move.state), is_forced, by],
    )
    _step(con, number, move.state, cycle, at)


def enter_state(con: Connection, number: int, state: MoveState, *, cycle: int, at: datetime) -> None:
    """A move comes into another state; what an operator accepted of the one before is accepted no more."""
    con.execute("update ledger.move set state = ?, is_accepted = false where move = ?", [str(state), number])
    _step(con, number, state, cycle, at)


def accept(con: Connection, number: int) -> None:
    """An operator lets a move go on without what keeps it where it is."""
    con.execute("update ledger.move set is_accepted = true where move = ?", [number])


def hand_over(con: Connection, number: int) -> None:
    """Central hands the store of a move over: its old site is not asked (B47)."""
    con.execute("update ledger.move set is_forced = true where move = ?", [number])


def redirect(con: Connection, number: int, to_site: int) -> None:
    """A move goes to another site; what the one before was sent counts no more."""
    con.execute("update ledger.move set to_site = ?, filled_seq = null where move = ?", [to_site, number])


def note_filled(con: Connection) -> None:
    """New sites that are to be filled from now on have to come to where the sequence is now."""
    con.execute("update ledger.move set filled_seq = ? where state = 'filling' and filled_seq is null", [last_seq(con)])


def is_told(con: Connection, site_id: int, store_id: str) -> bool:
    """Whether a site has said that it has its row on a store, or on who is primary, as central wrote it last (T7)."""
    is_primary = store_id == CENTRAL_DATA
    row = ("preference", primary_row(site_id)) if is_primary else ("store_site", f"{site_id}:{store_id}")
    return not value(con, statement("untold"), [site_id, *row])


def is_reached(con: Connection, site_id: int, seq: int | None) -> bool:
    """Whether a site was delivered everything up to a place in the sequence."""
    where = "select count(*) from ledger.site where site_id = ? and position >= ?"
    return seq is not None and value(con, where, [site_id, seq]) == 1


def not_taken(con: Connection, site_id: int, store_id: str) -> pl.DataFrame:
    """What a site did not take of a store, or of central data: table_name, record_id, why, said; sorted."""
    if store_id == CENTRAL_DATA:
        return query(con, statement("not_taken_of_central_data"), [site_id, PRIMARYS_TABLES])
    return query(con, statement("not_taken_of_store"), [site_id, store_id])


def waiting_of(con: Connection, site_id: int, store_id: str) -> pl.DataFrame:
    """What a site sent that waits, and is the store's or may be, or central data: table_name, record_id, verdict,
    reason; sorted."""
    if store_id == CENTRAL_DATA:
        return query(con, statement("waiting_of_central_data"), [site_id, PRIMARYS_TABLES])
    return query(con, statement("waiting_of_store"), [site_id, store_id])


def unchanged_since_move(con: Connection, changes: pl.DataFrame) -> FrameOf[ChangeKey]:
    """Those of ``changes`` (site_id, table_name, record_id, owner) of stores that left their site whose record nobody
    else has changed since."""
    with registered(con, changes=changes):
        return ChangeKey.check(query(con, statement("unchanged_since_move")))


def release_removals(con: Connection, sites: Sequence[int]) -> None:
    """Lets the next change sets of sites remove as much as they have to: a plan announced it (B31)."""
    con.execute(
        "update ledger.site set is_released = true where site_id in (select unnest(?::bigint[]))", [list(sites)]
    )
