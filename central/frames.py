"""The frames that pass between what central does: a class each, with an example row."""

from __future__ import annotations

from sync_rules.frame import Frame, flag, integer, number, text, texts
from sync_rules.frames import ChangeKey, RecordKey


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


class Differing(Frame):
    """A record that a site has otherwise than central: ``i-7, changed, [name]``."""

    record_id = text()
    what = text("changed, missing (at the site) or extra (there)")
    columns = texts("those that differ; none where one of both has no row")


class RowDifference(RecordKey):
    """The same, of any table: ``item, i-7, changed, [name], null, false``."""

    what = text("changed, missing (at the site) or extra (there)")
    columns = texts("those that differ; none where one of both has no row")
    owner = text("whose it is, as far as somebody knows")
    is_own = flag("the site may edit it")


class Agreement(Frame):
    """How much of a table a site has as central has it: ``NORTH, stock_line, 312, 310, 1, 2, 0``."""

    owner = text("the store, or whoever else, that owns the records; null: nobody")
    table_name = text()
    records = integer("that the site should have as central has them")
    at_site = integer("that it has of these, and others")
    changed = integer()
    missing = integer("at the site")
    extra = integer("at the site, and should not be there")


class RepairStep(Frame):
    """What is done about what a site has otherwise: ``correct, item, i-7``; ``read, stock_line, null``."""

    how = text("correct, remove or read")
    table_name = text()
    record_id = text("null: the table as a whole")


class NamedOwner(Frame):
    """Whom a row that central does not know names as its owner: ``s-9, NORTH``."""

    record_id = text()
    owner = text()


class OwnerOfRecord(RecordKey):
    """The same, of any table: ``stock_line, s-9, NORTH``."""

    said = text()


class PartEditor(Frame):
    """Who may edit the records of a part of a table, seen from one site: ``stock_line, otherwise, owner``."""

    table_name = text()
    part = text()
    editor = text("this `site`; whose store it is (`owner`); `others`")


class Removed(Frame):
    """How many records of a table a site is to remove: ``2, stock_line, 1200``."""

    site_id = integer()
    table_name = text()
    removed = integer()
