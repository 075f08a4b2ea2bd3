"""The frames of transfers: a class each, with an example row."""

from __future__ import annotations

from sync_rules.frame import Frame, flag, moment, text
from sync_rules.frames import RecordKey


class InitiatingHalf(Frame):
    """A document that begins a transfer: the initiating half.

    ``stock_transfer, invoice, v-1, NORTH, SOUTH, 2026-03-01 .., null, false``
    """

    kind = text()
    table_name = text()
    record_id = text()
    from_store = text()
    to_store = text()
    begun_at = moment("as the document says; null where it does not")
    linked_id = text("the responding half that the document names, or null")
    by_primary = flag("the document is primary's, whichever store it is for (X4)")


class FinishedDocument(RecordKey):
    """A document in the state that begins a transfer, if its other party is a store: ``invoice, v-1, customer_invoice,
    NORTH, n-12``."""

    type = text("null where documents of the table have none")
    store_id = text()
    other_name_id = text()
