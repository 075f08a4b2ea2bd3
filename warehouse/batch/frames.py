"""The frames of a batch alone: a class each, with an example row."""

from __future__ import annotations

from sync_rules.frame import text
from warehouse.frames import RowReference


class RowAnswer(RowReference):
    """Which document a responding half answers: ``2, invoice, v-2, invoice, v-1, stock_transfer, v-1, SOUTH``."""

    kind = text()
    made_of = text()
    to_store = text()
