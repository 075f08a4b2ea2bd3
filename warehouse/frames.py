"""The frames of the warehouse that the rules do not know: a class each, with an example row."""

from __future__ import annotations

from sync_rules.frame import Frame, decimal, flag, integer, moment, number, text, texts
from sync_rules.frames import Change, ChangeKey, RecordKey

# -- the batch


class BatchChange(Change):
    """A change of a cycle's batch: those of Change, and what became of it before. ``.., null, null, false, null``"""

    waiting_since = integer("its quarantine id, of a change that was held back before")
    was_reason = text("and the reason")
    is_rewritten = flag("the row named a record that was merged away, and now names the kept one")
    is_withdrawal = flag("a delete that is none: the record is at its site and leaves it no longer (B59)")
    is_compared = flag("found by reading the table whole after a gap in its capture (B57)")
    unreadable = text("that part of ``malformed`` which its row does not show: cells that were no values of their kind")


class Claim(ChangeKey):
    """What an upserted row says of itself: ``2, requisition, r-1, NORTH, null, otherwise, r-1, true``."""

    owner = text()
    about = text()
    part = text("null: a line is of the part that its document is of")
    document = text()
    is_half = flag()


class Uncollected(Frame):
    """A column of which a site's rows say nothing where they are null or have what the database itself put there: the
    site has not got it, or has it since just now (precision 33). ``2, location, code, null``"""

    site_id = integer()
    table_name = text()
    column = text()
    given = text("what the database itself put there, as text")


class Outside(ChangeKey):
    """A row that says what its table does not allow (B9): ``2, invoice, v-1, status: FINAL``."""

    outside = text()


class RowReference(ChangeKey):
    """A record that an upserted row refers to: ``2, requisition_line, l-3, requisition, r-1``."""

    parent_table = text()
    parent_id = text()


class OfStore(Frame):
    """A row of a site, the store that it names and the person: ``2, j-1, WARD, p-1``."""

    from_site = integer()
    id = text()
    store_id = text()
    person = text()


# -- records


class CentralRow(RecordKey):
    """What central holds of a record, as JSON of texts: ``item, i-7, {"id": "i-7", ..}``."""

    central_row = text()


class ReadWhole(Frame):
    """A row read whole whose record has entries past what its site was delivered: ``7, true, false``."""

    entry = number("of the batch")
    is_behind = flag("somebody else changed or deleted the record, or the site could not remove its copy")
    is_withdrawn = flag("the record left the warehouse: it leaves its site no longer")


class Compared(Frame):
    """A table that was read whole at a site after a gap in its capture: ``2, location, false, false``."""

    site_id = integer()
    table_name = text()
    has_all_data = flag("the site edits data of every store: central or primary")
    is_readmitted = flag("its database is an older one, or another: what it lacks it did not delete")


class Missing(ChangeKey):
    """A record that its site lacks though it had it: ``2, location, l-7, true``."""

    is_own = flag("the site may have deleted it; else it belongs there and is sent again")


class SeenAgain(ChangeKey):
    """A change that was found again as it is on the list: ``2, location, l-7, true``."""

    is_to_be_put_right = flag("central holds the record, and its site may not change it")


class Gap(Frame):
    """What was found in a compared table: ``41, 2, location, 1, 3, 0, 2, 840, false``."""

    cycle = integer()
    site_id = integer()
    table_name = text()
    made = integer("records that central did not hold")
    changed = integer("records whose rows differ")
    deleted = integer("records that the site lacks")
    put_right = integer("records of others that are sent again")
    kept = integer("records that central held of that table from that site")
    is_held = flag("too many to be believed: nothing of it was admitted")


# -- the ledger


class QuarantinedChange(ChangeKey):
    """A change that is not admitted: its verdict, and both versions as JSON of texts.

    ``2, item, i-7, upsert, rejected, not_primary, null, null, false, {..}, {..}``
    """

    op = text()
    verdict = text()
    reason = text()
    malformed = text()
    unreadable = text("that part of it which the row does not show")
    is_snapshot = flag()
    site_row = text()
    central_row = text()


class LineTable(Frame):
    """A table of lines, that of their documents, and where a row as JSON names its document.

    ``invoice_line, invoice, $.invoice_id``
    """

    table_name = text()
    header = text()
    path = text()


class Visit(Frame):
    """What happened with a site that was due: ``2, 2026-03-01 .., ok, null, 17, 0.4``."""

    site_id = integer()
    started_at = moment()
    outcome = text("ok, unreachable, failed, blocked")
    error = text()
    pulled = integer("changes")
    pull_seconds = decimal()


class Delivery(Frame):
    """What was delivered to a site: ``2, ok, null, 12, 0.3``."""

    site_id = integer()
    outcome = text()
    error = text()
    sent = integer("records")
    seconds = decimal()


class VisitCounts(Frame):
    """A visit in a list of visits: ``north, ok, 17, 17, 0, 0, 12``."""

    site_code = text()
    outcome = text()
    pulled = integer()
    admitted = integer()
    rejected = integer()
    waiting = integer()
    sent = integer()


class SetAnswer(Frame):
    """What a site says to a change set: ``2, 7, 0f3a.., [["item", "i7", "edited_since_pull"]]``."""

    site_id = integer()
    number = integer()
    content_hash = text()
    answer = text("the rows that it left alone, as JSON")


class Transfer(Frame):
    """What central remembers of a transfer: one row for each initiating half.

    ``stock_transfer, invoice, v-1, NORTH, SOUTH, invoice, v-2, null, 2026-03-01 .., false, 7, central, 7, .., false,
    false, false, null``
    """

    kind = text()
    table_name = text("of the initiating half")
    record_id = text()
    from_store = text()
    to_store = text()
    responding_table = text()
    responding_id = text("null: there is none yet")
    waits = text("why not")
    begun_at = moment()
    is_snapshot = flag("the initiating half was read whole (X6)")
    first_cycle = integer()
    made_by = text("central or site")
    made_cycle = integer()
    made_at = moment()
    is_deleted = flag()
    is_responding_deleted = flag()
    is_recall_asked = flag("its site is asked to take the responding half back: the receiver was corrected")
    recalled_id = text("the responding half that was taken back: the next one is another store's")


class RowSize(ChangeKey):
    """How many bytes the row of a record has as text, of those that a site would be sent: ``2, item, i-7, 61``."""

    bytes = integer()


class RespondingHalf(RecordKey):
    """An initiating half, and the half that names it: ``invoice, v-1, v-2``."""

    responding_id = text()


class LinkFits(RecordKey):
    """An initiating half that names a record which central holds, and whether that may be its other half.

    ``invoice, v-1, true``
    """

    fits = flag()


class LostHalf(RecordKey):
    """An initiating half of which only a lost server had the other half, and whether its store deleted that:
    ``invoice, v-1, false``."""

    is_removed = flag()


class SharedRecord(RecordKey):
    """A record, and the scopes that it has as part of a transfer: ``invoice_line, l-1, [active:NORTH,
    active:SOUTH]``."""

    shared = texts()
