"""The frame that the judge works in: one row a change, its facts in four groups."""

from __future__ import annotations

from sync_rules.frame import Frame, flag, integer, text
from sync_rules.frames import Change


class AsHeld(Frame):
    """The record as central holds it; all null where it holds none.

    ``true, NORTH, null, otherwise, 2, r-1``
    """

    is_held = flag("central holds the record")
    held_owner = text("the store (or site) it belongs to")
    held_about = text("whom else it is about")
    held_part = text("which rule of its table holds for it")
    held_maker = integer("the site that made it")
    held_document = text("the document it heads or is a line of")


class AsItWillBe(Frame):
    """The record as it will be if the change is admitted: a line is what its document is (R1).

    ``requisition, NORTH, null, otherwise``
    """

    parent_table = text("of a line: the table of its document")
    new_owner = text("the store (or site) it will belong to")
    new_about = text("whom else it will be about")
    new_part = text("which rule of its table will hold for it")


class Ruled(Frame):
    """What the rules of its part say of the record, as it is held and as it will be.

    ``the site where the owning store is active, the site where .., false, null, null, null, requisition``
    """

    new_authority = text("whose edits are admitted, of the record as it will be; null: the table is not declared")
    held_authority = text("the same of the record as it is held; of a new one, as it will be")
    is_stock = flag("a dispensary may keep it to itself (B22)")
    subject = text("patient or prescriber, where their home site matters")
    switch = text("the option that takes new documents of its kind from stores (B37)")
    merges = text("of a merge: the table of the two records")
    document_table = text("the table of its document; its own where it is no line")


class Homes(Frame):
    """The people that the record is and will be about: where their home is (B33).

    ``2, NORTH, 3, SOUTH, true``
    """

    held_home = integer("home site of whom it is about as held")
    held_home_store = text("and their home store")
    new_home = integer("home site of whom it will be about")
    new_home_store = text("and their home store")
    is_known = flag("central, or the same site in this batch, says who that is")


class Rights(Frame):
    """What this site may do, and what speaks against it.

    ``2, 2, true, true, 2, true, false, ..``
    """

    held_site = integer("the one site that may edit the record as it is held")
    new_site = integer("the one site that may edit the record as it will be")
    has_primary_stores = flag("primary keeps the store records (`store_records_on`)")
    may_edit_held = flag("this site may edit it as it is held")
    may_edit_new = flag("this site may edit it as it will be")
    new_active = integer("where the store that will own it is active")
    is_owner_known = flag("central has a record of the store that will own it")
    is_moved_away = flag("this site handed its store over, and may edit it no more (B47)")
    is_moving = flag("its store is on the way to another site, and nobody's until it is there (B47)")
    is_home_known = flag("central has a record of the home store of whom it will be about")
    is_stale = flag("another site changed it, and this one had not been sent that (R8)")
    is_redirected = flag("it gives another receiver to a document whose first one has its half already (X5)")
    is_taken_in = flag("and the first one took it in")
    is_held_finalised = flag("the document that it is held as part of is finished (B37)")
    is_finalised = flag("the document that it will be part of is finished (B37)")
    is_withheld = flag("the data of the store that will own it does not leave its site (T6, B22)")
    is_shut = flag("an option keeps this site from new documents of the kind for its own stores (B37)")
    is_local_order = flag("a centralised document for a store whose site buys for itself (B37)")
    is_merged_away = flag("the record was merged into another one")


class Facts(Change, AsHeld, AsItWillBe, Ruled, Homes, Rights):
    """A change with all that is known of it. ``owner``, ``about``, ``part`` and the other columns of Change are the
    record as sent; ``implied`` only names stores of the site itself, ``document`` that of deletes too, and ``is_half``
    is true of what ever was part of a transfer."""


class PartRule(Frame):
    """A part of a table, and what its rule says.

    ``purchase_order_line, centralised, the primary site, false, null, centralised_procurement, null, purchase_order``
    """

    table_name = text()
    new_part = text()
    new_authority = text()
    is_stock = flag()
    subject = text()
    switch = text()
    merges = text()
    document_table = text()


class Sighting(Frame):
    """A patient or prescriber whom a site sees: ``2, patient, p-1, true``."""

    site_id = integer()
    subject = text()
    about = text()
    sees = flag()
