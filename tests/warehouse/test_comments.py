"""W2: every table, view and column says what it is, in the database itself and in the data dictionary."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from sites.schema import SCHEMA
from sites.schema.words import EVERYWHERE, schema_words
from sync_rules.schema import Column, Kind, Schema
from warehouse.connection import Connection, open_warehouse, query
from warehouse.reports.comments import comment_on
from warehouse.reports.dictionary import as_markdown
from warehouse.reports.files import PARTS
from warehouse.snapshots.contents import published_tables
from warehouse.snapshots.database import REPORTS

COLUMNS = (
    "select schema_name, table_name, column_name, comment from duckdb_columns() "
    "where database_name = current_database() and not internal order by all"
)
RELATIONS = """
    select schema_name, table_name as name, comment from duckdb_tables()
    where database_name = current_database() and not internal
    union all
    select schema_name, view_name, comment from duckdb_views()
    where database_name = current_database() and not internal
"""


def without_words(con: Connection, sql: str) -> list[tuple[str, ...]]:
    found = query(con, sql)
    return found.filter(pl.col("comment").fill_null("").str.strip_chars() == "").drop("comment").rows()


def test_w2_every_table_and_view_has_a_comment(con: Connection) -> None:
    assert without_words(con, RELATIONS) == []


def test_w2_every_column_has_a_comment(con: Connection) -> None:
    assert without_words(con, COLUMNS) == []


def test_w2_a_table_view_or_column_without_a_comment_is_found(con: Connection) -> None:
    con.execute("create table ledger.new (a integer); create view reports.newer as select 1 as b")
    con.execute("alter table replica.item add column c integer")
    assert without_words(con, RELATIONS) == [("ledger", "new"), ("reports", "newer")]
    assert without_words(con, COLUMNS) == [("ledger", "new", "a"), ("replica", "item", "c"), ("reports", "newer", "b")]


def test_w2_the_page_of_meanings_speaks_of_what_there_is() -> None:
    """Nothing on it is about a table or column that is not there, or says again what holds everywhere."""
    page = schema_words()
    columns = {name: {column.name for column in found} for name, found in SCHEMA.tables.items()}
    everywhere = page.columns[EVERYWHERE]
    assert set(page.tables) == {EVERYWHERE, *columns}
    for table, said in page.columns.items():
        if table != EVERYWHERE:
            assert set(said) <= columns[table], table
            assert not [name for name, words in said.items() if everywhere.get(name) == words], table
    used = {name for table, found in columns.items() for name in found if name not in page.columns[table]}
    assert used == set(everywhere)


def test_w2_secret_columns_have_words_but_no_replica(con: Connection) -> None:
    secrets = [column for column in SCHEMA.tables["store_credential"] if column.is_secret]
    assert [column.name for column in secrets] == ["password"]
    assert secrets[0].meaning
    assert "password" not in query(con, "from replica.store_credential").columns


def test_w2_comments_are_put_on_the_tables_of_another_database_as_well(con: Connection, tmp_path: Path) -> None:
    """As a snapshot has them: replicas in `main`, reports as tables, no ledger, not everything there."""
    con.execute(f"attach '{tmp_path}/other.duckdb' as other (storage_version 'v1.2.0')")
    con.execute("create table other.main.item as from replica.item; create schema other.reports")
    con.execute("create table other.reports.stock_value as from reports.stock_value")
    con.execute("use other")
    comment_on(con, SCHEMA, "main")
    assert without_words(con, RELATIONS) == []
    assert without_words(con, COLUMNS) == []
    assert query(con, RELATIONS).height == 2


def test_w2_a_quote_in_words_stays_one(con: Connection) -> None:
    words = "a store's; '' -- \n item"
    schema = Schema({"item": (Column("id", Kind.TEXT, meaning=words),)}, (), {"item": words})
    comment_on(con, schema, "replica")
    [found] = query(con, f"from ({COLUMNS}) where table_name = 'item' and column_name = 'id'").to_dicts()
    assert found["comment"] == words


@pytest.mark.long
def test_w2_words_that_change_are_put_on_when_the_warehouse_is_opened_next(
    tmp_path: Path, new_warehouse: Callable[[Path], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = new_warehouse(tmp_path / "working.duckdb")
    calls: list[str] = []

    def put(con: Connection, schema: Schema, replica_schema: str) -> None:
        calls.append("put")
        comment_on(con, schema, replica_schema)

    monkeypatch.setattr("warehouse.structure.comment_on", put)
    with open_warehouse(path, SCHEMA):
        assert calls == []
    schema = replace(SCHEMA, tables={**SCHEMA.tables, "unit": tuple(
        replace(column, meaning=f"new: {column.meaning}") for column in SCHEMA.tables["unit"]
    )})  # fmt: skip
    for _ in range(2):
        with open_warehouse(path, schema) as con:
            said = query(con, f"select comment from ({COLUMNS}) where table_name = 'unit' order by column_name")
        assert said["comment"].to_list() == [
            "new: key of the record, the same at every site",
            "new: name that people read",
        ]
    assert calls == ["put"]


def test_w2_the_dictionary_has_every_column_of_reports_and_replicas(con: Connection) -> None:
    found = query(con, "from reports.dictionary")
    assert found.select(pl.exclude("unit", "published_as").null_count()).sum_horizontal().item() == 0
    listed = set(found.select("schema_name", "table_name", "column_name").rows())
    there = {(schema, table, column) for schema, table, column, _ in query(con, COLUMNS).rows()}
    assert listed == {
        (schema, table, column)
        for schema, table, column in there
        if schema in {"replica", "reports"} and table not in PARTS
    }
    places = found.group_by("table_name", maintain_order=True).agg("position")
    assert all(place == list(range(1, len(place) + 1)) for place in places["position"].to_list())


def test_b16_the_dictionary_says_what_is_published(con: Connection) -> None:
    found = query(con, "select distinct kind, table_name, published_as from reports.dictionary").rows()
    tables = set(published_tables(SCHEMA))
    for kind, name, place in found:
        where = "reports" if kind == "report" else "main"
        assert place == (f"{where}.{name}" if name in tables | set(REPORTS) else None)


def test_the_dictionary_says_units_packs_and_money(con: Connection) -> None:
    asked = "select table_name, column_name, unit from reports.dictionary"
    units = {(table, column): unit for table, column, unit in query(con, asked).rows()}
    assert units["stock_line", "total_packs"] == "packs"
    assert units["stock_line", "pack_size"] == "units per pack"
    assert units["stock_line", "cost_price_per_pack"] == "money per pack"
    assert units["stock_on_hand", "soh_units"] == "units"
    assert units["stock_on_hand", "mos_months"] == "months"
    assert units["stock_on_hand", "value_amount"] == "home currency"
    assert units["stock_on_hand", "data_as_of_at"] == "UTC"
    assert units["stock_on_hand", "item_code"] is None


def test_the_page_has_a_row_for_each_column_and_escapes_what_a_table_cannot_hold(con: Connection) -> None:
    found = query(con, "from reports.dictionary")
    odd = found.with_columns(meaning=pl.lit("a|b"))
    page = as_markdown(odd)
    assert page.count("| a\\|b |") == found.height
    assert "### stock_on_hand\n" in page
    assert page.count("*Not published.*") == found.filter(pl.col("published_as").is_null())["table_name"].n_unique()
