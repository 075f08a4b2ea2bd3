"""The demo network: what stands in it, on both engines (B14)."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import tomllib
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path

import polars as pl
import pytest

from demo.network.network import create, network
from demo.reference.catalogue import central_tables
from demo.reference.frames import Tables
from demo.reference.places import SITES, STORES
from demo.stock.balances import unbalanced
from sites.engines.connection import open_site
from sites.schema import SCHEMA
from sites.schema.presence import presence
from sync_rules.topology.instances import instances
from sync_rules.topology.mistakes import mistakes
from sync_rules.topology.placement import placement
from sync_rules.topology.topology import Site, Store, Topology
from sync_rules.words import SiteKind, SyncType
from tests.demo.conftest import NOW

_HASH = """
from demo.network.network import network
from tests.demo.conftest import NOW, SEED
from tests.demo.test_network import content_hash
print(content_hash({site.code: tables for site, tables in network(seed=SEED, now=NOW).items()}))
"""
_DOCUMENT_LINES = sorted(table for table in SCHEMA.tables if table.endswith("_line") and table != "stock_line")


def content_hash(tables: Mapping[str, Tables]) -> str:
    digest = sha256()
    for code, each in tables.items():
        for table in sorted(each):
            digest.update(f"{code} {table} ".encode())
            digest.update(each[table].write_csv().encode())
    return digest.hexdigest()


@pytest.mark.long
def test_the_same_seed_gives_the_same_network_in_another_process(tables):
    """Another process has another hash seed: nothing may hang on the order of a set."""
    environment = os.environ | {"PYTHONHASHSEED": "5", "PYTHONPATH": str(Path(__file__).parents[2])}
    done = subprocess.run([sys.executable, "-c", _HASH], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == content_hash(tables)


@pytest.mark.long
def test_another_seed_gives_another_network(tables):
    other = {site.code: tables for site, tables in network(seed=8, now=NOW).items()}
    assert not other["island"]["invoice_line"].equals(tables["island"]["invoice_line"])


def test_b14_at_least_sixty_thousand_document_lines(demo):
    lines = 0
    for site in demo:
        with open_site(site.url, site.folder) as db:
            lines += sum(db.execute(f"SELECT COUNT(*) FROM {table}")[0][0] for table in _DOCUMENT_LINES)
    assert lines >= 60_000


def test_b14_balances_are_the_sum_of_movements_for_every_stock_line(demo):
    for site in demo:
        with open_site(site.url, site.folder) as db:
            assert db.execute("SELECT COUNT(*) FROM stock_line")[0][0] > 200, site.site_code
            assert unbalanced(db) == [], site.site_code


def test_balances_show_what_is_wrong(own_demo):
    for site in (own_demo[5], own_demo[7]):
        with open_site(site.url, site.folder) as db:
            line = db.execute("SELECT id FROM stock_line WHERE total_packs > 0 ORDER BY id")[0][0]
            db.execute("UPDATE stock_line SET total_packs = total_packs + 0.000001 WHERE id = ?", (line,))
            assert [row[0] for row in unbalanced(db)] == [line], site.site_code


def test_stock_is_never_below_zero_or_promised_twice(tables):
    stock = pl.concat([each["stock_line"] for each in tables.values()])
    assert stock.filter(
        (pl.col("available_packs") < 0) | (pl.col("available_packs") > pl.col("total_packs"))
    ).is_empty()


def test_b6_foreign_keys_hold(demo):
    for site in demo:
        with open_site(site.url, site.folder) as db:
            assert list(presence(db, SCHEMA).words()) == []
            for key in SCHEMA.references:
                lost = db.execute(
                    f"SELECT COUNT(*) FROM {key.table} AS c WHERE c.{key.column} IS NOT NULL"
                    f" AND NOT EXISTS (SELECT 1 FROM {key.parent} AS p WHERE p.id = c.{key.column})"
                )
                assert lost[0][0] == 0, f"{site.site_code}: {key}"
            if db.engine == "sqlite":
                assert db.execute("PRAGMA foreign_key_check") == []


def test_one_site_is_postgresql(demo):
    engines = []
    for site in demo:
        with open_site(site.url, site.folder) as db:
            engines.append(db.engine)
    assert engines == ["sqlite"] * 7 + ["postgresql"]


def test_central_data_at_a_site_equals_centrals(tables):
    """First contact adopts equal rows (B4): everywhere else there are only copies."""
    central = central_tables(7, NOW)
    for code, each in tables.items():
        for table in sorted(set(central) & set(each)):
            unknown = each[table].join(central[table], on=each[table].columns, how="anti", nulls_equal=True)
            assert unknown.is_empty(), f"{code}: {table}"


def test_a_site_holds_its_own_stores_rows_only(tables):
    active = {site.code: {store.id for store in STORES if store.site == site.code} for site in SITES}
    for code, each in tables.items():
        if code != "central":
            for table, frame in each.items():
                if "store_id" in frame.columns:
                    assert set(frame["store_id"].drop_nulls()) <= active[code], f"{code}: {table}"


def test_b7_visibility_of_the_golden_table(tables):
    names = {store.name_id: store.code for store in STORES}
    codes = {store.id: store.code for store in STORES}
    joins = tables["central"]["name_store_join"].filter(pl.col("name_id").is_in(list(names)))
    sees = {(codes[row["store_id"]], names[row["name_id"]]) for row in joins.iter_rows(named=True)}
    among = {pair for pair in sees if set(pair) <= set("ABCDEF")}
    assert among == {("B", "A"), ("F", "A"), ("A", "B"), ("A", "D"), ("C", "B"), ("B", "C")}


def test_the_network_gives_the_golden_table(demo, tables):
    """Section 2 of the specification, from topology.toml and the stores' visibility alone."""
    text = tomllib.loads((demo[0].folder / "topology.toml").read_text(encoding="utf-8"))
    topology = Topology(
        central=text["network"]["central"],
        primary=text["network"]["primary"],
        sites=tuple(Site(id=site["id"], code=site["code"], kind=SiteKind(site["kind"])) for site in text["site"]),
        stores=tuple(
            Store(
                code=store["code"],
                active_on=store["active_on"],
                central_instance=SyncType(store["central_instance"]) if "central_instance" in store else None,
                collector_on=tuple(store.get("collector_on", ())),
                include_transactions=store.get("include_transactions", True),
            )
            for store in text["store"]
        ),
    )
    assert mistakes(topology) == []
    placed = placement(
        topology, tables["central"]["store"].select("id", "code", "name_id", "mode", placed_as=pl.lit(None, pl.String))
    )
    found = instances(topology, placed, tables["central"]["name_store_join"].select("store_id", "name_id"))
    codes = {store.id: store.code for store in STORES}
    golden = {
        (codes[store], site): sync_type for site, store, sync_type in found.iter_rows() if codes[store] in "ABCDEF"
    }
    assert {key: kind for key, kind in golden.items() if key[1] <= 3} == {
        ("A", 1): "active", ("A", 2): "collector",
        ("B", 1): "collector", ("B", 2): "active", ("B", 3): "transfer",
        ("C", 1): "collector", ("C", 2): "transfer", ("C", 3): "active",
        ("D", 1): "collector", ("D", 3): "active",
        ("E", 1): "active",
        ("F", 1): "transfer", ("F", 2): "active",
    }  # fmt: skip


