"""What the ledger is handed of sites, as frames with declared columns."""

from __future__ import annotations

from sync_rules.frame import Frame, flag, integer, text, texts


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


class SetAnswer(Frame):
    """What a site says to a change set: ``2, 7, 0f3a.., [["item", "i7", "edited_since_pull"]]``."""

    site_id = integer()
    number = integer()
    content_hash = text()
    answer = text("the rows that it left alone, as JSON")
