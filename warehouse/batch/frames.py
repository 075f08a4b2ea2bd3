"""The frames of a batch alone: a class each, with an example row."""

from __future__ import annotations

from sync_rules.frame import integer, text
from sync_rules.frames import ChangeKey
from warehouse.frames import RowReference


class RowAnswer(RowReference):
    """Which document a responding half answers: ``2, invoice, v-2, invoice, v-1, stock_transfer, v-1, SOUTH``."""

    kind = text()
    made_of = text()
    to_store = text()


class InPart(ChangeKey):
    """The part of large pulls that a change of theirs is judged with: ``2, invoice_line, l-3, 7``."""

    part = integer()


class InWhole(ChangeKey):
    """A record that a site sent, and what it is judged with: ``2, invoice_line, l-3, v-1``."""

    whole = text("the document of a line, or the person whom the record is about")
