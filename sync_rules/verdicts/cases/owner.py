"""What a store owns: edited on the site where the store is active; a line is its document's store's (R1)."""

from __future__ import annotations

from sync_rules.verdicts.cases.case import ALWAYS, Case, Cases
from sync_rules.verdicts.cases.receiver import REDIRECTED
from sync_rules.verdicts.facts.frame import Facts

_SWITCHES = ("centralised_procurement", "centralised_payments")
_is_line = Facts.parent_table.is_not_null()
_is_over = Facts.may_edit_held & Facts.is_shut & Facts.is_held_finalised

# fmt: off
OWNER = Cases(
    held=(
        Case(_SWITCHES,                  "B37", _is_over, "the document is finalised, and primary makes such documents now"),
        Case("differs_at_first_contact", "B4",  ~Facts.may_edit_held & Facts.is_snapshot, "another site's row, read whole, differs from central's"),
        Case("takes_over",               "R2",  ~Facts.may_edit_held & Facts.may_edit_new, "it is another store's, and a site writes its own store into it"),
        Case("not_owner",                "R1",  ~Facts.may_edit_held, "its store is active on another site"),
    ),
    edit=(
        Case("stays_at_site",  "T6",  Facts.may_edit_new & Facts.is_withheld, "the data of its store stays at its site"),
        Case(_SWITCHES,        "B37", Facts.may_edit_new & Facts.is_shut & Facts.is_finalised, "it becomes part of a finalised document, and primary makes such documents now"),
        *REDIRECTED,
        Case("authorised",     "A1",  Facts.may_edit_new, "its store is active on the site, as it was and as it will be"),
        Case("parent_missing", "A1",  _is_line & Facts.new_owner.is_null(), "its document is not here, so that nobody knows whose it is"),
        Case("no_owner",       "R1",  Facts.new_owner.is_null(), "it names no store any more"),
        Case("gives_away",     "R2",  ALWAYS, "it names a store that is active on another site"),
    ),
    delete=(
        Case(_SWITCHES,    "B37", _is_over, "the document is finalised, and primary makes such documents now"),
        Case("not_owner",  "R1",  ~Facts.may_edit_held, "its store is active on another site"),
        Case("authorised", "R6",  ALWAYS, "its store is active on the site"),
    ),
    new=(
        Case("parent_missing",   "A1",  _is_line & Facts.new_owner.is_null(), "its document is not here yet"),
        Case("no_owner",         "R1",  Facts.new_owner.is_null(), "it names no store"),
        Case("store_unknown",    "T10", ~Facts.is_owner_known, "central has no record of its store"),
        Case("store_not_placed", "B28", Facts.new_active.is_null(), "`topology.toml` does not say where its store is active"),
        Case("stays_at_site",    "T6",  Facts.may_edit_new & Facts.is_withheld, "the data of its store stays at its site"),
        Case(_SWITCHES,          "B37", Facts.may_edit_new & Facts.is_shut & (~_is_line | Facts.is_finalised), "primary makes such documents for stores (lines of documents from before may come)"),
        Case("authorised",       "A1",  Facts.may_edit_new, "its store is active on the site"),
        Case("not_owner",        "R1",  ALWAYS, "its store is active on another site"),
    ),
)
# fmt: on
