"""Writing a change set to a site: all of it or nothing, once, and never over people's own edits (M4, B19)."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime

import polars as pl

from sites.capture import answers, line, notices
from sites.capture.bookmark import Bookmark, bookmark_now, require_same_log
from sites.capture.generations import collectable
from sites.capture.identity import POINT_BACK, read_identity, require_identity
from sites.capture.switches import note_switches
from sites.capture.triggers import require_capture
from sites.deliver.cut import ceded, kept_rows, unsent
from sites.deliver.merges import is_overtaken
from sites.deliver.portion import Portion
from sites.deliver.skips import disturbed_rows
from sites.deliver.tries import TransactionLost, Tries
from sites.deliver.write import Ground, merges_of
from sites.engines.engine import SiteDatabase
from sites.engines.errors import RowRefused, SiteFailed
from sites.engines.sql import SqlCondition
from sites.own_edits.receipts import editors_of, order_lines_of
from sites.own_edits.repeats import count_off
from sites.own_edits.rights import NO_RIGHTS, StoreRights
from sites.pull.net_changes import records_in_log
from sites.watch import Left, unwatched
from sync_rules.frames import RECORD
from sync_rules.mentions import MERGE_TABLES
from sync_rules.schema import Schema
from sync_rules.words import Answer, Identity, SiteStatus, Skip, Skipped
from wire.change_set import ChangeSet
from wire.frames import SkippedRow
from wire.line import Line

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
    server: Line | None = None,
    status: SiteStatus | None = None,
    left: Left = unwatched,
) -> Answer:
    """Apply a change set in one transaction and return the site's answer, which is kept there too.

    ``pulled`` is the bookmark of the pull that came before: rows edited past it are left alone,
    with what depends on them, and named in the answer, like rows whose removal would break a
    reference. A change set that was applied before gives its stored answer and changes nothing. Tables and columns that
    the site has not got are left out: once they are there, central sends them (precision 33).
    What it calls for at the site is done with it, as far as the site has the ``rights`` to (B24); its notices and the
    ``status`` are kept for the people there. ``server``: the line that the number belongs to (B53).
    ``left`` is told how far it is.
    Raises SiteFailed, with nothing changed, for another identity, a change set older than the
    last, or whatever the engine refuses.
    """
    attempts, tries, place = 0, Tries(left), Bookmark.of_text(pulled)
    while True:
        try:
            with db.transaction(write=True):
                answer = _answer_now(db, change_set, schema, place, expected, now, rights, tries, server)
                notices.keep_notices(db, change_set.notices, now)
                if status is not None:
                    notices.keep_status(db, replace(status, not_taken=status.not_taken + _not_taken(answer)), now)
                return answer
        except _EditedMeanwhileError:
            attempts, tries = attempts + 1, Tries(left)
            if attempts == _ATTEMPTS:
                said = "its rows are being edited at the site; the next cycle tries"
                raise SiteFailed(f"change set {change_set.number}: {said}") from None
        except (RowRefused, TransactionLost):
            if not tries.goes_on():
                raise


def _answer_now(
    db: SiteDatabase,
    change_set: ChangeSet,
    schema: Schema,
    pulled: Bookmark,
    expected: Identity,
    now: datetime,
    rights: StoreRights,
    tries: Tries,
    server: Line | None,
) -> Answer:
    _require_for(db, change_set, expected, server)
    here = collectable(db, schema).schema
    change_set, schema = change_set.without(schema.tables.keys() - here.tables.keys()), here
    require_capture(db, _tables(change_set, schema) or schema.tables)
    kept = _kept_answer(db, change_set, server)
    if kept is not None:
        return kept
    require_same_log(db, pulled, bookmark_now(db))
    tables = schema.tables.keys() if set(change_set.upserts) & MERGE_TABLES.keys() else _tables(change_set, schema)
    cuts = ceded(db, change_set)
    held = _held(db, cuts, pulled) | _called_for(db, schema, change_set, cuts)
    ground = Ground(db, schema, db.surroundings(tables), rights.without(cuts.keys() - held), now)
    skipped = _apply(ground, change_set, pulled, tries, {cuts[store] for store in held})
    answer = Answer(change_set.number, change_set.content_hash, skipped)
    _keep(db, answer, server, now)
    return answer


def _kept_answer(db: SiteDatabase, change_set: ChangeSet, server: Line | None) -> Answer | None:
    """What was answered to the change set, if it was applied before. Raises SiteFailed where a later one was."""
    if server is not None and line.is_next(db, server):
        return None  # numbers of another line say nothing (B53)
    kept, last = answers.answer_to(db, change_set.number), answers.last_answer(db)
    if kept is not None:
        return _same(kept, change_set)
    if last is not None and last.number > change_set.number:
        raise SiteFailed(f"change set {change_set.number} is older than {last.number}, which is applied already")
    return None


def _keep(db: SiteDatabase, answer: Answer, server: Line | None, now: datetime) -> None:
    if server is not None:
        line.begin_numbers(db, server, answer.number)
    answers.keep_answer(db, answer, now)


def _held(db: SiteDatabase, cuts: Collection[str], pulled: Bookmark) -> set[str]:
    """Those stores of ``cuts`` of which something may be unsent (B29); all while somebody does not end writing."""
    if not cuts or not db.keep_out_writers():
        return set(cuts)
    return unsent(db, records_in_log(db, pulled.entries_after(db)), sorted(cuts))


def _called_for(db: SiteDatabase, schema: Schema, change_set: ChangeSet, cuts: Collection[str]) -> set[str]:
    """Those stores of ``cuts`` for which the site is to edit something because of this very set: that is to be pulled
    from it before it hands them over (B29). Whose home a count is for is not asked: all wait."""
    if not cuts or change_set.counts.height:
        return set(cuts)
    return editors_of(db, order_lines_of(db, schema, change_set.upserts, change_set.deletes)) & set(cuts)


def _require_for(db: SiteDatabase, change_set: ChangeSet, expected: Identity, server: Line | None) -> None:
    if server is not None:
        line.require_line(db, server)
    found = require_identity(read_identity(db), (expected.site_id, expected.database_uuid))
    if found.epoch != expected.epoch:
        raise SiteFailed(
            f"identity refused: the database is in epoch {found.epoch}, expected {expected.epoch}; {POINT_BACK}"
        )
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


def _apply(
    ground: Ground, change_set: ChangeSet, pulled: Bookmark, tries: Tries, uncut: set[str]
) -> tuple[Skipped, ...]:
    """Writes what nobody is in the way of; what is not at the site as it was sent. ``uncut``: rows that would hand over
    a store of which something is unsent."""
    db, schema = ground.db, ground.schema
    entries = pulled.entries_after(db)
    edited = records_in_log(db, entries)
    whole = Portion(change_set.upserts, change_set.deletes)
    disturbed = pl.concat(
        [disturbed_rows(change_set.upserts, change_set.deletes, schema, edited), kept_rows(uncut)]
    ).unique(keep="first")
    portion = whole.without(disturbed)
    found = tries.write(ground, portion)
    count_off(db, schema, change_set.counts)
    if not db.has_one_writer:
        _require_undisturbed(change_set, before=edited, after=_others_since(db, entries))
        if is_overtaken(db, schema, merges_of(portion.without(found).upserts), found):
            raise _EditedMeanwhileError
    rows = pl.concat([disturbed, found]).unique(keep="first").sort(SkippedRow.names())
    note_switches(db, change_set.site_id, change_set.upserts, rows)
    return tuple(Skipped(*row) for row in rows.iter_rows())


def _not_taken(answer: Answer) -> int:
    return sum(one.why != Skip.EDITED_SINCE_PULL for one in answer.skipped)


def _others_since(db: SiteDatabase, entries: SqlCondition) -> pl.DataFrame:
    """What the log has by now, as ``records_in_log``, but for what this transaction itself wrote."""
    past, parameters = entries
    own, of_own = db.own_entries(0)
    return records_in_log(db, (f"{past} and not ({own})", (*parameters, *of_own)))


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
