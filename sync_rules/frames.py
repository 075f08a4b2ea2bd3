"""The columns of every frame that crosses a border of this package."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from sync_rules.frame import Frame, flag, integer, number, text

RECORD = ["table_name", "record_id"]
"""What names a record."""

CHANGE = ["site_id", *RECORD]
"""What names a change: at most one of a record comes from a site at once."""


class Change(Frame):
    """A change to be judged; at most one for a site and record.

    ``7, 2, requisition_line, l-3, upsert, false, null, null, null, null, null, r-1, false, false``
    """

    entry = number("this batch's number of the change, in the order of admission")
    site_id = integer("where it was made")
    table_name = text()
    record_id = text()
    op = text("upsert or delete")
    is_snapshot = flag("read whole, not from the log (P4, P9)")
    malformed = text("what is outside the value domain, or null (B9)")
    owner = text("what the row itself names as its owner, or null")
    implied = text("the home store that other rows of the site imply for a person without one")
    about = text("whom else the row itself is about, or null")
    part = text("which rule of its table holds for the row, by name; null: as its document's")
    document = text("the id of the document this row heads or is a line of, or null")
    is_half = flag("the row says that it is a half of a transfer")
    is_same = flag("equal to the row central holds")


CHANGES = Change.schema

BATCH_REFERENCES = {"entry": pl.UInt32(), "parent_table": pl.String(), "parent_id": pl.String()}
"""What the upserted rows refer to (foreign keys that are not null, and records without which they make no sense)."""

BATCH_MERGES = {"entry": pl.UInt32(), "kept_id": pl.String(), "merged_id": pl.String()}
"""Which records the merges of a batch name."""

HELD = {
    "table_name": pl.String(),
    "record_id": pl.String(),
    "owner": pl.String(),
    "about": pl.String(),
    "part": pl.String(),
    "maker": pl.Int64(),
    "document": pl.String(),
    "scopes": pl.List(pl.String()),
    "shared": pl.List(pl.String()),  # those of its scopes that it has as part of a transfer
}
"""What central holds of the records the batch names, refers to, or has lines of."""

REFERRING = {
    "parent_table": pl.String(),
    "parent_id": pl.String(),
    "table_name": pl.String(),
    "record_id": pl.String(),
}
"""Held records that refer to records the batch deletes."""

VERDICTS = {
    "entry": pl.UInt32(),
    "reason": pl.String(),
    "owner": pl.String(),
    "about": pl.String(),
    "part": pl.String(),
}
"""One reason code for each change, and what the record is if the change is admitted: its owner, whom else it is
about, its part."""

MERGED = {"table_name": pl.String(), "merged_id": pl.String(), "kept_id": pl.String()}
"""Records that were merged away, by the table they were in, and what they are now."""

VISIBLE = {"table_name": pl.String(), "about": pl.String(), "store_id": pl.String()}
"""Which patients and prescribers (``table_name``, ``about``) are visible in which stores."""

HOMES = {"table_name": pl.String(), "about": pl.String(), "store_id": pl.String()}
"""The home store of each patient and prescriber, or null."""

USED = {"table_name": pl.String(), "about": pl.String(), "store_id": pl.String()}
"""Which patients and prescribers the prescriptions of which stores name."""

ENTRIES = {
    "seq": pl.Int64(),
    "kind": pl.String(),  # change, rescope; for one site: adopt, correct, remove, retry, resend
    "table_name": pl.String(),
    "record_id": pl.String(),
    "op": pl.String(),
    "maker": pl.Int64(),  # the site that made the change; null: central
    "for_site": pl.Int64(),  # null: everyone in scope
    "scopes_before": pl.List(pl.String()),  # of the record, just before this entry
}
"""The central sequence (B5): admitted changes and entries addressed to one site."""

RECORDS = {"table_name": pl.String(), "record_id": pl.String(), "scopes": pl.List(pl.String())}
"""Records that exist, with the scopes they have now."""

SUBSCRIPTIONS = {"site_id": pl.Int64(), "scope": pl.String(), "at_position": pl.Boolean(), "now": pl.Boolean()}
"""A site's scopes: those it had at its position, and those it has now."""

ROUTES = {"site_id": pl.Int64(), "table_name": pl.String(), "record_id": pl.String(), "op": pl.String()}
"""What each site is sent."""


REMOVALS = {
    "site_id": pl.Int64(),
    "table_name": pl.String(),
    "removed": pl.Int64(),
    "kept": pl.Int64(),
    "is_released": pl.Boolean(),
}
"""How many rows of a table a change set would remove at a site, and how many the site would keep."""


def blank(columns: Mapping[str, pl.DataType]) -> pl.DataFrame:
    """A frame of these columns without rows."""
    return pl.DataFrame(schema=columns)
