"""A case: when it holds, what the verdict's reason is, and the rule behind it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import polars as pl

from sync_rules.verdicts.facts.frame import Facts

ALWAYS = pl.lit(value=True)


@dataclass(frozen=True)
class Case:
    """One line of a list of cases: its reason, the rule behind it, when it holds, and the same in words.

    ``Case("not_owner", "R1", ~Facts.may_edit_held, "the store that owns it is not active on the site")``. ``when`` is
    over Facts. A case with two reasons gives the one that is called like the option which takes such documents from
    stores.
    """

    reason: str | tuple[str, ...]
    rule: str
    when: pl.Expr
    words: str

    @property
    def reasons(self) -> tuple[str, ...]:
        """Every reason that the case may give."""
        return (self.reason,) if isinstance(self.reason, str) else self.reason


@dataclass(frozen=True)
class Cases:
    """What comes of changes to the records of one authority.

    An edit is judged by the authority over the record as it is held (``held``: what refuses it) and then by that over
    the record as it will be (``edit``); they differ where the row itself says which part it is of (R2).
    """

    held: tuple[Case, ...]
    edit: tuple[Case, ...]
    delete: tuple[Case, ...]
    new: tuple[Case, ...]


def first_of(cases: Iterable[Case], where: pl.Expr = ALWAYS) -> pl.Expr:
    """The reason of the first case that holds, among the changes ``where``; null where none does."""
    reasons = [(case, Facts.switch if len(case.reasons) > 1 else pl.lit(case.reasons[0])) for case in cases]
    return pl.coalesce(*(pl.when(where & case.when).then(reason) for case, reason in reasons))
