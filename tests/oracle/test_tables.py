"""The oracle stands alone, and what it takes for granted of the tables is so."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from sites.schema import SCHEMA
from sync_rules.schema import Kind
from sync_rules.table.rules import RULES
from tests.oracle.tables import TABLES, parents_first

KINDS = {
    Kind.TEXT: "text",
    Kind.INTEGER: "whole",
    Kind.DECIMAL: "number",
    Kind.DATE: "day",
    Kind.TIME: "moment",
    Kind.BOOLEAN: "yes",
}
MODULES = sorted(one.stem for one in Path(__file__).parent.glob("*.py") if not one.stem.startswith(("test_", "__")))
POLICIES = {"store_stock": "store", "transfer_document": "store"}


@pytest.mark.parametrize("name", MODULES)
def test_the_oracle_imports_nothing_of_what_it_judges(name):
    tree = ast.parse((Path(__file__).parent / f"{name}.py").read_text(encoding="utf-8"))
    modules = {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert not [node for node in ast.walk(tree) if isinstance(node, ast.Import)]
    foreign = {module for module in modules if not module.startswith("tests.oracle")}
    assert foreign <= {"__future__", "collections.abc", "dataclasses", "typing", "uuid"}


@pytest.mark.parametrize("name", sorted(TABLES))
def test_the_tables_are_those_of_the_schema(name):
    facts = TABLES[name]
    real = {column.name: column for column in SCHEMA.tables[name]}
    assert facts.columns == {column: KINDS[real[column].kind] for column in facts.columns}
    assert set(facts.secret) == {column for column in facts.columns if real[column].is_secret}
    references = {one.column: one.parent for one in SCHEMA.references if one.table == name}
    assert facts.refers == {column: parent for column, parent in references.items() if column in facts.columns}


@pytest.mark.parametrize("name", sorted(TABLES))
def test_the_tables_are_those_of_the_table(name):
    facts, rule = TABLES[name], RULES[name]
    assert facts.policy == POLICIES.get(rule.policy.name, rule.policy.name)
    assert (facts.lines_of, facts.is_stock) == (rule.table.parent, rule.table.is_stock)


def test_every_policy_is_covered():
    assert {RULES[name].policy.name for name in TABLES} == {rule.policy.name for rule in RULES.values()}


def test_parents_come_first():
    ordered = parents_first()
    assert sorted(ordered) == sorted(TABLES)
    for name, table in TABLES.items():
        assert all(ordered.index(parent) < ordered.index(name) for parent in table.refers.values())
