"""The table against the field's own (spec section 3), row by row, and against the site schema."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import polars as pl
import pytest

from sites.schema import SCHEMA
from sync_rules.for_people.data_types import SCOPES
from sync_rules.table.data_types import BESIDES, DATA_TYPES, Condition, DataType, Part
from sync_rules.table.policies import SYNC_SETTINGS, Authority
from sync_rules.table.rules import PARTS, RULES, part_of_row, rules_by_part

CSV = Path(__file__).parents[1] / "data" / "data_types.csv"
ROWS = list(csv.DictReader(CSV.open(encoding="utf-8")))


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
    table = RULES[name].table
    for rule in PARTS[name].values():
        is_written = rule.authority is Authority.TOPOLOGY  # of its rows supplysync knows whose they are
        needs_owner = rule.authority is Authority.OWNER or "{owner}" in "".join(rule.audience)
        assert bool(table.owner or table.parent) or is_written or not needs_owner
        assert not (table.parent and table.owner)


@pytest.mark.parametrize("name", sorted(RULES))
def test_a_record_that_goes_to_those_it_is_about_says_whom_it_is_about(name: str) -> None:
    table, columns = RULES[name].table, {column.name for column in SCHEMA.tables[name]}
    header = RULES[table.parent].table if table.parent else table
    is_asked = any("{about}" in "".join(rule.audience) for rule in PARTS[name].values()) or table.subject
    assert not is_asked or header.about
    assert table.about is None or table.about in columns


@pytest.mark.parametrize("name", sorted(RULES))
def test_an_audience_is_made_of_known_scopes(name: str) -> None:
    assert {scope for rule in PARTS[name].values() for scope in rule.audience} <= set(SCOPES)


def test_there_is_no_scope_that_nothing_has() -> None:
    assert {scope for rules in PARTS.values() for rule in rules.values() for scope in rule.audience} == set(SCOPES)


def test_b22_what_a_quiet_dispensary_keeps_is_stock_transactions_and_prescriptions_and_nothing_else() -> None:
    kept = {name for name, rule in RULES.items() if rule.table.is_stock}
    by_policy = {name for name, rule in RULES.items() if rule.policy.name in ("store_stock", "prescription")}
    assert kept == by_policy | {"invoice", "invoice_line"}


@pytest.mark.parametrize("policy", sorted({part.policy.name for one in DATA_TYPES for part in one.parts}))
def test_every_policy_decides_for_a_record_of_some_table(policy: str) -> None:
    assert policy in {rule.policy.name for rules in PARTS.values() for rule in rules.values()}


@pytest.mark.parametrize(
    ("table", "row", "condition"),
    [
        ("purchase_order", {"is_centralised": True}, Condition.IS_CENTRALISED),
        ("purchase_order", {"is_centralised": False}, Condition.OTHERWISE),
        ("payment", {"is_centralised": None}, Condition.OTHERWISE),
        ("preference", {"key": "centralised_payments"}, Condition.OF_TOPOLOGY),
        ("preference", {"key": "stock_rounding"}, Condition.IS_SYNCED),
        ("preference", {"key": "label_printer"}, Condition.OTHERWISE),
        ("preference", {"key": None}, Condition.OTHERWISE),
    ],
)
def test_b15_a_row_says_by_itself_which_part_it_is_of(table: str, row: dict[str, object], condition: Condition) -> None:
    part, columns = part_of_row(table)
    assert set(columns) == set(row)
    kinds = {"is_centralised": pl.Boolean(), "key": pl.String()}
    frame = pl.DataFrame([row], schema={name: kinds[name] for name in row})
    assert PARTS[table][frame.select(part).item()].condition is condition


@pytest.mark.parametrize("name", sorted(name for name, rules in PARTS.items() if len(rules) > 1))
def test_b15_the_parts_of_a_table_differ_in_what_they_are_for(name: str) -> None:
    conditions = [rule.condition for rule in PARTS[name].values()]
    assert len(conditions) == len(set(conditions))
    assert conditions[-1] is Condition.OTHERWISE
    header = RULES[name].table.parent
    assert header is None or conditions == [rule.condition for rule in PARTS[header].values()]


def test_besides_the_fields_table_there_are_counters_and_what_the_topology_says_of_procurement() -> None:
    assert [(part.policy.name, part.tables) for part in BESIDES] == [
        ("store", ("document_number",)),  # B25
        ("sync_settings", ("preference",)),  # B37
    ]


def test_a_condition_that_is_added_leaves_the_records_of_today_what_they_are() -> None:
    """Records are kept with the name of their part: one more in front of it gives none of them another rule."""
    more = (*BESIDES, Part(("purchase_order", "item"), SYNC_SETTINGS, Condition.OF_TOPOLOGY))
    changed = rules_by_part(DATA_TYPES, more)
    assert list(changed["purchase_order"]) == ["of_topology", "centralised", "otherwise"]
    assert list(changed["item"]) == ["of_topology", "otherwise"]
    assert [
        (name, key) for name, rules in PARTS.items() for key, rule in rules.items() if changed[name][key] != rule
    ] == []
