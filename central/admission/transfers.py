"""Transfers between stores on two sites: central makes the responding halves and ties both together (section 8).

Part of the transaction that admits a cycle. What a transfer waits for is remembered and looked at again in each cycle;
what has a responding half, or had one, is never given another (X2, B30). A transfer begins by the step into its state,
not by the state: what was in it while its other party was no store is remembered as history (B60).
"""

from __future__ import annotations

import polars as pl

from central.admission.halves.comparison import begin_comparing, compare_halves
from central.admission.transfer_state import Memory, states_of_transfers
from central.cycle_file import Cycle
from central.project import Project
from sync_rules.frame import FrameOf
from sync_rules.frames import RECORD, StoreName
from sync_rules.table.parents import HEADER_OF
from sync_rules.table.rules import REST, RULES
from sync_rules.topology.frames import Placement
from sync_rules.transfers.begins import finished_documents, initiating_halves
from sync_rules.transfers.frames import FinishedDocument
from sync_rules.transfers.kinds import HEADERS, LOG_TABLE, Papers
from sync_rules.transfers.responds import respond
from sync_rules.transfers.waits import BY_HAND_ALONE, is_within_limit
from sync_rules.words import DecisionKind, Maker
from warehouse.connection import Connection
from warehouse.frames import Transfer
from warehouse.ledger import papers, transfers
from warehouse.ledger.halves import before_stores
from warehouse.ledger.halves.recalls import settle_recalls, waiting_documents
from warehouse.records.door import Records
from warehouse.records.facts import held_records
from warehouse.records.links import put_links

_is_history = pl.col("waits").eq_missing(pl.lit("party_was_no_store"))
_AS_IT_WAS = [*RECORD, "type", "other_name_id"]
_NO_SCOPES = pl.lit([], pl.List(pl.String))


def transfer(
    records: Records, project: Project, cycle: Cycle, admitted: pl.DataFrame, placed: FrameOf[Placement]
) -> None:
    """Makes the responding halves that are due after a cycle's changes are merged, and keeps both halves of a transfer
    tied together.

    ``admitted``: table_name, record_id, op, document, is_snapshot of the changes that were merged. ``placed``: where
    stores are.
    """
    con = records.con
    touched = admitted.filter(pl.col("table_name").is_in([*HEADERS, LOG_TABLE])).unique(
        RECORD, keep="last", maintain_order=True
    )
    _note_deletes(con, touched)
    settle_recalls(con, touched)
    before_stores.forget_lost_stores(con)
    waiting = _begun_by_hand(transfers.waiting(con), cycle)
    again = pl.concat([waiting.filter(_may_begin(project, cycle)).select(RECORD), before_stores.of_new_stores(con)])
    if touched.height or again.height:
        _tie(records, project, cycle, touched, again, waiting, placed)
    compare_halves(records, _documents(admitted))


def _tie(
    records: Records,
    project: Project,
    cycle: Cycle,
    touched: pl.DataFrame,
    again: pl.DataFrame,
    waiting: pl.DataFrame,
    placed: FrameOf[Placement],
) -> None:
    """Makes halves of what was ``touched`` or is looked at ``again`` (keys), and ties them to the initiating ones."""
    halves = touched.filter(pl.col("table_name") != LOG_TABLE)
    known = _responded(transfers.of_halves(records.con, halves))
    put_links(records, known)  # first: an invoice whose owner wiped out its order is still that order's
    upserts = touched.filter(pl.col("op") == "upsert")
    asked = pl.concat([upserts.select(RECORD), again]).unique().join(known.select(RECORD), on=RECORD, how="anti")
    made = _respond(records, project, cycle, asked, seen=upserts, waiting=waiting, placed=placed)
    put_links(records, made)
    _part(records, made.filter(pl.col("recalled_id").is_not_null()))
    _share(records, pl.concat([known, made]).unique(RECORD, maintain_order=True), touched)
    begin_comparing(records, Transfer.check(made))


