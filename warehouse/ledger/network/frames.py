"""The frames of what the ledger knows of the network: a class each, with an example row."""

from __future__ import annotations

from sync_rules.frame import Frame, flag, integer, text, texts


class Rehome(Frame):
    """Somebody whom an operator gives another home store: ``12, patient, p-1, NORTH, SOUTH``."""

    number = integer("of the decision")
    table_name = text("patient or prescriber")
    record_id = text()
    store_id = text("the new home store")
    held_store = text("the home store now")


class SiteInFile(Frame):
    """A site as topology.toml has it: ``2, north, true``."""

    site_id = integer()
    code = text()
    is_enabled = flag()


class ReadUpTo(Frame):
    """How far a site was read: ``2, 6f1c.., 1, 7301.., 12, [], [DISPENSARY], {..}``."""

    site_id = integer()
    database_uuid = text()
    epoch = integer()
    cluster = text("which copy of the database it was")
    bookmark = text()
    withheld_everything = texts("stores whose data stayed; null: not known")
    withheld_stock = texts("stores whose stock records stayed")
    capture = text("how its tables are captured, as JSON")
