"""The reference tables of a site, on both engines."""

from __future__ import annotations

import csv
import re
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

from sites.engines.connection import SiteDatabase, SiteFailed, open_site
from sites.schema import SCHEMA, create
from sites.schema.presence import presence
from sync_rules.keys import key_columns
from sync_rules.schema import Reference

_DATA_TYPES = Path(__file__).parents[1] / "data" / "data_types.csv"

# B6, word for word: these carry no foreign key.
_LOOSE = re.compile(
    r"(.*_)?store_id|linked_.*_id|requisition_id|purchase_order_id|purchase_order_line_id|home_store_id"
    r"|(.*_)?location_id|(.*_)?stock_line_id|(.*_)?user_id|kept_id|merged_id"
)


def _is_line_to_header(key: Reference) -> bool:
    return key.table == f"{key.parent}_line" and key.column == f"{key.parent}_id"


@pytest.fixture
def db(site_url, tmp_path):
    with open_site(site_url, tmp_path) as opened:
        create(opened)
        yield opened


def _tables_of_data_types() -> set[str]:
    """The names in the column ``tables``: notes in brackets and after `after` are not names."""
    names: set[str] = set()
    with _DATA_TYPES.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            for part in re.sub(r"\([^)]*\)", "", row["tables"]).split(";"):
                names |= set(part.partition(" after ")[0].partition(" is ")[0].split())
    return names


def test_every_table_of_the_data_types_exists():
    assert set(SCHEMA.tables) == _tables_of_data_types() | {"document_number"}


def test_created_whole_on_both_engines(db: SiteDatabase):
    here = presence(db, SCHEMA)
    assert (list(here.words()), here.refused, here.schema) == ([], {}, SCHEMA)


def test_what_is_missing_and_what_is_there_besides_is_named(db: SiteDatabase):
    """A column that follows from others is none that one can deliver."""
    db.execute("DROP TABLE label")
    db.execute("ALTER TABLE reminder DROP COLUMN due_at")
    db.execute("ALTER TABLE unit ADD COLUMN rank INTEGER")
    kind = "STORED" if db.engine == "postgresql" else "VIRTUAL"
    db.execute(f"ALTER TABLE unit ADD COLUMN folded TEXT GENERATED ALWAYS AS (lower(name)) {kind}")
    db.execute("CREATE TABLE visit (id TEXT)")
    here = presence(db, SCHEMA)
    assert list(here.words()) == ["table `label` is missing", "table `reminder` has no column `due_at`"]
    assert here.refused == {}
    assert list(here.further_words()) == [
        "table `unit` has `rank` besides, not collected",
        "1 table of the program's own, not collected: visit",
    ]


def test_a_missing_key_refuses_its_table_and_what_cannot_be_without_it(db: SiteDatabase):
    """Precision 33. A transfer is known by its type; a prescription is nobody's without its patient."""
    db.execute("ALTER TABLE patient RENAME COLUMN home_store_id TO home")
    db.execute("ALTER TABLE invoice RENAME COLUMN status TO state")
    db.execute("ALTER TABLE bom_master_line RENAME COLUMN bom_master_id TO bom")
    here = presence(db, SCHEMA)
    of_patients = {"insurance_policy", "patient_event", "patient_medication_record", "patient_store_join", "repeat"}
    of_patients |= {"prescription", "prescription_line"}
    assert set(here.refused) == {"patient", "invoice", "invoice_line", "bom_master_line", *of_patients}
    assert here.refused["invoice"] == "it has no column `status`"
    assert here.refused["invoice_line"] == "its records belong to those of table `invoice`, which is not collected"
    assert SCHEMA.tables.keys() - here.schema.tables.keys() == here.refused.keys()


def test_every_column_that_is_never_null_is_a_key_or_needs_its_document():
    """A site of an older version can be without any other."""
    required = {(table, one.name): one.default for table, columns in SCHEMA.tables.items() for one in columns
                if one.is_required and one.name not in key_columns(table)}  # fmt: skip
    assert required == {("bom_master_line", "bom_master_id"): None}


def test_create_leaves_nothing_behind_where_a_table_is_in_the_way(site_url, tmp_path):
    with open_site(site_url, tmp_path) as db:
        db.execute("CREATE TABLE label (id TEXT PRIMARY KEY)")
        with pytest.raises(SiteFailed):
            create(db)
        assert "table `unit` is missing" in presence(db, SCHEMA).words()


