"""B16: what is published is looked at from outside, and what must not be there is found."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from sites.schema import SCHEMA
from warehouse.snapshots.current import Snapshot
from warehouse.snapshots.inspection import inspect_snapshot


@pytest.mark.parametrize(
    ("made", "found"),
    [
        ("create table item (id varchar, name varchar)", []),
        ("create table reports.stock_value (store_code varchar)", []),
        ("create table patient (id varchar)", ["main.patient"]),
        ("create table prescription_line (id varchar)", ["main.prescription_line"]),
        ("create table user_account (id varchar)", ["main.user_account"]),
        ("create table notes (id varchar)", ["main.notes"]),
        ("create schema ledger; create table ledger.site (id varchar)", ["ledger.site"]),
        ("create table reports.dispensed (patient_id varchar)", ["reports.dispensed.patient_id"]),
        ("create table item (id varchar, password_hash varchar)", ["main.item.password_hash"]),
    ],
)
def test_b16_what_must_not_be_published_is_found(tmp_path: Path, made: str, found: list[str]) -> None:
    file = tmp_path / "00000001.duckdb"
    with duckdb.connect(str(file)) as con:
        con.execute(f"create schema reports; {made}")
    assert inspect_snapshot(Snapshot(1, file), SCHEMA).found == found
