"""The frames that pass between the modules of a site's package: a class each, with an example row."""

from __future__ import annotations

from sync_rules.frame import Frame, integer, text
from sync_rules.frames import RecordKey


class LogRecord(RecordKey):
    """A record that the log names, and what was done first and last: ``item, i-7, I, U, 41``."""

    first_op = text()
    last_op = text()
    position = integer("of its last entry")


class PresentNumber(RecordKey):
    """A document that has a number here already: ``invoice, v-2, 17``."""

    number = integer()


class HalfMessage(Frame):
    """A responding half that a message is written about: ``stock_transfer, v-1, SOUTH, n-12, 17``."""

    kind = text()
    record_id = text("the initiating half")
    to_store = text()
    from_name = text("the initiating store's name")
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
