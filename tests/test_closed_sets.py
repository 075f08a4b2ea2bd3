"""Closed sets are enums in one place: what SQL allows and gives is what they say."""

from __future__ import annotations

import re
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path

import pytest

from sites.schema import SCHEMA
from sync_rules.codes import REASONS, WAITS
from sync_rules.transfers.waits import wait_code
from sync_rules.words import (
    Band,
    ChangeSetState,
    EntryKind,
    Maker,
    MoveState,
    Op,
    Outcome,
    QuarantineState,
    TransferState,
    Verdict,
)
from tests.central.small_network import NOW
from warehouse.connection import open_warehouse
from warehouse.reports.files import macros

CHECKED: dict[tuple[str, str], type[StrEnum]] = {
    ("change_set", "state"): ChangeSetState,
    ("move", "state"): MoveState,
    ("quarantine", "state"): QuarantineState,
    ("sequence", "kind"): EntryKind,
    ("sequence", "op"): Op,
    ("transfer", "made_by"): Maker,
    ("visit", "outcome"): Outcome,
}


def test_the_ledger_allows_what_the_enums_name(tmp_path: Path, new_warehouse: Callable[[Path], Path]) -> None:
    with open_warehouse(new_warehouse(tmp_path / "working.duckdb"), SCHEMA) as con:
        found = con.execute(
            "select table_name, constraint_column_names[1], expression from duckdb_constraints() "
            "where schema_name = 'ledger' and constraint_type = 'CHECK'"
        ).fetchall()
    allowed = {(table, column): set(re.findall(r"'(\w+)'", expression)) for table, column, expression in found}
    assert allowed.pop(("quarantine", "verdict")) == set(Verdict) - {Verdict.ADMITTED}
    allowed["sequence", "op"].add(Op.WITHDRAW)  # of sites' changes: what central does then is a delete elsewhere
    assert allowed == {place: set(words) for place, words in CHECKED.items()}


@pytest.mark.parametrize(("macro", "words"), [("transfer_state", TransferState), ("stock_status", Band)])
def test_a_macro_gives_what_its_enum_names(macro: str, words: type[StrEnum]) -> None:
    body = re.search(rf"macro {macro}\((.*?);\n", macros(), re.DOTALL)
    assert body is not None
    assert set(re.findall(r"(?:then|else) '(\w+)'", body[1])) == set(words)


def test_a_transfer_waits_for_a_reason_of_the_register() -> None:
    given = set(re.findall(r"then\(\"(\w+)\"\)", str(wait_code(NOW, 12))))
    assert given == set(WAITS)


def test_a_code_of_changes_and_of_transfers_is_one_word_for_both() -> None:
    assert REASONS.keys() & WAITS.keys() == {"store_not_placed"}
