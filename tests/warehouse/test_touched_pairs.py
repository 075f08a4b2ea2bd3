"""B16, W2: reports brought up to date for the pairs that changed are those worked out from nothing, row by row."""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from sites.schema import SCHEMA
from tests.seeds import seeds
from tests.warehouse.publishing import NOW, cycle, fill, line, published, put
from tests.warehouse.random_histories import History
from warehouse.connection import Connection, quote
from warehouse.records import pair_tables, publication
from warehouse.records.publication import Publication
from warehouse.reports.evaluation import by_pair, inputs_of_pairs, kept_parts
from warehouse.reports.files import PARTS, macros, report_files
from warehouse.snapshots import database, files, inspection, touched_pairs
from warehouse.snapshots import kept_parts as kept
from warehouse.snapshots.current import current

Rows = dict[str, list[tuple[Any, ...]]]


@pytest.fixture(autouse=True)
def ways(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """Parts are kept however few rows there are; how often pairs were found, how often all were touched."""
    monkeypatch.setattr(kept, "FEW_LINES", -1)
    monkeypatch.setattr(touched_pairs, "MUCH_TOUCHED", 2.0)
    found: Counter[str] = Counter()
    find = touched_pairs.find_touched

    def counted(*given: Any) -> bool:
        is_found = find(*given)
        found["pairs" if is_found else "all"] += 1
        return is_found

    monkeypatch.setattr(touched_pairs, "find_touched", counted)
    return found


def _differences(con: Connection, folder: Path, seed: int, steps: int) -> Iterator[str]:
    """Tables that are not as written from nothing after a step of a random history, with what was done in it."""
    history = History(con, random.Random(seed))
    history.begin()
    with database.attached(con, folder / "kept.duckdb") as own:
        database.write_full(own, SCHEMA, 1, history.now)
    for _ in range(steps):
        publication.enter_publication(con, Publication(1, history.cycles), history.now)
        history.done.clear()
        history.step()
        with database.attached(con, folder / "kept.duckdb") as own:
            database.write_changes(own, SCHEMA, 1, history.now)
            found = _rows(own)
        expected = _from_nothing(con, folder, history)
        assert found.keys() == expected.keys()
        yield from (f"{name} after {history.done}" for name in sorted(expected) if found[name] != expected[name])


def _from_nothing(con: Connection, folder: Path, history: History) -> Rows:
    anew = folder / "anew.duckdb"
    with database.attached(con, anew) as own, database.as_of(own, history.now):
        kept.write_all(own)
        own.execute("update snap.reports.snapshot set number = 1")
        expected = _rows(own)
    anew.unlink()
    return expected


def _rows(own: Connection) -> Rows:
    """The rows of reports and of what is kept; those of reports by pair in their order. In others that of rows with the
    same codes is not told."""
    found = own.execute(
        "select schema_name, table_name from duckdb_tables() where database_name = 'snap' and schema_name <> 'main' "
        "and table_name <> 'snapshot_history'"
    ).fetchall()
    ordered = {("reports", file.name) for file in by_pair()}
    return {
        f"{schema}.{table}": own.execute(
            f"from snap.{schema}.{quote(table)} order by {'rowid' if (schema, table) in ordered else 'all'}"
        ).fetchall()
        for schema, table in found
    }


@pytest.mark.parametrize(
    ("seed", "steps"), [(3, 2), *(pytest.param(seed, 15, marks=pytest.mark.long) for seed in seeds(2, 6, since=4))]
)
def test_b16_what_is_worked_out_by_pair_is_what_is_worked_out_from_nothing(
    seed: int, steps: int, con: Connection, tmp_path: Path, ways: Counter[str]
) -> None:
    assert list(_differences(con, tmp_path, seed, steps)) == []
    assert ways["pairs"] > steps / 2


_OF_DOCUMENTS = touched_pairs._of_documents
FAULTS: dict[str, Callable[[pytest.MonkeyPatch], None]] = {
    "invoices are left out": lambda patch: patch.setattr(
        touched_pairs, "_of_documents", lambda one: "select 1" if one.name == "invoice" else _OF_DOCUMENTS(one)
    ),
    "rows as they were are left out": lambda patch: patch.setattr(
        publication, "said_of_pair", lambda table: ("null", "null", "null")
    ),
}


@pytest.mark.long
@pytest.mark.parametrize("fault", FAULTS)
def test_b16_whoever_leaves_out_an_input_is_found_out(
    fault: str, con: Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    FAULTS[fault](monkeypatch)
    assert next(_differences(con, tmp_path, 3, 10), None)


def test_b16_what_a_report_by_pair_reads_is_known_to_touch_pairs() -> None:
    """Who adds an input to such a report says in `touched_pairs` whose figures it changes, or leaves it whole."""
    pairs, whole = {file.name for file in by_pair()}, {file.name: file for file in inputs_of_pairs()}
    moving = _macros_that_move() - {"today", "first_month"}
    for file in by_pair():
        body = "\n".join(text.partition("--")[0] for text in file.sql.splitlines())
        known = pair_tables.PAIR_TABLES | touched_pairs.LOOKED_UP
        assert set(re.findall(r"\breplica\.(\w+)", body)) <= known, file.name
        assert not re.search(r"\bledger\.", body), file.name
        assert file.needs <= pairs | whole.keys(), file.name
        assert not moving & set(re.findall(r"\b(\w+)\(", body)), f"{file.name} moves within a day"
        assert {"store_id", "item_id"} <= file.columns.keys() or {"store_code", "item_code"} <= file.columns.keys()
        assert file.name not in PARTS or "data_as_of_at" not in body, file.name
        assert file.name in PARTS or "store.data_as_of_at" in body, file.name
    for file in whole.values():
        assert "store_id" in file.columns, f"{file.name} says nothing of which store it is"
        assert not file.needs & pairs
    for file in report_files():
        if not file.is_by_pair:
            assert file.needs & pairs <= kept_parts(), f"{file.name} needs whole what is worked out by pair"


def _macros_that_move() -> set[str]:
    """Those that say something else within a day, and those made of them."""
    bodies = dict(re.findall(r"create or replace macro (\w+)(.*?);\n", macros(), re.DOTALL))
    found = {"as_of_at"}
    while more := {
        name
        for name, body in bodies.items()
        if name not in found and name != "today" and found & set(re.findall(r"\b(\w+)\(", body))
    }:
        found |= more
    return found


@pytest.mark.long
def test_b16_what_is_kept_is_nobodys_secret_and_a_killed_publication_leaves_it_whole(
    con: Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ways: Counter[str]
) -> None:
    fill(con)
    first = published(con, tmp_path / "published").snapshot
    looked_at = inspection.inspect_snapshot(first, SCHEMA)
    assert looked_at.found == []
    for number, place in enumerate(((files, "announce"), (publication, "enter_publication")), start=2):
        put(con, "stock_line", line("A", "X", 10 + number))
        cycle(con, number)
        with monkeypatch.context() as patch:
            patch.setattr(*place, _killed)
            with pytest.raises(KeyboardInterrupt):
                published(con, tmp_path / "published")
    put(con, "stock_line", line("B", "Y", 99))
    cycle(con, 4)
    made = published(con, tmp_path / "published")
    assert (made.why_full, set(ways)) == ("", {"pairs"})
    with database.attached(con, current(tmp_path / "published").path) as own:
        found = _rows(own)
    history = History(con, random.Random(0), now=NOW)
    expected = _from_nothing(con, tmp_path, history)
    assert {name for name in expected if name != "reports.snapshot" and expected[name] != found[name]} == set()


def _killed(*given: object, **named: object) -> None:
    raise KeyboardInterrupt
