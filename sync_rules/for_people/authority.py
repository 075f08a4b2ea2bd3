"""Who may change what, in words: the page docs/authority.md, from the cases that decide it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from sync_rules.codes import REASONS
from sync_rules.for_people.runbooks import runbook_of
from sync_rules.table.data_types import DATA_TYPES
from sync_rules.table.policies import Authority
from sync_rules.verdicts.cases.by_authority import BY_AUTHORITY
from sync_rules.verdicts.cases.case import Case, Cases
from sync_rules.verdicts.cases.judgeable import JUDGEABLE
from sync_rules.verdicts.cases.once import ONCE_DELETE, ONCE_EDIT
from sync_rules.verdicts.cases.together import OF_DOCUMENTS, OF_MERGES, OF_SITES, Clash

_HEADER = ("| change | if | verdict | reason | rule |", "|---|---|---|---|---|")
_INTRODUCTION = """\
# Who may change what

What central makes of each change that a site sends: the first line that holds decides. An *edit* is judged twice, by
the record as central holds it and by the record as it will be (R2): a site must be allowed both. The reason is the code
that `supplysync rejected list` shows, and leads to the page that says what to do; the rules stand in
[rules.md](rules.md), the data types in [data_types.md](data_types.md).

Rendered from `sync_rules/verdicts/cases/` by `sync_rules/for_people/authority.py`; a test compares the two."""


def authority_page() -> str:
    """The page docs/authority.md."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    yield _INTRODUCTION
    yield from ("", "## Before anything else", "", "Whoever made the change, and whatever it is about:", "", *_HEADER)
    yield from _rows("any", JUDGEABLE)
    yield from (
        "",
        "## Merges",
        "",
        "A merge is made like other records of its kind, and only once:",
        "",
        *_HEADER,
    )
    yield from _rows("edit", ONCE_EDIT)
    yield from _rows("delete", ONCE_DELETE)
    for authority, cases in BY_AUTHORITY.items():
        yield from ("", f"## {_heading(authority)}", "", _policies(authority), "", *_HEADER)
        yield from _of_authority(cases)
    yield from ("", "## What changes do to each other", "")
    yield from ("Of the changes that stand by themselves some cannot stand together:", "", *_HEADER)
    for change, clashes in (("merge", OF_MERGES), ("any", OF_SITES), ("any", OF_DOCUMENTS)):
        yield from _rows(change, clashes)


def _heading(authority: Authority) -> str:
    """The authority's words, with a capital."""
    words = str(authority)
    return words[0].upper() + words[1:]


def _of_authority(cases: Cases) -> Iterator[str]:
    yield from _rows("new", cases.new)
    if cases.held == cases.edit:
        yield from _rows("edit", cases.edit)
    else:
        yield from _rows("edit, as it was", cases.held)
        yield from _rows("edit, as it will be", cases.edit)
    yield from _rows("delete", cases.delete)


def _rows(change: str, cases: Iterable[Case | Clash]) -> Iterator[str]:
    for case in cases:
        reasons = case.reasons if isinstance(case, Case) else (case.reason,)
        codes = " or ".join(f"[`{reason}`]({_runbook(reason)})" for reason in reasons)
        yield f"| {change} | {case.words} | {REASONS[reasons[0]].verdict} | {codes} | {case.rule} |"


def _runbook(reason: str) -> str:
    """The page that says what to do, from docs/authority.md."""
    return (runbook_of(reason) or "").removeprefix("docs/")


def _policies(authority: Authority) -> str:
    """The policies, in the words of the page of data types, for whose records it holds."""
    names = sorted({part.policy.name for one in DATA_TYPES for part in one.parts if part.policy.authority is authority})
    return f"Data types of policy {', '.join(names)}."