def test_b6_lines_belong_to_their_documents():
    references = {(key.table, key.column): key.parent for key in SCHEMA.references}
    lines = {table for table in SCHEMA.tables if table.endswith("_line") and table != "stock_line"}
    assert {table for table in lines if references.get((table, f"{table.removesuffix('_line')}_id"))} == lines


def test_b6_what_may_not_be_on_the_site_carries_no_foreign_key():
    to_elsewhere = [key for key in SCHEMA.references if not _is_line_to_header(key)]
    assert [key for key in to_elsewhere if _LOOSE.fullmatch(key.column)] == []
    assert ("invoice_note", "invoice_id") not in {(key.table, key.column) for key in SCHEMA.references}


def test_b6_every_foreign_key_leads_to_a_document_or_everywhere_data_or_a_patient():
    central = set()
    with _DATA_TYPES.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if row["policy"] in ("central", "central_server"):
                central |= set(row["tables"].split())
    allowed = central | {"patient"}
    assert [key for key in SCHEMA.references if key.parent not in allowed and not _is_line_to_header(key)] == []


def test_b6_references_to_everywhere_data_are_held():
    references = {(key.table, key.column): key.parent for key in SCHEMA.references}
    for table, columns in SCHEMA.tables.items():
        for name in {column.name for column in columns} & {
            "item_id",
            "reason_id",
            "other_name_id",
            "unit_id",
        }:
            assert (table, name) in references, f"{table}.{name}"


def test_b10_one_text_key_and_no_other_unique_key(db: SiteDatabase):
    if db.engine == "sqlite":
        found = db.execute(
            "SELECT t.name, i.origin FROM sqlite_schema AS t JOIN pragma_index_list(t.name) AS i"
            " WHERE t.type = 'table' AND i.\"unique\" = 1"
        )
    else:
        found = db.execute(
            "SELECT c.relname, CASE WHEN i.indisprimary THEN 'pk' ELSE 'u' END FROM pg_index AS i"
            " JOIN pg_class AS c ON c.oid = i.indrelid"
            " WHERE i.indisunique AND c.relnamespace = current_schema()::regnamespace"
        )
    assert sorted(found) == sorted((table, "pk") for table in SCHEMA.tables)


def test_foreign_keys_are_enforced(db: SiteDatabase):
    with pytest.raises(SiteFailed):
        db.execute("INSERT INTO invoice_line (id, invoice_id) VALUES ('line', 'nowhere')")


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO invoice (id, store_id, status) VALUES ('a', 's', 'lost')",
        "INSERT INTO store_site (id, sync_type) VALUES ('a', 'none')",
        "INSERT INTO site (id, kind) VALUES ('a', 'tablet')",
        "INSERT INTO item (id, is_active) VALUES ('a', 2)",
        "INSERT INTO item (id) VALUES (NULL)",
        "INSERT INTO stocktake (id) VALUES ('a')",
    ],
)
def test_checks_hold(db: SiteDatabase, statement: str):
    with pytest.raises(SiteFailed):
        db.execute(statement)


def test_b9_decimals_come_back_as_they_went_in(db: SiteDatabase):
    values = ["0.000001", "999999999.999999", "-12345.678901", "0.1", "100", "999999999.999998"]
    frame = pl.DataFrame(
        {
            "id": [f"line_{number}" for number in range(len(values))],
            "store_id": ["s"] * len(values),
            "total_packs": pl.Series(values).cast(pl.Decimal(18, 6)),
        }
    )
    with db.transaction(write=True):
        db.insert_rows("stock_line", frame)
    read = db.read("SELECT total_packs FROM stock_line ORDER BY id", columns=["total_packs"])
    assert [Decimal(value).quantize(Decimal("0.000001")) for value in read["total_packs"]] == [
        Decimal(value) for value in values
    ]


def test_b39_secrets_do_not_travel():
    secrets = {(table, c.name) for table, columns in SCHEMA.tables.items() for c in columns if c.is_secret}
    assert secrets == {("store_credential", "password"), ("user_account", "password_hash")}
    assert "password_hash" not in SCHEMA.frame_schema("user_account")


def test_parents_come_first():
    order = SCHEMA.parents_first()
    assert all(order.index(key.parent) < order.index(key.table) for key in SCHEMA.references)