def test_b25_counters_are_the_last_numbers(tables):
    for each in tables.values():
        counters = {row["id"]: row["last_number"] for row in each["document_number"].iter_rows(named=True)}
        last = each["invoice"].group_by("store_id", "type").agg(pl.col("number").max(), pl.len())
        for store, kind, number, count in last.iter_rows():
            assert counters[f"{store}:{kind}"] == number == count


def test_both_halves_of_a_transfer_name_each_other(tables):
    invoices = pl.concat([each["invoice"] for each in tables.values()])
    linked = invoices.drop_nulls("linked_invoice_id").select("id", "linked_invoice_id", "type")
    both = linked.join(linked, left_on=["id", "linked_invoice_id"], right_on=["linked_invoice_id", "id"])
    assert both.height == linked.height > 500
    assert both.filter(pl.col("type") == pl.col("type_right")).is_empty()


def test_s2_the_url_is_only_in_env(demo):
    folder = demo[0].folder
    topology = tomllib.loads((folder / "topology.toml").read_text(encoding="utf-8"))
    assert topology["site"][7]["database"] == "${SUPPLYSYNC_DEMO_POSTGRES}"
    assert demo[7].url in (folder / ".env").read_text(encoding="utf-8")
    assert stat.S_IMODE((folder / ".env").stat().st_mode) == 0o600
    assert demo[7].url not in (folder / ".env.example").read_text(encoding="utf-8")


def test_the_topology_says_what_the_places_say(demo):
    topology = tomllib.loads((demo[0].folder / "topology.toml").read_text(encoding="utf-8"))
    assert [(site["id"], site["code"], site["kind"]) for site in topology["site"]] == [
        (site.id, site.code, site.kind) for site in SITES
    ]
    assert {store["code"]: store["active_on"] for store in topology["store"]} == {
        store.code: store.site for store in STORES
    }
    assert topology["store"][0]["collector_on"] == ["remote_1"]
    assert topology["store"][5]["central_instance"] == "transfer"


@pytest.mark.long
def test_without_postgresql_site_eight_is_sqlite_and_the_file_says_so(tmp_path):
    create(tmp_path, seed=7, now=NOW, postgres_url=None)
    text = (tmp_path / "topology.toml").read_text(encoding="utf-8")
    assert "without a server it is SQLite" in text
    assert tomllib.loads(text)["site"][7]["database"] == "sqlite:///sites/eastern.sqlite"
    assert not (tmp_path / ".env").exists()
    with open_site("sqlite:///sites/eastern.sqlite", tmp_path) as db:
        assert unbalanced(db) == []