def _documents(admitted: pl.DataFrame) -> pl.DataFrame:
    """The keys of the documents that were changed, or a line of theirs."""
    of = admitted.select(table_name=pl.col("table_name").replace(HEADER_OF), record_id="document")
    return of.filter(pl.col("table_name").is_in(HEADERS)).drop_nulls().unique()


def _responded(known: pl.DataFrame) -> pl.DataFrame:
    return known.filter(pl.col("responding_id").is_not_null())


def _begun_by_hand(waiting: pl.DataFrame, cycle: Cycle) -> pl.DataFrame:
    """``waiting``, with is_asked_for: an operator began it; it is as if it had come by the log, and named no
    responding half (B30)."""
    begun = [one.record_id for one in cycle.decisions if one.kind == DecisionKind.BEGIN]
    is_begun = pl.col("record_id").is_in(begun)
    return waiting.with_columns(is_snapshot=pl.col("is_snapshot") & ~is_begun, is_asked_for=is_begun)


def _may_begin(project: Project, cycle: Cycle) -> pl.Expr:
    """Which of what waits is looked at again: what begins by hand alone if an operator begins it, its site sends it
    again, or the age limit was lengthened since."""
    months = project.topology.options.transfer_age_limit_months
    is_young_now = pl.col("waits").eq_missing(pl.lit("too_old_to_begin")) & is_within_limit(cycle.now, months)
    return pl.col("is_asked_for") | is_young_now | ~pl.col("waits").is_in(BY_HAND_ALONE).fill_null(False)


def _note_deletes(con: Connection, touched: pl.DataFrame) -> None:
    """Halves that were deleted, or came back; a document that is gone before it was responded to begins nothing."""
    if touched.is_empty():
        return
    known = transfers.of_halves(con, touched)
    gone = touched.select(*RECORD, is_gone=pl.col("op") == "delete")
    responding = gone.rename(
        {"table_name": "responding_table", "record_id": "responding_id", "is_gone": "is_responding_gone"}
    )
    now = (
        known.join(gone, on=RECORD, how="left", maintain_order="left")
        .join(responding, on=["responding_table", "responding_id"], how="left", maintain_order="left")
        .with_columns(
            is_deleted=pl.coalesce("is_gone", "is_deleted"),
            is_responding_deleted=pl.coalesce("is_responding_gone", "is_responding_deleted"),
        )
        .select(Transfer.names())
    )
    transfers.put(con, Transfer.check(now))
    transfers.forget(con, now.filter(pl.col("responding_id").is_null() & pl.col("is_deleted")))
    before_stores.remember(con, touched.filter(pl.col("op") == "delete"), FinishedDocument.empty())


def _respond(
    records: Records,
    project: Project,
    cycle: Cycle,
    asked: pl.DataFrame,
    *,
    seen: pl.DataFrame,
    waiting: pl.DataFrame,
    placed: FrameOf[Placement],
) -> pl.DataFrame:
    """Makes what is due of the documents ``asked`` (keys); returns the transfers that have a responding half since
    now."""
    con = records.con
    stores = StoreName.take(transfers.store_names(con))
    found = papers.begun_papers(con, project.schema, asked)
    finished = finished_documents(found).join(asked, on=RECORD, how="semi")
    begun = initiating_halves(found, stores).join(asked, on=RECORD, how="semi")
    memory = Memory(waiting, _history(con, finished), waiting_documents(con))
    now = states_of_transfers(con, project, cycle, begun, seen=seen, memory=memory, placed=placed)
    due = now.filter((pl.col("made_by") == Maker.CENTRAL) & ~pl.col("is_responding_deleted"))
    if due.height:
        found = papers.with_lines(con, project.schema, found, due)
        _make(records, cycle, begun.join(due.select(*RECORD, "responding_id"), on=RECORD), found, stores)
    transfers.forget(con, asked)
    transfers.put(con, now)
    _remember_history(con, asked, finished, begun, now)
    return _responded(now).filter(~pl.col("is_responding_deleted"))


def _history(con: Connection, finished: pl.DataFrame) -> pl.DataFrame:
    """The keys of those of ``finished`` that are as they were before their other party was a store."""
    before = before_stores.remembered(con, finished)
    return finished.join(before, on=_AS_IT_WAS, how="semi", nulls_equal=True).select(RECORD)


