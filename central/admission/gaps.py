"""What reading a table whole after a gap in its capture finds (B57): edits of the site where it may make them, else
nothing but a copy that is put right."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import polars as pl

from central.frames import EntryKey
from central.project import Project
from sites.capture.generations import Capture
from sync_rules.frame import FrameOf
from sync_rules.frames import CHANGE
from sync_rules.table.parents import HEADER_OF
from sync_rules.topology.frames import Placement
from sync_rules.topology.placement import placement
from sync_rules.words import EntryKind, Verdict
from warehouse.batch import gaps
from warehouse.batch.gather import NOTHING_COMPARED, Comparison
from warehouse.batch.landed_rows import Landed
from warehouse.batch.second_look import listed_again
from warehouse.connection import Connection
from warehouse.frames import Compared, Gap
from warehouse.ledger.merges import merged_records
from warehouse.records import replicas
from warehouse.records.door import Records
from wire.frames import SitePulledChange
from wire.landed_pull import Appeared, read_changes

MOST_ROWS = 1000
MOST_OF_TABLE = 0.1
_OF_TABLE = ["site_id", "table_name"]


def comparison(con: Connection, project: Project, pulls: Sequence[Landed], retried: Sequence[int]) -> Comparison:
    """The tables that were read whole at sites because changes may not have been logged, what is missing there, and
    what is on the list as it is. ``retried``: quarantine ids that are judged again."""
    topology = project.topology
    all_data = {topology.central_id, topology.primary_id}
    tables = Compared.of(
        (pull.site_id, table, pull.site_id in all_data, pull.is_readmitted) for pull in pulls for table in pull.compared
    )
    if tables.is_empty():
        return NOTHING_COMPARED
    present = pl.concat(
        [
            SitePulledChange.empty().select(CHANGE),
            *(
                read_changes(pull.path).select(
                    pl.lit(pull.site_id, pl.Int64).alias("site_id"), "table_name", "record_id"
                )
                for pull in pulls
                if pull.compared
            ),
        ]
    )
    at_home = _at_home(placement(topology, replicas.stores(con)))
    missing = gaps.missing(con, tables, present, at_home)
    listed = listed_again(con, tables, pulls, merged_records(con), project.schema, retried)
    return Comparison(tables, missing, listed, gaps.kept_of(con, tables, at_home))


def _at_home(placed: FrameOf[Placement]) -> pl.DataFrame:
    """store_id, site_id of the stores that are active."""
    return placed.filter(pl.col("active_site").is_not_null()).select("store_id", site_id="active_site")


@dataclass(frozen=True)
class Settled:
    """The changes that are left to be admitted or listed, and the entries of those that are held."""

    changes: pl.DataFrame
    held: FrameOf[EntryKey]


def put_right_missing(records: Records, found: Comparison) -> None:
    """What sites lack of tables that were read whole and did not delete is sent again, where they say nothing else."""
    if not found.missing.is_empty():
        records.address(EntryKind.CORRECT, found.missing.filter(~pl.col("is_own")).select(CHANGE))


def settle_gaps(records: Records, judged: pl.DataFrame, found: Comparison) -> Settled:
    """Puts right what a site has otherwise than central and may not change, without a verdict a row; holds what is too
    much to be believed. What was found is written down.

    Held is what would change or delete more than 1 000 records and a tenth of what central has of a table from that
    site, until somebody releases it (precision 3); with lines their documents, and the other way round (A5).
    """
    if found.tables.is_empty():
        return Settled(judged, EntryKey.empty())
    is_refused = pl.col("is_compared") & (pl.col("verdict") != str(Verdict.ADMITTED)) & pl.col("is_held")
    is_refused &= pl.col("reason") != "malformed_value"  # of their own people keep what they wrote
    refused = judged.filter(is_refused)
    judged = judged.join(_merged_away(records, judged), on="entry", how="anti", maintain_order="left")
    judged = judged.join(_decided(records, judged), on="entry", how="anti", maintain_order="left")
    others = [found.missing.filter(~pl.col("is_own")), found.listed.filter("is_to_be_put_right")]
    put_right = pl.concat([some.select(CHANGE) for some in (refused, *others)]).unique(maintain_order=True)
    records.address(EntryKind.CORRECT, put_right)
    left = judged.join(refused.select("entry"), on="entry", how="anti", maintain_order="left")
    table = _counted(records, left, put_right, found)
    held = table.filter("is_held").select(_OF_TABLE)
    is_bold = left.filter(pl.col("is_compared") & pl.col("is_held") & (pl.col("reason") == "authorised"))
    dropped = EntryKey.take(is_bold.join(held, on=_OF_TABLE, how="semi"))
    gaps.enter(records.con, table)
    return Settled(left.join(dropped, on="entry", how="anti", maintain_order="left"), dropped)


def _merged_away(records: Records, judged: pl.DataFrame) -> pl.DataFrame:
    """The entries of compared rows whose records were merged away: that a site has one is no edit. It is to go, unless
    that is known already: it could not be let go of (R7), or is on the list."""
    is_compared = pl.col("is_compared") & ~pl.col("is_held")
    rows = judged.filter(is_compared & (pl.col("reason") == "merged_away"))
    if rows.height:
        known = gaps.known_of(records.con, rows["site_id"].unique().to_list())
        records.address(EntryKind.REMOVE, rows.join(known, on=CHANGE, how="anti", maintain_order="left"))
    return rows.select("entry")


def _decided(records: Records, judged: pl.DataFrame) -> pl.DataFrame:
    """The entries of compared rows that are to be put right at their site, as an operator decided, and were not yet:
    central's hold (O6)."""
    rows = judged.filter("is_compared")
    if rows.is_empty():
        return rows.select("entry")
    addressed = gaps.on_their_way(records.con, rows["site_id"].unique().to_list())
    return rows.join(addressed, on=CHANGE, how="semi").select("entry")


