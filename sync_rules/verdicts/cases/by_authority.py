"""The cases of every authority, and the reason that they give each change by itself.

Merges of what one site or the home site edits are made once as well: for them the cases of ``once`` come first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

import polars as pl

from sync_rules.table.policies import Authority
from sync_rules.verdicts.cases.case import Case, Cases, first_of
from sync_rules.verdicts.cases.home import HOME, HOME_OR_VISIBLE
from sync_rules.verdicts.cases.judgeable import JUDGEABLE
from sync_rules.verdicts.cases.maker import MAKER
from sync_rules.verdicts.cases.once import ONCE_DELETE, ONCE_EDIT, SENDER
from sync_rules.verdicts.cases.one_site import ON_CENTRAL, ON_PRIMARY, WITH_STORE_RECORDS
from sync_rules.verdicts.cases.owner import OWNER
from sync_rules.verdicts.cases.visibility import VISIBILITY
from sync_rules.verdicts.facts.frame import Facts

BY_AUTHORITY: Mapping[Authority, Cases] = {
    Authority.PRIMARY: ON_PRIMARY,
    Authority.CENTRAL: ON_CENTRAL,
    Authority.STORE_RECORDS: WITH_STORE_RECORDS,
    Authority.OWNER: OWNER,
    Authority.HOME: HOME,
    Authority.HOME_OR_VISIBLE: HOME_OR_VISIBLE,
    Authority.VISIBILITY: VISIBILITY,
    Authority.SENDER: SENDER,
    Authority.MAKER: MAKER,
}
"""All but LOCAL and TOPOLOGY, of which nothing is left to judge (``judgeable``)."""

_is_delete, _is_merge = Facts.op == "delete", Facts.merges.is_not_null()
_is_edit, _is_new = Facts.is_held & ~_is_delete, ~Facts.is_held & ~_is_delete


def _each(authority: pl.Expr, where: pl.Expr, cases: Callable[[Cases], Iterable[Case]]) -> list[pl.Expr]:
    return [first_of(cases(of_it), where & (authority == str(key))) for key, of_it in BY_AUTHORITY.items()]


REASON = pl.coalesce(
    first_of(JUDGEABLE),
    first_of(ONCE_EDIT, _is_edit & _is_merge),
    first_of(ONCE_DELETE, _is_delete & _is_merge),
    *_each(Facts.held_authority, _is_edit, lambda one: one.held),
    *_each(Facts.new_authority, _is_edit, lambda one: one.edit),
    *_each(Facts.held_authority, _is_delete, lambda one: one.delete),
    *_each(Facts.new_authority, _is_new, lambda one: one.new),
    pl.lit("local_data"),  # a record that the rules of today keep at its site
)
"""What a change deserves by itself, over Facts; merges, documents and references are settled afterwards."""
