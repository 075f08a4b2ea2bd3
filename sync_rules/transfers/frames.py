"""The frames of transfers: a class each, with an example row."""

from __future__ import annotations

from sync_rules.frame import Frame, flag, integer, moment, text, texts
from sync_rules.frames import BatchReference, RecordKey


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


class BatchAnswer(BatchReference):
    """Which document a row answers that is the responding half of a transfer.

    ``7, invoice, v-1, stock_transfer, v-1, SOUTH``
    """

    kind = text("the kind of transfer")
    made_of = text("the initiating half, as the row says")
    to_store = text("whose the row is")


class RespondingKey(Frame):
    """What names a responding half: ``invoice, v-2``."""

    responding_table = text()
    responding_id = text()


class HalfLines(RespondingKey):
    """A responding half and its lines, as JSON of texts, by id: ``invoice, v-2, [{..}, {..}]``."""

    lines = texts()


class HalfVersion(HalfLines):
    """The lines that a responding half was given: as it was made, and as it is to be since.

    ``invoice, v-2, [{..}, {..}], 0``
    """

    version = integer("0: as made; the last one is what it is to be")


class HalfRequest(RespondingKey):
    """A responding half that its site is asked to take back, or to bring to its last version; nothing is done to one
    that its store took in. ``invoice, v-2, SOUTH, true, false``"""

    to_store = text()
    is_on_hold = flag("as it was made")
    is_recall = flag("another store gets it")
