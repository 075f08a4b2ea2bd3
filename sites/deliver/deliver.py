"""Writing a change set to a site: all of it or nothing, once, and never over people's own edits (M4, B19)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import polars as pl

from sites.capture import answers
from sites.capture.bookmark import Bookmark, bookmark_now, require_same_log
from sites.capture.identity import read_identity, require_identity
from sites.capture.triggers import require_capture
from sites.deliver.deletes import remove_rows
from sites.deliver.merges import is_overtaken, merge_records
from sites.deliver.skips import EDITED, Disturbance
from sites.engines.engine import SiteDatabase
from sites.engines.errors import SiteFailed
from sites.own_edits import after_delivery
from sites.own_edits.rights import NO_RIGHTS, StoreRights
from sites.pull.net_changes import records_in_log
from sync_rules.frames import RECORD
from sync_rules.mentions import MERGE_TABLES
from sync_rules.schema import Schema
from sync_rules.words import Answer, Identity, Skipped
from wire.change_set import ChangeSet
from wire.frames import SkippedRow

_ATTEMPTS = 3


class _EditedMeanwhileError(Exception):
    """Somebody edited a row after the log was read and before the row was written."""


def deliver(
    db: SiteDatabase,
    change_set: ChangeSet,
    *,
    schema: Schema,
    pulled: str,
    expected: Identity,
    now: datetime,
    rights: StoreRights = NO_RIGHTS,
) -> Answer:
    """Apply a change set in one transaction and return the site's answer, which is kept there too.

    ``pulled`` is the bookmark of the pull that came before: rows edited past it are left alone,
    with what depends on them, and named in the answer, like rows whose removal would break a
    reference. A change set that was applied before gives its stored answer and changes nothing.
    What it calls for at the site is done with it, as far as the site has the ``rights`` to (B24).
    Raises SiteFailed, with nothing changed, for another identity, a change set older than the
    last, or whatever the engine refuses.
    """
    for _ in range(_ATTEMPTS):
        try:
            with db.transaction(write=True):
                return _answer_now(db, change_set, schema, Bookmark.of_text(pulled), expected, now, rights)
        except _EditedMeanwhileError:
            continue
    raise SiteFailed(f"change set {change_set.number}: its rows are being edited at the site; the next cycle tries")


def _answer_now(
    db: SiteDatabase,
    change_set: ChangeSet,
    schema: Schema,
    pulled: Bookmark,
    expected: Identity,
    now: datetime,
    rights: StoreRights,
) -> Answer:
    _require_for(db, change_set, expected)
    require_capture(db, _tables(change_set, schema) or schema.tables)
    kept = answers.answer_to(db, change_set.number)
    if kept is not None:
        return _same(kept, change_set)
    last = answers.last_answer(db)
    if last is not None and last.number > change_set.number:
        raise SiteFailed(f"change set {change_set.number} is older than {last.number}, which is applied already")
    require_same_log(db, pulled, bookmark_now(db))
    steps = after_delivery.steps_of(db, change_set, rights)
    db.mark_delivery(is_delivery=True)
    skipped = _apply(db, change_set, schema, pulled)
    db.mark_delivery(is_delivery=False)
    if steps is not None:
        after_delivery.carry_out(db, schema, steps, skipped=skipped, rights=rights, now=now)
    answer = Answer(change_set.number, change_set.content_hash, skipped)
    answers.keep_answer(db, answer, now)
    return answer


def _require_for(db: SiteDatabase, change_set: ChangeSet, expected: Identity) -> None:
    found = require_identity(read_identity(db), (expected.site_id, expected.database_uuid))
    if found.epoch != expected.epoch:
        raise SiteFailed(f"identity refused: the database is in epoch {found.epoch}, expected {expected.epoch}")
    if change_set.site_id != found.site_id:
        raise SiteFailed(f"change set {change_set.number} is for site {change_set.site_id}, not {found.site_id}")


def _tables(change_set: ChangeSet, schema: Schema) -> set[str]:
    """The tables that the change set writes to, all of them known."""
    tables = {*change_set.upserts, *change_set.deletes["table_name"].unique()}
    unknown = sorted(tables - schema.tables.keys())
    if unknown:
        raise SiteFailed(f"change set {change_set.number} names tables that are not known: {unknown}")
    return tables


def _same(kept: Answer, change_set: ChangeSet) -> Answer:
    if kept.content_hash != change_set.content_hash:
        raise SiteFailed(f"change set {change_set.number} was applied already, with other content")
    return kept


def _apply(db: SiteDatabase, change_set: ChangeSet, schema: Schema, pulled: Bookmark) -> tuple[Skipped, ...]:
    """Upserts parents first, then what merges move, then deletes children first; what was left alone."""
    entries = pulled.entries_after(db)
    edited = records_in_log(db, entries)
    disturbance = Disturbance(schema, edited)
    if any(key.table == key.parent for key in schema.references):
        db.allow_later_parents()
    skipped = [
        _upsert(db, table, change_set.upserts[table], schema, disturbance)
        for table in sorted(schema.parents_first(), key=lambda table: table in MERGE_TABLES)
        if table in change_set.upserts
    ]
    merges = _merges(change_set, skipped)
    merge_records(db, schema, merges)
    stayed = _delete(db, change_set.deletes, schema, disturbance)
    skipped.append(stayed)
    if not db.has_one_writer:
        _require_undisturbed(change_set, before=edited, after=records_in_log(db, entries))
        if is_overtaken(db, merges, stayed):
            raise _EditedMeanwhileError
    rows = pl.concat(skipped).unique().sort("table_name", "record_id", "why")
    return tuple(Skipped(*row) for row in rows.iter_rows())


def _upsert(db: SiteDatabase, table: str, rows: pl.DataFrame, schema: Schema, disturbance: Disturbance) -> pl.DataFrame:
    columns = [column.name for column in schema.travelling(table) if column.name in rows.columns]
    is_disturbed = disturbance.upserts(table, rows)
    try:
        db.upsert_rows(table, rows.filter(~is_disturbed).select(columns))
    except SiteFailed as error:
        raise SiteFailed(f"table `{table}`: {error}") from None
    return rows.filter(is_disturbed).select(
        pl.lit(table).alias("table_name"), pl.col("id").alias("record_id"), pl.lit(EDITED).alias("why")
    )


def _merges(change_set: ChangeSet, skipped: list[pl.DataFrame]) -> Mapping[str, pl.DataFrame]:
    """The merges that were written (section 7), by the table whose records they merge: kept_id, merged_id."""
    merges: dict[str, pl.DataFrame] = {}
    for merge in sorted(set(change_set.upserts) & set(MERGE_TABLES)):
        is_disturbed = (pl.col("table_name") == merge) & (pl.col("why") == EDITED)
        disturbed = pl.concat(skipped).filter(is_disturbed)
        rows = change_set.upserts[merge].join(disturbed, left_on="id", right_on="record_id", how="anti")
        merges[MERGE_TABLES[merge]] = rows.select("kept_id", "merged_id")
    return merges


def _delete(db: SiteDatabase, deletes: pl.DataFrame, schema: Schema, disturbance: Disturbance) -> pl.DataFrame:
    if deletes.is_empty():
        return SkippedRow.empty()
    is_disturbed = disturbance.deletes(deletes)
    edited = deletes.filter(is_disturbed).with_columns(why=pl.lit(EDITED))
    return pl.concat([edited, remove_rows(db, schema, deletes.filter(~is_disturbed))])


def _require_undisturbed(change_set: ChangeSet, *, before: pl.DataFrame, after: pl.DataFrame) -> None:
    """Nobody's edit may have come between the look at the log and the write.

    An edit committed before our write of its row is in the log by now; a later one waits for
    our commit. So looking again at the end is enough, and no row needs a lock beforehand.
    """
    keys = ["table_name", "record_id", "position"]
    new = after.join(before, on=keys, how="anti")
    if new.is_empty():
        return
    ours = [
        pl.DataFrame({"record_id": rows["id"]}).with_columns(table_name=pl.lit(table))
        for table, rows in change_set.upserts.items()
    ]
    ours.append(change_set.deletes.select("record_id", "table_name"))
    if new.join(pl.concat(ours), on=RECORD, how="semi").height:
        raise _EditedMeanwhileError
