"""Every frame that passes between the rules and others: a class each, with an example row."""

from __future__ import annotations

from sync_rules.frame import Frame, flag, integer, number, text, texts


class RecordKey(Frame):
    """What names a record: ``item, i-7``."""

    table_name = text()
    record_id = text()


class ChangeKey(Frame):
    """What names a change, of which a site sends at most one of a record at once: ``2, item, i-7``."""

    site_id = integer()
    table_name = text()
    record_id = text()


RECORD = RecordKey.names()
CHANGE = ChangeKey.names()


# -- what is judged


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


class Redirected(ChangeKey):
    """A change that gives another receiver to a document whose first one has its half already: ``2, invoice, v-1,
    false``."""

    is_taken_in = flag("the first receiver took it in")


class BatchReference(Frame):
    """What the upserted rows refer to: foreign keys that are not null, and records without which they make no sense.

    ``7, requisition, r-1``
    """

    entry = number()
    parent_table = text()
    parent_id = text()


class BatchMerge(Frame):
    """Which records the merges of a batch name: ``9, i-7, i-8``."""

    entry = number()
    kept_id = text()
    merged_id = text()


class BatchDealing(Frame):
    """A row of the batch that says that a store deals with a name: ``7, NORTH, n-12``."""

    entry = number()
    store_id = text()
    name_id = text()


class Judgement(Frame):
    """One reason code for each change, and what the record is if the change is admitted.

    ``7, authorised, NORTH, null, otherwise``
    """

    entry = number()
    reason = text()
    owner = text("the store or site it will belong to")
    about = text("whom else it will be about")
    part = text("which rule of its table will hold for it")


# -- what central knows when it judges


class HeldRecord(RecordKey):
    """What central holds of the records that a batch names, refers to, or has lines of.

    ``requisition_line, l-3, NORTH, null, otherwise, 2, r-1, [store:NORTH, active:SOUTH], [active:SOUTH]``
    """

    owner = text()
    about = text()
    part = text()
    maker = integer("the site that made it; null: central")
    document = text()
    scopes = texts()
    shared = texts("those of its scopes that it has as part of a transfer")


class Referrer(Frame):
    """Held records that refer to records which the batch deletes: ``item, i-7, stock_line, s-1``."""

    parent_table = text()
    parent_id = text()
    table_name = text()
    record_id = text()


class MergedRecord(Frame):
    """Records that were merged away, by the table they were in, and what they are now: ``item, i-8, i-7``."""

    table_name = text()
    merged_id = text()
    kept_id = text()


class InStore(Frame):
    """A patient or prescriber and a store: where they are visible, are at home (null: nowhere), or are named by
    prescriptions. ``patient, p-1, WARD``"""

    table_name = text()
    about = text()
    store_id = text()


class DocumentKey(Frame):
    """A document: ``purchase_order, o-1``."""

    table_name = text()
    document = text()


class StoreName(Frame):
    """A store and a name: its own, by which documents name it as the other party, or one that it sees.

    ``NORTH, n-12``
    """

    store_id = text()
    name_id = text()


class Dealing(RecordKey):
    """A record that says that a store deals with a name: ``requisition, r-1, NORTH, n-12``."""

    store_id = text()
    name_id = text()


# -- scopes and routing


class SiteScope(Frame):
    """A scope that a site subscribes to: ``2, store:NORTH``."""

    site_id = integer()
    scope = text()


class MergedAt(Frame):
    """A site that had somebody who was merged into ``about``: ``2, p-1``."""

    site_id = integer()
    about = text()


class OrderKey(Frame):
    """A centralised order: ``o-1``."""

    order_id = text()


class Entry(Frame):
    """An entry of the central sequence (B5): an admitted change, or one addressed to one site.

    ``417, change, item, i-7, upsert, 1, null, [everywhere]``
    """

    seq = integer()
    kind = text("change, rescope; for one site: adopt, correct, remove, retry, resend")
    table_name = text()
    record_id = text()
    op = text()
    maker = integer("the site that made the change; null: central")
    for_site = integer("null: everyone in scope")
    scopes_before = texts("of the record, just before this entry")


class Position(Frame):
    """How far along the sequence a site was delivered: ``2, 398``."""

    site_id = integer()
    position = integer()


class ScopedRecord(RecordKey):
    """A record that exists, with the scopes it has now: ``item, i-7, [everywhere]``."""

    scopes = texts()


class Subscription(SiteScope):
    """A site's scope: one it had at its position, one it has now, or both. ``2, patient:p-1, false, true``"""

    at_position = flag()
    now = flag()


class Route(ChangeKey):
    """What a site is sent: ``2, item, i-7, upsert``."""

    op = text()


class Removal(Frame):
    """How many rows of a table a change set would remove at a site, and how many the site would keep.

    ``2, stock_line, 1200, 300, false``
    """

    site_id = integer()
    table_name = text()
    removed = integer()
    kept = integer()
    is_released = flag("somebody let it go")
