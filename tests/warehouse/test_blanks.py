"""Precision 33: what a site's rows say nothing of is as central has it, or as it was declared."""

from __future__ import annotations

import polars as pl

from sites.schema import SCHEMA
from sites.schema.columns import DeclaredColumn
from sites.schema.definition import definition
from sync_rules.schema import Column, Kind, Schema
from warehouse.batch.blanks import with_central_values
from warehouse.connection import Connection
from warehouse.frames import Uncollected

LIST = Column("ven_category", Kind.TEXT, is_required=True, default="N")


def test_a_new_record_has_the_declared_default_and_a_held_one_what_central_has(con: Connection) -> None:
    schema = Schema({**SCHEMA.tables, "item": (*SCHEMA.tables["item"][:2], LIST)}, SCHEMA.references)
    con.execute("insert into replica.item (id, code, ven_category) values ('held', 'a', 'V'), ('bare', 'b', null)")
    sent = pl.DataFrame(
        {
            "from_site": [2, 2, 2, 3, 2],
            "id": ["held", "bare", "new", "new-3", "own"],
            "code": ["z"] * 5,
            "ven_category": [None, None, None, None, "E"],
        },
        schema_overrides={"ven_category": pl.String},
    )
    unsaid = Uncollected.of([(2, "item", "ven_category", None)])
    [found] = pl.collect_all(with_central_values(con, {"item": [sent.lazy()]}, unsaid, schema)["item"])
    assert found["ven_category"].to_list() == ["V", None, "N", None, "E"]
    assert found["code"].to_list() == ["z"] * 5


def test_what_the_database_itself_put_there_gives_way_to_what_central_has(con: Connection) -> None:
    con.execute("insert into replica.item (id, is_active) values ('held', true), ('bare', null), ('edited', true)")
    sent = pl.DataFrame(
        {"from_site": [2] * 4, "id": ["held", "bare", "new", "edited"], "is_active": [False, False, False, True]}
    )
    unsaid = Uncollected.of([(2, "item", "is_active", "false")])
    [found] = pl.collect_all(with_central_values(con, {"item": [sent.lazy()]}, unsaid, SCHEMA)["item"])
    assert found["is_active"].to_list() == [True, False, False, True]


def test_the_default_is_the_one_that_the_table_declares() -> None:
    key, name = DeclaredColumn("id", Kind.TEXT), DeclaredColumn("name", Kind.TEXT, is_required=True, default="each")
    [_, found] = definition({"unit": (key, name)}).tables["unit"]
    assert (found.is_required, found.default) == (True, "each")