def with_marks_lost(capture: str | None, tables: Sequence[str], appeared: Appeared) -> str | None:
    """How a site's tables are captured, to be remembered; those whose changes are held count as interrupted, so that
    they are read whole again, and their new columns as new."""
    if capture is None or not tables:
        return capture
    known = Capture.of_text(capture)
    lacking = {table: sorted(appeared[table] or ()) for table in tables if table in appeared}
    return replace(
        known,
        tables={**known.tables, **dict.fromkeys(tables, "held")},
        lacking={**known.lacking, **lacking},
    ).to_text()


def _counted(records: Records, left: pl.DataFrame, put_right: pl.DataFrame, found: Comparison) -> FrameOf[Gap]:
    own = left.filter(pl.col("is_compared") & (pl.col("reason") == "authorised"))
    is_delete = pl.col("op") == "delete"
    counts = own.group_by(_OF_TABLE).agg(
        made=(~is_delete & ~pl.col("is_held")).sum(),
        changed=(~is_delete & pl.col("is_held")).sum(),
        deleted=is_delete.sum(),
    )
    whole = (
        found.tables.select(_OF_TABLE)
        .join(counts, on=_OF_TABLE, how="left")
        .join(put_right.group_by(_OF_TABLE).agg(put_right=pl.len()), on=_OF_TABLE, how="left")
        .join(found.kept, on=_OF_TABLE, how="left")
        .with_columns(pl.col("made", "changed", "deleted", "put_right", "kept").fill_null(0).cast(pl.Int64))
    )
    released = gaps.take_releases(records.con, found.tables["site_id"].unique().to_list())
    bold = pl.col("changed") + pl.col("deleted")
    is_too_much = (bold > MOST_ROWS) & (bold > pl.col("kept") * MOST_OF_TABLE)
    is_released = pl.col("site_id").is_in([*released, *found.tables.filter("is_readmitted")["site_id"]])
    of_documents = ["site_id", pl.col("table_name").replace(HEADER_OF)]
    is_held = (is_too_much & ~is_released).any().over(of_documents)
    return Gap.take(whole.with_columns(cycle=pl.lit(records.cycle, pl.Int64), is_held=is_held).sort(_OF_TABLE))
