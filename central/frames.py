"""The frames that pass between what central does: a class each, with an example row."""

from __future__ import annotations

from sync_rules.frame import Frame, flag, integer, number, text
from sync_rules.frames import ChangeKey


class EntryKey(Frame):
    """A change of a batch, by its number in it: ``7``."""

    entry = number()


class News(ChangeKey):
    """A change that was judged anew in a cycle: ``2, item, i-7, upsert, null, false, not_primary, rejected, true,
    false``."""

    op = text()
    document = text("the document that it heads, or is a line of")
    is_snapshot = flag("the row is what its site has, read whole: nobody is known to have edited it")
    reason = text()
    verdict = text()
    is_pulled = flag("it was pulled in this cycle, not held back before")
    is_withdrawal = flag("the record stays at its site from now on, or did so before")


class SiteText(ChangeKey):
    """A row as its site has it, as JSON of texts: ``2, item, i-7, {..}``."""

    site_row = text()


class NewChangeSet(Frame):
    """A change set whose files are written: ``2, 18, 398, 417, 4f0c.., north/.., 12, 1``."""

    site_id = integer()
    number = integer()
    from_seq = integer()
    to_seq = integer()
    content_hash = text()
    path = text()
    upserts = integer("rows")
    deletes = integer("rows")


class Consequence(Frame):
    """What a site would gain and lose of a table: ``2, stock_line, 400, 61000, 0``."""

    site_id = integer()
    table_name = text()
    gains = integer("records that it would be sent")
    bytes = integer("their size as text")
    loses = integer("records that would be taken from it")


class TableOfSite(Frame):
    """A table at a site: ``2, stock_line``."""

    site_id = integer()
    table_name = text()


class LineCount(Frame):
    """What letting a site in again would come to, of a table: ``stock_line, 3, 12, 1, 0, 40, 0``."""

    table_name = text()
    only_lost = integer("changed on the lost line alone: they go back to the site")
    only_here = integer("changed in the database alone: admitted")
    on_both = integer("changed on both, or otherwise in both: listed with both versions")
    refused = integer("rejected, or waiting, as from any site")
    to_site = integer("records that go to the site, those that go back among them")
    removed = integer("records that are taken from it")


class StoreCode(Frame):
    """A store record and the code that it comes with: ``NORTH, NTH``."""

    record_id = text()
    code = text()


class OwnedPart(Frame):
    """A part of a table that stores own, and whether a dispensary may keep it to itself.

    ``stock_line, otherwise, true``
    """

    table_name = text()
    part = text()
    is_stock = flag()


class ContactedSite(Frame):
    """A site that was pulled at least once: ``3``."""

    to_site = integer()
