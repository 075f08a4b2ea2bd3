"""The frames that pass between a site and central: a class each, with an example row."""

from __future__ import annotations

from sync_rules.frame import Frame, flag, integer, text
from sync_rules.frames import ChangeKey, RecordKey


class PulledChange(RecordKey):
    """A change of a pull, one row a record: ``item, i-7, upsert, 41, false, null``."""

    op = text("upsert, delete or withdraw")
    position = integer("the order in which the site last touched the records; in a snapshot parents first")
    is_snapshot = flag("read whole, not from the log")
    malformed = text("which cells were no values of their kind; null for sound rows")


class LogEntry(RecordKey):
    """An entry of a site's change log as a pull read it: ``item, i-7, 41, 2026-11-29 06:00:00.123``."""

    seq = integer("its number there")
    stamp = text("what tells it from another one of the same number about the same record")


class SitePulledChange(PulledChange, ChangeKey):
    """The same with its site: ``2, item, i-7, upsert, 41, false, null``."""


class SkippedRow(RecordKey):
    """A row of a change set that is not at the site as it was sent: ``item, i-7, still_referenced, photo``."""

    why = text()
    said = text("the database's own words, or the table that refers to the row; may be null")


class Notice(Frame):
    """What people at a site are told of a change of theirs: ``17, item, i-7, upsert, rejected, not_primary, ...``."""

    id = text("number of the entry at central")
    table_name = text()
    record_id = text()
    operation = text("upsert, delete or withdraw")
    verdict = text("rejected or waiting")
    reason = text("code")
    words = text("what the reason means")
    site_value = text("the row as the site had it, as JSON")
    central_value = text("the row as central has it; null where it has none, or where the site may not see it")
    state = text("open, or how it ended: admitted, closed, superseded, discarded")
    noticed_at = text("when central last judged it, UTC")


class RepeatCount(Frame):
    """How often a repeat was dispensed away from its home since the set before: ``r-1, 2``."""

    repeat_id = text()
    times = integer("below zero: taken back")


class SiteBookmark(Frame):
    """Up to where a pull read a site's log, and the folder of the pull: ``2, NORTH/e1-00000007-0a1b2c3d4e5f, {..}``."""

    site_id = integer()
    path = text()
    bookmark = text()


class RangeSum(Frame):
    """What a range of the ids of a table comes to, at a site or at central: ``17, 4096, 8812..``."""

    place = integer("which range, from 0, in the order of ids")
    rows = integer()
    checksum = integer("the sum of the checksums of its rows; 60 bits")
