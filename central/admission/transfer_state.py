"""How a transfer stands when a cycle is admitted: is there a responding half, must it wait, is it to be made now."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from central.cycle_file import Cycle
from central.frames import ContactedSite
from central.project import Project
from sync_rules.frame import FrameOf
from sync_rules.frames import RECORD
from sync_rules.topology.frames import Placement
from sync_rules.topology.moves import as_handed_over
from sync_rules.transfers.kinds import BY_NAME
from sync_rules.transfers.responds import moved_ids, responding_ids
from sync_rules.transfers.waits import BY_HAND_ALONE, wait_code
from sync_rules.words import Maker
from warehouse.connection import Connection
from warehouse.frames import Transfer
from warehouse.ledger import papers, transfers
from warehouse.ledger.sites import contacted_sites
from warehouse.records.facts import held_records

_RESPONDING_TABLE = pl.col("kind").replace_strict(
    {name: kind.responding_table for name, kind in BY_NAME.items()}, return_dtype=pl.String
)


@dataclass(frozen=True)
class Memory:
    """What central knows of documents from before: ``waiting``: transfers that waited, and is_asked_for; ``history``:
    keys of those that are as they were when their other party was no store (B60); ``edited``: keys of those of which an
    edit waits."""

    waiting: pl.DataFrame
    history: pl.DataFrame
    edited: pl.DataFrame


def states_of_transfers(
    con: Connection,
    project: Project,
    cycle: Cycle,
    begun: pl.DataFrame,
    *,
    seen: pl.DataFrame,
    memory: Memory,
    placed: FrameOf[Placement],
) -> FrameOf[Transfer]:
    """How the transfers of the documents ``begun`` (InitiatingHalf) stand.

    ``made_by`` is central where the half is to be made now, site where there is one, linked either way (X2), and null
    where the transfer waits. ``seen``: keys and is_snapshot of what came in this cycle. Old documents that came with
    their response have ended long ago: left out (X6).
    """
    if begun.is_empty():
        return Transfer.empty()
    known = _with_memory(begun, seen, memory)
    named = known.with_columns(derived_id=_derived_ids(known), responding_table=_RESPONDING_TABLE)
    facts = _with_history(_with_places(con, project, _with_links(con, named), placed), memory.history)
    facts = _with_lost(con, facts)
    reason = wait_code(cycle.now, project.topology.options.transfer_age_limit_months)
    facts = facts.with_columns(waits=reason, is_there=pl.col("responding_id").is_not_null())
    is_old = (pl.col("waits") == "too_old_to_begin").fill_null(False)
    is_begun = pl.col("is_there") | pl.col("is_removed")
    now = facts.filter(~(is_old & (is_begun | pl.col("is_missing")))).with_columns(
        waits=pl.when(~is_begun).then("waits"), first_cycle=pl.col("first_cycle").fill_null(cycle.number)
    )
    return _as_transfers(now, cycle)


def _as_transfers(facts: pl.DataFrame, cycle: Cycle) -> FrameOf[Transfer]:
    """The transfers of these facts: those that wait for nothing have a responding half, or get one now."""
    is_made = pl.col("waits").is_null()
    state = facts.with_columns(
        responding_id=pl.when(is_made).then(pl.coalesce("responding_id", "derived_id")),
        made_by=pl.when("is_there").then(pl.lit(Maker.SITE)).when(is_made).then(pl.lit(Maker.CENTRAL)),
        made_cycle=pl.when(is_made).then(pl.lit(cycle.number, pl.Int64)),
        made_at=pl.when(is_made).then(pl.lit(cycle.now).cast(Transfer.schema["made_at"])),
        is_deleted=pl.lit(False),
        is_responding_deleted="is_removed",
        is_recall_asked=pl.lit(False),
    )
    return Transfer.check(state.select(Transfer.names()))


def _derived_ids(begun: pl.DataFrame) -> pl.Series:
    """The ids that the halves of ``begun`` get: another one than before where a store had to give its half back."""
    is_moved = begun["recalled_id"].is_not_null()
    return begun.select(pl.when(is_moved).then(moved_ids(begun)).otherwise(responding_ids(begun))).to_series()


def _with_memory(begun: pl.DataFrame, seen: pl.DataFrame, memory: Memory) -> pl.DataFrame:
    """Adds is_snapshot, as when the document was first seen with this party, first_cycle, is_asked_for (B30), is_known:
    it waited for this party before, and not for an operator, recalled_id, and is_unsettled: the receiver was corrected,
    by an edit that waits."""
    before = memory.waiting.select(
        *RECORD, "first_cycle", "is_asked_for", "recalled_id", was_snapshot="is_snapshot", was_to="to_store",
        is_known=~pl.col("waits").is_in(BY_HAND_ALONE).fill_null(False),
        is_unsettled=pl.col("waits").eq_missing(pl.lit("receiver_corrected")),
    )  # fmt: skip
    is_step = pl.col("is_snapshot").is_not_null() & (pl.col("was_to") != pl.col("to_store"))  # another party (B60)
    edited = memory.edited.select(*RECORD, is_edited=pl.lit(True))
    return (
        begun.join(before, on=RECORD, how="left", maintain_order="left")
        .join(seen.select(*RECORD, "is_snapshot"), on=RECORD, how="left", maintain_order="left")
        .join(edited, on=RECORD, how="left", maintain_order="left")
        .with_columns(
            pl.col("is_asked_for").fill_null(False),
            is_known=(pl.col("is_known") & ~is_step).fill_null(False),
            is_unsettled=(pl.col("is_unsettled") & pl.col("is_edited")).fill_null(False),
            is_snapshot=pl.coalesce(pl.when(~is_step).then("was_snapshot"), "is_snapshot").fill_null(False),
        )
        .drop("was_snapshot", "was_to", "is_edited")
    )


def _with_history(begun: pl.DataFrame, history: pl.DataFrame) -> pl.DataFrame:
    """Adds is_history: what the document says it said before its other party was a store, or that is none yet: one
    that is active nowhere (B60). What waited, or is asked for, began."""
    is_no_store = pl.col("to_site").is_null() & ~pl.col("is_known")
    return begun.join(
        history.with_columns(is_remembered=pl.lit(True)), on=RECORD, how="left", maintain_order="left"
    ).with_columns(is_history=(pl.col("is_remembered").fill_null(False) | is_no_store) & ~pl.col("is_asked_for"))


def _with_links(con: Connection, begun: pl.DataFrame) -> pl.DataFrame:
    """Adds responding_id, of a half that names the document or that the document names; is_missing: it names one that
    central does not hold; is_taken: the derived id is another record's.

    What a document names is not believed where that is none of its own: a copy of a document copies its link too.
    """
    derived = begun.select(table_name="responding_table", record_id="derived_id")
    taken = held_records(con, derived).select(
        responding_table="table_name", derived_id="record_id", is_taken=pl.lit(True)
    )
    is_missing = pl.col("fits").is_null() & pl.col("linked_id").is_not_null() & ~pl.col("is_asked_for")
    is_missing &= pl.col("recalled_id").is_null()  # what it names was taken back: its site does not know yet
    return (
        begun.join(papers.responding_halves(con, begun), on=RECORD, how="left", maintain_order="left")
        .join(papers.link_fits(con, begun), on=RECORD, how="left", maintain_order="left")
        .join(taken, on=["responding_table", "derived_id"], how="left", maintain_order="left")
        .with_columns(
            responding_id=pl.coalesce("responding_id", pl.when("fits").then("linked_id")),
            is_missing=is_missing & pl.col("responding_id").is_null(),
            is_taken=pl.col("is_taken").fill_null(False),
        )
    )


def _with_lost(con: Connection, begun: pl.DataFrame) -> pl.DataFrame:
    """Adds is_removed: a lost server made the half, and its store deleted it (B30, B53). What such a server made and
    its store's site never had is not missing: it is made again."""
    asked = begun.filter(pl.col("is_missing") & (pl.col("linked_id") == pl.col("derived_id")))
    lost = papers.lost_halves(con, asked)
    return begun.join(lost, on=RECORD, how="left", maintain_order="left").with_columns(
        is_missing=pl.col("is_missing") & pl.col("is_removed").is_null(),
        is_removed=pl.col("is_removed").fill_null(False),
    )


def _with_places(con: Connection, project: Project, begun: pl.DataFrame, placed: FrameOf[Placement]) -> pl.DataFrame:
    """Adds from_site, to_site, initiating_site, is_disabled and is_contacted, as ``transfers.waits`` asks for them."""
    sites = as_handed_over(project.topology, placed).select("store_id", "active_site")
    contacted = ContactedSite.of((site_id,) for site_id in contacted_sites(con))
    disabled = transfers.store_names(con).filter("is_disabled").select(to_store="store_id", is_disabled=pl.lit(True))
    found = begun
    for side in ("from", "to"):
        own = sites.rename({"store_id": f"{side}_store", "active_site": f"{side}_site"})
        found = found.join(own, on=f"{side}_store", how="left", maintain_order="left")
    return (
        found.join(disabled, on="to_store", how="left", maintain_order="left")
        .join(contacted.with_columns(is_contacted=pl.lit(True)), on="to_site", how="left", maintain_order="left")
        .with_columns(
            pl.col("is_disabled", "is_contacted").fill_null(False),
            initiating_site=pl.when("by_primary").then(pl.lit(project.topology.primary_id)).otherwise("from_site"),
        )
    )
