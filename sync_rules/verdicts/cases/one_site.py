"""What one site edits for all: primary, central, or whichever keeps the store records."""

from __future__ import annotations

from dataclasses import replace

from sync_rules.verdicts.cases.case import ALWAYS, Case, Cases
from sync_rules.verdicts.cases.receiver import REDIRECTED
from sync_rules.verdicts.facts.frame import Facts


def _edited_on(site: str, refused: str) -> Cases:
    """The cases of what is edited on one site, and with what reason others are refused."""
    # fmt: off
    return Cases(
        held=(
            Case("differs_at_first_contact", "B4", ~Facts.may_edit_held & Facts.is_snapshot, "another site's row, read whole, differs from central's"),
            Case(refused,                    "R1", ~Facts.may_edit_held, f"another site than {site} edits it"),
        ),
        edit=(
            Case("authorised", "A1", Facts.may_edit_new, f"{site} edits it"),
            Case("gives_away", "R2", ALWAYS,             f"a store's site makes it what only {site} edits"),
        ),
        delete=(
            Case(refused,      "R1", ~Facts.may_edit_held, f"another site than {site} deletes it"),
            Case("authorised", "R6", ALWAYS,               f"{site} deletes it"),
        ),
        new=(
            Case("authorised", "A1", Facts.may_edit_new, f"{site} makes it"),
            Case(refused,      "R1", ALWAYS,             f"another site than {site} makes it"),
        ),
    )
    # fmt: on


_PRIMARYS = _edited_on("primary", "not_primary")
_is_for_local_buyer = Facts.may_edit_new & Facts.is_local_order & Facts.parent_table.is_null()
_LOCAL_ORDER = Case(
    "local_procurement",
    "B37",
    _is_for_local_buyer,
    "primary makes a document for a store whose site buys for itself (`local_procurement`)",
)

ON_PRIMARY = replace(_PRIMARYS, edit=(*REDIRECTED, *_PRIMARYS.edit), new=(_LOCAL_ORDER, *_PRIMARYS.new))
ON_CENTRAL = _edited_on("central", "not_central")
WITH_STORE_RECORDS = _edited_on("the site that keeps store records", "not_central")