def _remember_history(
    con: Connection, asked: pl.DataFrame, finished: pl.DataFrame, begun: pl.DataFrame, now: pl.DataFrame
) -> None:
    """Of the documents ``asked`` those are history that are ``finished`` and did not begin: they have no store as other
    party, or had none; what is left out though it would have begun has ended long ago (X6)."""
    others = begun.join(now.filter(_is_history), on=RECORD, how="anti")
    before_stores.remember(con, asked, FinishedDocument.check(finished.join(others, on=RECORD, how="anti")))


def _make(records: Records, cycle: Cycle, due: pl.DataFrame, found: Papers, stores: FrameOf[StoreName]) -> None:
    """Writes the responding halves of ``due`` as central's own new records (X5)."""
    made = respond(due, found, stores, records.schema, cycle.now)
    records.write(pl.concat([_facts(table, rows, made) for table, rows in made.items()]).sort(RECORD), made)


def _facts(table: str, rows: pl.DataFrame, made: Papers) -> pl.DataFrame:
    """What central notes of new rows: whose they are, which document they head or belong to; lines are as theirs."""
    rule = RULES[table].table
    of = RULES[rule.parent].table if rule.parent else rule
    owned = rows.with_columns(document=pl.col(rule.parent_column) if rule.parent_column else pl.col("id"))
    if rule.parent:
        named = [name for name in (of.owner, of.about) if name]
        owned = owned.select("id", "document").join(
            made[rule.parent].select("id", *named), left_on="document", right_on="id"
        )
    return owned.select(
        table_name=pl.lit(table),
        record_id="id",
        op=pl.lit("upsert"),
        maker=pl.lit(None, pl.Int64),
        owner=str(of.owner),
        about=pl.col(of.about) if of.about else pl.lit(None, pl.String),
        part=pl.lit(REST),
        document="document",
        shared=_NO_SCOPES,
    )


def _part(records: Records, moved: pl.DataFrame) -> None:
    """Documents whose receiver was corrected are no longer the first receiver's business."""
    every = papers.with_lines_of(records.con, moved.select(RECORD).with_columns(shared=_NO_SCOPES))
    held = held_records(records.con, every.select(RECORD)).filter(pl.col("shared").list.len() > 0)
    records.rescope(held.select(RECORD).with_columns(shared=_NO_SCOPES))


def _share(records: Records, known: pl.DataFrame, touched: pl.DataFrame) -> None:
    """Both halves, with their lines and the messages about them, go to the sites of both stores, and to primary where
    the order is centralised (X4)."""
    con = records.con
    central = papers.centralised_halves(con, known).with_columns(is_primarys=pl.lit(True))
    scopes = known.join(central, on=RECORD, how="left", maintain_order="left").with_columns(
        shared=pl.concat_list(
            pl.lit("active:") + pl.col("from_store"),
            pl.lit("active:") + pl.col("to_store"),
            pl.when("is_primarys").then(pl.lit("primary")),
        ).list.drop_nulls()
    )
    halves = pl.concat(
        [
            scopes.select(*RECORD, "shared"),
            scopes.select("shared", table_name="responding_table", record_id="responding_id").select(*RECORD, "shared"),
        ]
    )
    _rescope(records, papers.with_lines_of(con, halves))
    _rescope(records, papers.messages(con, touched, halves))


def _rescope(records: Records, wanted: pl.DataFrame) -> None:
    """Adds the scopes ``shared`` to those that records (RECORD) have as part of a transfer."""
    if wanted.is_empty():
        return
    more = wanted.explode("shared").group_by(RECORD).agg(more=pl.col("shared").unique().sort())
    before = held_records(records.con, more.select(RECORD)).join(more, on=RECORD)
    grown = before.with_columns(now=pl.col("shared").list.set_union("more").list.sort())
    records.rescope(grown.filter(pl.col("now").list.len() > pl.col("shared").list.len()).select(*RECORD, shared="now"))
