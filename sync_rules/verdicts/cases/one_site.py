"""What one site edits for all: primary, central, or whichever keeps the store records."""

from __future__ import annotations

from dataclasses import dataclass, replace

import polars as pl

from sync_rules.verdicts.cases.case import ALWAYS, Case, Cases
from sync_rules.verdicts.cases.receiver import REDIRECTED
from sync_rules.verdicts.facts.frame import Facts


@dataclass(frozen=True)
class _Refusal:
    """With what reason others than ``site`` are refused, where it ``holds``."""

    reason: str
    site: str
    holds: pl.Expr = ALWAYS

    def case(self, when: pl.Expr, words: str) -> Case:
        """The case of what another site does."""
        both = when if self.holds is ALWAYS else self.holds if when is ALWAYS else when & self.holds
        return Case(self.reason, "R1", both, f"another site than {self.site} {words}")


def _edited_on(site: str, *refusals: _Refusal) -> Cases:
    """The cases of what is edited on one site, and how others are refused."""
    # fmt: off
    return Cases(
        held=(
            Case("differs_at_first_contact", "B4", ~Facts.may_edit_held & Facts.is_snapshot, "another site's row, read whole, differs from central's"),
            *(one.case(~Facts.may_edit_held, "edits it") for one in refusals),
        ),
        edit=(
            Case("authorised", "A1", Facts.may_edit_new, f"{site} edits it"),
            Case("gives_away", "R2", ALWAYS,             f"a store's site makes it what only {site} edits"),
        ),
        delete=(
            *(one.case(~Facts.may_edit_held, "deletes it") for one in refusals),
            Case("authorised", "R6", ALWAYS,               f"{site} deletes it"),
        ),
        new=(
            Case("authorised", "A1", Facts.may_edit_new, f"{site} makes it"),
            *(one.case(ALWAYS, "makes it") for one in refusals),
        ),
    )
    # fmt: on


_PRIMARYS = _edited_on("primary", _Refusal("not_primary", "primary"))
_is_for_local_buyer = Facts.may_edit_new & Facts.is_local_order & Facts.parent_table.is_null()
_LOCAL_ORDER = Case(
    "local_procurement",
    "B37",
    _is_for_local_buyer,
    "primary makes a document for a store whose site buys for itself (`local_procurement`)",
)

ON_PRIMARY = replace(_PRIMARYS, edit=(*REDIRECTED, *_PRIMARYS.edit), new=(_LOCAL_ORDER, *_PRIMARYS.new))
ON_CENTRAL = _edited_on("central", _Refusal("not_central", "central"))
WITH_STORE_RECORDS = _edited_on(
    "the site that keeps store records",
    _Refusal("not_primary", "primary, which keeps store records,", Facts.has_primary_stores),
    _Refusal("not_central", "central, which keeps store records,"),
)
