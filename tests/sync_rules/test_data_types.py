"""The table against the field's own (spec section 3), row by row, and against the site schema."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pytest

from sites.schema import SCHEMA
from sync_rules.data_types import BESIDES, DATA_TYPES, RULES, DataType
from sync_rules.policies import Authority

CSV = Path(__file__).parents[1] / "data" / "data_types.csv"
ROWS = list(csv.DictReader(CSV.open(encoding="utf-8")))
SCOPES = re.compile(r"everywhere|dispensaries|primary|(active|instance|store|stock):\{owner\}|site:\{owner\}")


def parts_of(row: dict[str, str]) -> set[tuple[str, str]]:
    """(table, policy) of a row of the CSV; a part may name its own policy in words or in brackets."""
    found = set()
    for part in row["tables"].split(";"):
        text, policy = part.strip(), row["policy"]
        if bracketed := re.fullmatch(r"(.*) \((\w+)\)", text):
            text, policy = bracketed.groups()
        elif said := re.fullmatch(r"(\w+) \(.*\) is (\w+)", text):
            text, policy = said.groups()
        text = text.removesuffix(" after its creation")
        found |= {(table, policy) for table in text.split()}
    return found


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row['n']}-{row['data']}")
def test_a_line_says_what_the_fields_own_table_says(row: dict[str, str]) -> None:
    one = DATA_TYPES[int(row["n"]) - 1]
    assert (str(one.number), one.name, one.normal, one.mirrored) == (
        row["n"],
        row["data"],
        row["normal"],
        row["mirrored"],
    )
    assert {(table, part.policy.name) for part in one.parts for table in part.tables} == parts_of(row)


def test_there_are_seventy_lines_numbered_in_order() -> None:
    assert [one.number for one in DATA_TYPES] == list(range(1, 71)) == [int(row["n"]) for row in ROWS]


def test_every_captured_table_has_exactly_one_deciding_rule() -> None:
    assert set(RULES) == set(SCHEMA.tables)


@pytest.mark.parametrize("one", DATA_TYPES, ids=lambda one: one.name)
def test_a_table_in_several_lines_is_told_apart_by_a_condition(one: DataType) -> None:
    for part in one.parts:
        for table in part.tables:
            conditions = [p.condition for other in DATA_TYPES for p in other.parts if table in p.tables]
            assert len(conditions) == len(set(conditions)), table


@pytest.mark.parametrize("name", sorted(RULES))
def test_a_record_names_its_owner_in_columns_that_are_there(name: str) -> None:
    table = RULES[name].table
    columns = {column.name for column in SCHEMA.tables[name]}
    assert table.owner is None or table.owner in columns
    if table.parent:
        references = {(one.column, one.parent) for one in SCHEMA.references if one.table == name}
        assert (table.parent_column, table.parent) in references
        assert RULES[table.parent].policy is RULES[name].policy
        assert RULES[table.parent].table.is_stock == table.is_stock


@pytest.mark.parametrize("name", sorted(RULES))
def test_r1_every_owned_record_has_an_owner_of_its_own_or_a_document(name: str) -> None:
    rule = RULES[name]
    needs_owner = rule.authority is Authority.OWNER or "{owner}" in "".join(rule.audience)
    assert needs_owner == bool(rule.table.owner or rule.table.parent)


@pytest.mark.parametrize("name", sorted(RULES))
def test_an_audience_is_made_of_known_scopes(name: str) -> None:
    assert all(SCOPES.fullmatch(scope) for scope in RULES[name].audience)


def test_b22_what_a_quiet_dispensary_keeps_is_stock_and_transactions_and_nothing_else() -> None:
    kept = {name for name, rule in RULES.items() if rule.table.is_stock}
    by_policy = {name for name, rule in RULES.items() if rule.policy.name == "store_stock"}
    assert kept == by_policy | {"invoice", "invoice_line"}


def test_b15_what_waits_for_a_later_version_is_listed_and_nothing_else() -> None:
    waiting = {rule.policy.name for rule in RULES.values() if rule.policy.authority is Authority.UNDECIDED}
    assert waiting == {
        "message", "patient", "patient_visibility", "prescriber", "prescription", "procurement", "repeat"
    }  # fmt: skip
    merges = {name for name, rule in RULES.items() if rule.table.undecided}
    assert merges == {"item_merge", "unit_merge", "name_merge", "location_merge"}


def test_b25_counters_are_a_table_of_their_own_that_follows_the_store() -> None:
    assert [table for part in BESIDES for table in part.tables] == ["document_number"]
    assert RULES["document_number"].policy.name == "store"
