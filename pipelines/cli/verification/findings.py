"""What was found at sites, for people and as JSON (O6)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from central.verification.verification import SiteVerified
from pipelines.cli.speech.output import data, show_table, talk

_LISTED = 6
"""So many tables are named; of more, how many."""
_COUNTS = {
    "table_name": "table", "store": "store", "records": "records", "at_site": "at site",
    "changed": "changed", "missing": "missing", "extra": "extra",
}  # fmt: skip
_WIDTH = 100
_SHOWN = 5


def document_of(one: SiteVerified, codes: Mapping[str, str]) -> dict[str, Any]:
    """What was found at a site, for JSON. ``codes``: of stores, by id."""
    return {
        "site": one.site.code,
        "outcome": one.outcome,
        "said": one.said,
        "records": one.records,
        "tables": [_with_store(row, codes) for row in one.agreement.to_dicts()],
        "differences": [_with_store(row, codes) for row in one.differences.to_dicts()],
        "read_whole_next": sorted(one.interrupted),
        "listed": one.listed,
    }


def _with_store(row: Mapping[str, Any], codes: Mapping[str, str]) -> dict[str, Any]:
    named = {key: value for key, value in row.items() if key != "owner"}
    return {**named, "store": codes.get(row["owner"], row["owner"])}


def show_site(one: SiteVerified, codes: Mapping[str, str]) -> None:
    """One site: how much was compared, then the tables that differ, then the first records of each."""
    if one.said:
        talk.print(f"{one.site.code}: not compared: {one.said}")
        return
    differing = one.agreement.filter(pl.sum_horizontal("changed", "missing", "extra") > 0)
    tables = one.agreement["table_name"].n_unique()
    end = f"{one.differences.height:,} differ" if one.differences.height else "all as central has them"
    if one.records or one.differences.height:
        data.print(f"{one.site.code}: {one.records:,} records of {tables} tables compared; {end}")
    else:
        data.print(f"{one.site.code}: nothing was compared: all of it is under way; `supplysync queue {one.site.code}`")
    if one.listed:
        talk.print(
            f"{one.site.code}: records that are listed are left out: {one.listed:,}; "
            f"`supplysync rejected list --waiting --site {one.site.code}`, `supplysync status`"
        )
    if one.interrupted:
        few = len(one.interrupted) <= _LISTED
        named = ", ".join(sorted(one.interrupted)) if few else f"{len(one.interrupted)} tables"
        talk.print(
            f"{one.site.code}: capture of {named} was away for a while; its next cycle reads these whole and takes in "
            "what it may"
        )
    if differing.height:
        show_table(
            f"What differs at {one.site.code}", _COUNTS, [_with_store(row, codes) for row in differing.to_dicts()]
        )
        for (table,), rows in one.differences.group_by("table_name", maintain_order=True):
            for line in _lines(str(table), rows.to_dicts()):
                data.print(line)


def _lines(table: str, rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """The first records of a table that differ, at most 100 characters each."""
    lines = []
    for row in rows[:_SHOWN]:
        columns = f" ({', '.join(row['columns'])})" if row["columns"] else ""
        whose = "; the site may edit it" if row["is_own"] else ""
        text = f"{table} {row['record_id']}: {row['what']}{columns}{whose}"
        lines.append(text if len(text) <= _WIDTH else f"{text[: _WIDTH - 3]}...")
    more = len(rows) - _SHOWN
    return [*lines, f"{table}: and {more:,} more: --json has them all"] if more > 0 else lines
