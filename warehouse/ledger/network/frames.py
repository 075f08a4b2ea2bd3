"""The frames of what the ledger knows of the network: a class each, with an example row."""

from __future__ import annotations

from sync_rules.frame import Frame, integer, text


class Rehome(Frame):
    """Somebody whom an operator gives another home store: ``12, patient, p-1, NORTH, SOUTH``."""

    number = integer("of the decision")
    table_name = text("patient or prescriber")
    record_id = text()
    store_id = text("the new home store")
    held_store = text("the home store now")
