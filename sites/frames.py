"""The frames that pass between the modules of a site's package: a class each, with an example row."""

from __future__ import annotations

from sync_rules.frame import Frame, flag, integer, text
from sync_rules.frames import RecordKey


class ReadEntry(Frame):
    """An entry of the change log: ``41, item, i-7, U, 2026-11-29 06:00:00.123``."""

    seq = integer()
    table_name = text()
    record_id = text()
    op = text("I, U or D")
    stamp = text("what tells it from another one of the same number about the same record")


class LogRecord(RecordKey):
    """A record that the log names, and what was done first and last: ``item, i-7, I, U, 38, 41``."""

    first_op = text()
    last_op = text()
    first = integer("the place of its first entry")
    position = integer("of its last entry")


class DocumentNumber(RecordKey):
    """The number of a document: ``invoice, v-2, 17``."""

    number = integer()


class HalfMessage(Frame):
    """A responding half that a message is written about: ``stock_transfer, v-1, SOUTH, n-12, v-2, 17``."""

    kind = text()
    record_id = text("the initiating half")
    to_store = text()
    from_name = text("the initiating store's name")
    responding_id = text()
    number = integer("of the responding half")


class HalfOrphan(Frame):
    """A half whose initiating one is gone, and the column that named it: ``invoice, linked_invoice_id, v-2``."""

    table_name = text()
    column = text()
    record_id = text()


class HalfLink(Frame):
    """An initiating half and its responding one: ``stock_transfer, v-1, v-2``."""

    kind = text()
    record_id = text()
    responding_id = text()


class HalfInStore(HalfLink):
    """The same, and the store that the responding one is in: ``stock_transfer, v-1, v-2, SOUTH``."""

    in_store = text()


class HighestNumber(Frame):
    """The highest number of a store's documents of a kind: ``NORTH, customer_invoice, 17``."""

    store_id = text()
    number_kind = text()
    highest = integer()


class VisibleIn(Frame):
    """A row that makes a patient visible in a store: ``j-1, p-1, WARD``."""

    id = text()
    patient_id = text()
    store_id = text()


class MalformedCell(Frame):
    """A cell that is no value of its kind, at most 80 characters of it: ``i-7, expiry_date, soon``."""

    record_id = text()
    column = text()
    found = text()


class HandedKey(Frame):
    """A row that has a unique key which another one is to have: ``item, i-2, i-3, 0``."""

    table_name = text()
    holder = text("the record that has it at the site")
    taker = text("the record that is to have it")
    key = integer("its place among the keys of the table")


class Written(RecordKey):
    """What came of a record that a delivery wrote: ``item, i-7, true, altered_by_site, ...``."""

    is_settled = flag("no entry of it stays in the log")
    why = text("why it was not taken; null where it was, or where the site made an edit of it")
    said = text()


class InParcel(RecordKey):
    """A record of a change set and what it is written with: ``invoice, v-1, false, 7``."""

    is_delete = flag()
    parcel = integer("in the order in which parcels can be written")


class OfDocument(RecordKey):
    """A line and its document: ``invoice_line, l-1, invoice, v-1``."""

    document_table = text()
    document = text()


class ParcelNeed(Frame):
    """A parcel that refers to a record of another: ``7, 3``."""

    parcel = integer()
    needed = integer()


class LeftOut(Frame):
    """A parcel that the site's database refused, or that needs one which it did: ``7, value too long``."""

    parcel = integer()
    said = text()


class SwitchNote(Frame):
    """Where in the log a switch of procurement reached the site: ``centralised_payments, 41, true``."""

    name = text()
    seq = integer()
    is_on = flag()


class CapturedTable(Frame):
    """How a table is captured: ``item, 2, 5f1c..., 9ab0...``."""

    table_name = text()
    generation = integer()
    definition = text()
    place = text()
