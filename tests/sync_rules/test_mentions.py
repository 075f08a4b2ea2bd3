"""Section 7: nothing that names a record which may be merged away is overlooked."""

from __future__ import annotations

import re

import pytest

from sites.schema import SCHEMA
from sync_rules.mentions import CHAINS, JOINS, LOOSE, MERGE_TABLES, NAMED_BY, mentions
from sync_rules.schema import Kind, Reference

# any column that may name one of these by its name, also with words before it
NAMES_ONE = re.compile(rf"(.+_)?(?P<table>{'|'.join(MERGE_TABLES.values())})_id")
# the rest of what names an id of some table that no column says
UNNAMED = {("log", "record_id"), ("reference_document", "record_id")}


def columns() -> list[tuple[str, str]]:
    return [(table, column.name) for table, found in SCHEMA.tables.items() for column in found]


def names_in(table: str) -> set[str]:
    return {column.name for column in SCHEMA.tables[table]}


def test_section_7_every_merge_table_merges_records_of_a_table():
    merges = {table for table in SCHEMA.tables if {"kept_id", "merged_id"} <= names_in(table)}
    assert set(MERGE_TABLES) == merges
    assert set(MERGE_TABLES.values()) <= set(SCHEMA.tables)


def test_section_7_every_column_named_for_a_mergeable_record_is_mentioned():
    named = {(table, column, match["table"]) for table, column in columns() if (match := NAMES_ONE.fullmatch(column))}
    mentioned = {
        (key.table, key.column, key.parent) for parent in MERGE_TABLES.values() for key in mentions(SCHEMA, parent)
    }
    assert named <= mentioned
    assert {key for key in mentioned if not NAMES_ONE.fullmatch(key[1])} == {
        (merge, "kept_id", table) for merge, table in MERGE_TABLES.items()
    }


def test_section_7_every_foreign_key_to_a_mergeable_record_is_mentioned():
    for parent in MERGE_TABLES.values():
        assert {key for key in SCHEMA.references if key.parent == parent} <= set(mentions(SCHEMA, parent))


def test_section_7_no_other_column_could_name_one():
    """A new column of this kind needs a place in mentions, or here among those that name no such record."""
    foreign = {(key.table, key.column) for key in SCHEMA.references}
    mentioned = {(key.table, key.column) for parent in MERGE_TABLES.values() for key in mentions(SCHEMA, parent)}
    loose = {(t, c) for t, c in columns() if c.endswith("_id")} - foreign - mentioned
    others = re.compile(
        r"(.+_)?(store|site|user|invoice|requisition|line|purchase_order|goods_received|stocktake|tender)_id"
        r"|merged_id|repeat_id|diagnosis_id|insurance_provider_id|patient_event_type_id"
    )
    unknown = {(table, column) for table, column in loose if not others.fullmatch(column)}
    assert unknown == UNNAMED | {(NAMED_BY.table, NAMED_BY.record_column)}


@pytest.mark.parametrize("key", [*LOOSE, *CHAINS], ids=str)
def test_section_7_declared_columns_exist_and_carry_no_foreign_key(key):
    assert key.column in names_in(key.table)
    assert key.parent in MERGE_TABLES.values()
    assert key not in SCHEMA.references


def test_section_7_mentions_are_sorted_and_of_the_schema_given():
    found = mentions(SCHEMA, "location")
    assert list(found) == sorted(found, key=lambda key: (key.table, key.column))
    assert Reference("location_merge", "kept_id", "location") in found
    assert Reference("drug_interaction", "other_item_id", "item") in mentions(SCHEMA, "item")
    assert Reference("adverse_drug_reaction", "patient_id", "patient") in mentions(SCHEMA, "patient")


@pytest.mark.parametrize("join", JOINS, ids=lambda join: join.table)
def test_section_7_joins_have_their_columns(join):
    kinds = {column.name: column.kind for column in SCHEMA.tables[join.table]}
    assert {kinds[name] for name in (*join.key, *join.filled)} == {Kind.TEXT}
    assert all(kinds[name] is Kind.BOOLEAN for name in join.flags)
    assert len(join.key) == 2
    mentioned = {
        key.column for parent in MERGE_TABLES.values() for key in mentions(SCHEMA, parent) if key.table == join.table
    }
    assert mentioned & set(join.key)
    # every column is of the key or is settled when rows collapse
    assert set(kinds) == {"id", *join.key, *join.flags, *join.filled}


def test_the_generic_pair_exists():
    assert {NAMED_BY.table_column, NAMED_BY.record_column} <= names_in(NAMED_BY.table)
