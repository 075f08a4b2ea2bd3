"""B16: what is published bit by bit is what is published whole, on random networks; no writer is forgotten."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import duckdb
import pytest

from sites.schema import SCHEMA
from tests.network.comparing import play
from tests.network.deck import Script
from tests.network.real import NOW, RealNetwork
from tests.oracle.oracle import Oracle
from tests.warehouse.reading import everything
from warehouse.connection import open_warehouse
from warehouse.snapshots.current import current
from warehouse.snapshots.predecessor import HEARD_WITHIN
from warehouse.snapshots.publish import publish

ROOT = Path(__file__).parents[2]
SEED = 3
STEPS = 24
WRITERS = {"put_rows", "remove_rows", "set_column"}
WRITES = re.compile(r"(insert into|update|delete from) replica\.")


@pytest.mark.long
def test_b16_brought_up_to_date_is_what_is_written_anew(new_network, monkeypatch):
    """After each cycle of random work only what changed is written; at the end all rows are those of a full one."""
    script = Script(SEED)
    network = new_network(script.oracle.wanted, {site.id: site.engine for site in script.oracle.sites.values()})
    cycle, why = network.cycle, []

    def cycle_and_publish(*given):
        answers = cycle(*given)
        why.append(_publish(network, "published"))
        return answers

    monkeypatch.setattr(network, "cycle", cycle_and_publish)
    assert not play(script, network, STEPS, every=12)
    assert len(why) > 3
    assert why == ["no last snapshot", *[""] * (len(why) - 1)]
    _publish(network, "published", later=HEARD_WITHIN)  # when sites were heard of, too
    _publish(network, "anew", full=True, later=HEARD_WITHIN)
    found, anew = (_tables(network, folder) for folder in ("published", "anew"))
    assert found.keys() == anew.keys()
    for table, rows in anew.items():
        assert found[table] == rows, table


@pytest.mark.long
@pytest.mark.parametrize("seed", [11, 12, 13])
def test_r2_what_is_dispensed_oddly_happened_and_is_listed(seed, new_network):
    """Prescriptions of stores that are no dispensaries, or for patients whom the store does not see: all, no other."""
    script = Script(seed)
    network = new_network(script.oracle.wanted, {site.id: site.engine for site in script.oracle.sites.values()})
    assert not play(script, network, STEPS * 2, every=12)
    _publish(network, "published", full=True)
    with duckdb.connect(str(current(network.folder / "published").path), read_only=True) as con:
        listed = con.execute(
            "select distinct issue, record_id from reports.data_quality "
            "where issue in ('dispensed_outside_dispensary', 'patient_not_visible') order by all"
        ).fetchall()
    assert listed == sorted(_odd(script.oracle))
    assert listed


def _odd(oracle: Oracle) -> Iterator[tuple[str, str]]:
    stores, patients = oracle.rows("store"), oracle.rows("patient")
    shown = {(row["patient_id"], row["store_id"]) for row in oracle.rows("patient_store_join").values()}
    for record_id, row in oracle.rows("prescription").items():
        store_id, patient_id = row["store_id"], row["patient_id"]
        if row["status"] not in ("confirmed", "finalised") or store_id not in stores:
            continue
        if stores[store_id]["mode"] != "dispensary":
            yield "dispensed_outside_dispensary", record_id
        is_at_home = patients.get(patient_id, {}).get("home_store_id") == store_id
        if patient_id is not None and not is_at_home and (patient_id, store_id) not in shown:
            yield "patient_not_visible", record_id


def test_b16_whoever_writes_to_a_replica_notes_it():
    """Each function whose SQL writes to schema replica notes the rows in `ledger.unpublished`; a migration need not, as
    another version publishes anew."""
    writers, silent = set(), []
    for path in sorted((ROOT / "warehouse" / "records").glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not isinstance(node, ast.FunctionDef):
                continue
            source = ast.unparse(node)
            if WRITES.search(source):
                writers.add(node.name)
                silent += [] if "publication.note" in source else [f"{path.name}: {node.name}"]
    assert not silent
    assert writers == WRITERS
    packages = [folder.parent for folder in ROOT.glob("*/__init__.py") if folder.parent.name not in ("tests", "bench")]
    texts = [path for package in packages for kind in ("py", "sql") for path in package.rglob(f"*.{kind}")]
    elsewhere = [path for path in texts if path.parent != ROOT / "warehouse" / "records"]
    assert not [path for path in elsewhere if WRITES.search(path.read_text("utf-8"))]


def _publish(network: RealNetwork, folder: str, *, full: bool = False, later: timedelta = timedelta()) -> str:
    now = NOW + timedelta(minutes=network.cycles) + later
    with open_warehouse(network.project().warehouse, SCHEMA) as con:
        return publish(con, network.folder / folder, SCHEMA, now=now, full=full).why_full


def _tables(network: RealNetwork, folder: str) -> dict[str, list[list[str]]]:
    """Every table's rows, sorted: in a file that was brought up to date they are in another order."""
    found = everything(str(current(network.folder / folder).path))["tables"]
    for told in ("snapshot", "snapshot_history"):  # which publication it is
        found.pop(f"reports.{told}")
    return {table: sorted(rows, key=str) for table, rows in found.items()}
