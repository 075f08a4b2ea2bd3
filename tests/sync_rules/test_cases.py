"""The cases that the judge goes by: their reasons and rules are known, and a page says them to people."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from sync_rules.codes import REASONS
from sync_rules.for_people.authority import authority_page
from sync_rules.for_people.rules import WORDS
from sync_rules.table.policies import Authority
from sync_rules.verdicts.cases.by_authority import BY_AUTHORITY, REASON
from sync_rules.verdicts.cases.case import Case, Cases
from sync_rules.verdicts.cases.judgeable import JUDGEABLE
from sync_rules.verdicts.cases.once import ONCE_DELETE, ONCE_EDIT
from sync_rules.verdicts.cases.together import OF_DOCUMENTS, OF_MERGES, OF_SITES
from sync_rules.verdicts.facts.frame import Facts

PAGE = Path(__file__).parents[2] / "docs" / "authority.md"
LISTS = [
    (f"{authority.name} {name}", getattr(cases, name))
    for authority, cases in BY_AUTHORITY.items()
    for name in ("new", "held", "edit", "delete")
]
CASES = [*JUDGEABLE, *ONCE_EDIT, *ONCE_DELETE, *(case for _, cases in LISTS for case in cases)]


def test_the_page_of_authority_is_up_to_date() -> None:
    """Python -c 'from sync_rules.for_people.authority import *; print(authority_page(), end="")' > docs/authority.md"""
    assert authority_page() == PAGE.read_text(encoding="utf-8")


def test_every_authority_that_judges_has_its_cases() -> None:
    assert set(BY_AUTHORITY) == set(Authority) - {Authority.LOCAL, Authority.TOPOLOGY}


def test_every_reason_is_given_by_some_case_and_every_case_has_a_rule() -> None:
    clashes = [*OF_MERGES, *OF_SITES, *OF_DOCUMENTS]
    given = {reason for case in CASES for reason in case.reasons} | {one.reason for one in clashes}
    assert given | {"changed_on_both_lines"} == set(REASONS)  # no verdict on one change: central/readmission
    assert {case.rule for case in CASES} | {one.rule for one in clashes} <= set(WORDS)


@pytest.mark.parametrize("cases", [pytest.param(cases, id=name) for name, cases in LISTS])
def test_cases_are_few_and_no_two_of_a_list_say_the_same(cases: tuple[Case, ...]) -> None:
    assert 1 <= len(cases) <= 10
    assert len({case.words for case in cases}) == len(cases)


@pytest.mark.parametrize("cases", BY_AUTHORITY.values(), ids=lambda cases: cases.new[-1].reason)
def test_the_last_case_of_a_list_holds_always(cases: Cases) -> None:
    nothing = Facts.of([dict.fromkeys(Facts.names())])
    for last in (cases.edit[-1], cases.delete[-1], cases.new[-1]):
        assert nothing.select(held=last.when)["held"].item() is True


def test_only_a_record_that_stays_at_its_site_by_the_rules_of_today_meets_no_case() -> None:
    """Every other change that can be judged has a reason from a list: here one that is held as local data."""
    local = {"table_name": "preference", "op": "delete", "is_held": True, "is_merged_away": False, "is_same": False}
    local |= {"new_authority": str(Authority.LOCAL), "held_authority": str(Authority.LOCAL)}
    frame = Facts.of([{**dict.fromkeys(Facts.names()), **local}])
    assert frame.select(reason=REASON)["reason"].to_list() == ["local_data"]
    assert isinstance(REASON, pl.Expr)
