"""Whole chains of transfers on random networks, with failures in between: request, response, order, issue, receipt.

Senders correct what they sent, and to whom. In the end each initiating half has exactly one responding half, which says
the same unless it was taken in, what was issued was received or is in transit, numbers are unique in their store, and
both sites agree (X1 to X5, B24, B25).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path
from random import Random
from typing import Any

import polars as pl
import pytest

from central.cycle.run import run_cycle
from central.cycle.stages import Asked, admit_next, deliver_last, pull_due, route_last
from sites.engines.values import normalise
from sites.schema import SCHEMA
from sync_rules.transfers.kinds import KINDS, TransferKind
from tests.central.copies import kept_open
from tests.central.lost_warehouse import differing
from tests.central.small_network import NOW
from tests.network.traders import SITES, STORES, Traders, make_traders, units
from warehouse.connection import open_warehouse
from warehouse.exports import views
from warehouse.records import replicas

NETWORKS: tuple[tuple[dict[str, str], dict[str, str]], ...] = (
    ({}, {}),
    ({"centralised_procurement": "true"}, {}),
    ({}, {"F": 'central_instance = "transfer"', "G": "include_transactions = false"}),
)
"""Plain; primary orders for the stores; stores whose data stays at their site (T6, B22)."""
HOW = ("whole", "some sites", "cut off after the pull", "cut off after admission", "cut off before delivery",
       "a site is read whole again", "people go on")  # fmt: skip
CUT_OFF = {"cut off after the pull": 1, "cut off after admission": 2, "cut off before delivery": 3}
"""How many stages there were."""
HALVES = {kind.table for kind in KINDS} | {kind.responding_table for kind in KINDS}
Rows = dict[str, dict[str, dict[str, Any]]]


@pytest.mark.long
@pytest.mark.parametrize("seed", range(3))
def test_chains_of_transfers_end_well(
    seed: int, tmp_path: Path, new_site: Callable[[str], str], new_warehouse: Callable[[Path], Path]
) -> None:
    options, stores = NETWORKS[seed % len(NETWORKS)]
    urls = {"central": "sqlite:///central.sqlite", "one": "sqlite:///one.sqlite", "two": new_site("postgresql"),
            "three": "sqlite:///three.sqlite" if seed % 2 else new_site("postgresql")}  # fmt: skip
    traders = make_traders(tmp_path / "network", urls, Random(seed), options, stores)
    with kept_open(new_warehouse(traders.project.warehouse)):
        trade(traders, is_all_reported=not stores)


def trade(traders: Traders, *, is_all_reported: bool) -> None:
    """Weeks of dealing, and what must be so in the end."""
    minutes = count(1)

    def cycle(how: str) -> None:
        run(traders, how, NOW + timedelta(minutes=next(minutes)))

    cycle("whole")
    cycle("whole")
    for _ in range(7):
        for _ in range(10):
            traders.step()
        cycle(traders.rng.choice(HOW))
    for _ in range(6):
        cycle("whole")
    everywhere = {site: everything(traders, site) for site in SITES}
    everywhere["warehouse"] = warehouse(traders)
    take_refused_lines(traders, everywhere)
    assert_nobody_answers_what_is_refused(traders, everywhere)
    pairs = [pair for kind in KINDS for pair in begun(kind, everywhere, traders)]
    assert len(pairs) >= 25, traders.told
    for kind, initiating, responding in pairs:
        assert len(responding) == 1, (kind.name, initiating, responding)
        (other,) = responding
        assert initiating[kind.link] == other["id"], (kind.name, initiating, other)
        assert_both_sites_agree(kind, initiating, other, everywhere)
    assert_numbers_are_unique(everywhere)
    assert_issued_is_received_or_in_transit(traders, pairs, everywhere, is_all_reported=is_all_reported)
    before = {site: everything(traders, site) for site in SITES}
    cycle("whole")
    assert {site: everything(traders, site) for site in SITES} == before  # it is quiet
    assert differing(traders.project, traders.folder.with_name("again")) == []  # B8: kept cycles say all of it again


def run(traders: Traders, how: str, now: datetime) -> None:
    """A cycle that goes wrong in some way, or not."""
    only = ["central", *traders.rng.sample(SITES[1:], 2)] if how == "some sites" else None
    read_again = traders.rng.choice(SITES[1:]) if how == "a site is read whole again" else None

    def forget(asked: Asked) -> None:
        if read_again is not None:
            with open_warehouse(asked.project.warehouse, SCHEMA) as con:
                con.execute("update ledger.site set bookmark = null where site_code = ?", [read_again])

    def go_on(_: Asked) -> None:  # people do, between the pull and the delivery
        if how != "whole":
            traders.step()
            traders.step()

    stages = (pull_due, admit_next, route_last, forget, go_on, deliver_last)
    run_cycle(traders.project, now=now, only=only, stages=stages[: CUT_OFF.get(how, len(stages))])


def everything(traders: Traders, site: str) -> Rows:
    """The halves and their lines at a site: by table and id."""
    found: Rows = {}
    with traders.at(site) as db:
        for table in sorted({*HALVES, *(f"{name}_line" for name in HALVES)}):
            columns = SCHEMA.travelling(table)
            names = [column.name for column in columns]
            rows, _ = normalise(db.read(f"select {', '.join(names)} from {table}", columns=names), columns)
            found[table] = {row["id"]: row for row in rows.iter_rows(named=True)}
    return found


def warehouse(traders: Traders) -> Rows:
    with open_warehouse(traders.project.warehouse, SCHEMA) as con:
        return {
            table: {row["id"]: row for row in replicas.every_row(con, table, SCHEMA).iter_rows(named=True)}
            for table in sorted({*HALVES, *(f"{name}_line" for name in HALVES)})
        }


def take_refused_lines(traders: Traders, everywhere: dict[str, Rows]) -> None:
    """Lines that were added with a receiver that is refused stay at their site (A3): nobody else has them."""
    held = everywhere["warehouse"]
    with open_warehouse(traders.project.warehouse, SCHEMA) as con:
        refused = con.execute(
            "select table_name, record_id from ledger.quarantine where state = 'open' and reason = 'parent_rejected'"
        ).fetchall()
    for rows in everywhere.values():
        for table, record_id in refused:
            if record_id not in held[table]:
                rows[table].pop(record_id, None)


def assert_nobody_answers_what_is_refused(traders: Traders, everywhere: dict[str, Rows]) -> None:
    """X1, B37: an order that its store may not make stays with it, on the list, and no half is made of it anywhere: not
    by the site either, where both stores are there."""
    with open_warehouse(traders.project.warehouse, SCHEMA) as con:
        listed = con.execute(
            "select record_id, site_code from ledger.quarantine join ledger.site using (site_id) "
            "where table_name = 'purchase_order' and state = 'open' and reason = 'centralised_procurement'"
        ).fetchall()
    assert dict(listed) == traders.refused
    assert bool(traders.refused) == (traders.options.get("centralised_procurement") == "true")
    for place, rows in everywhere.items():
        halves = {half["purchase_order_id"] for table in ("invoice", "goods_received") for half in rows[table].values()}
        assert not halves & traders.refused.keys(), place
        held = rows["purchase_order"].keys() & traders.refused.keys()
        assert {traders.refused[document] for document in held} <= {place}


def begun(
    kind: TransferKind, everywhere: dict[str, Rows], traders: Traders
) -> list[tuple[TransferKind, dict[str, Any], list[dict[str, Any]]]]:
    """Every document that begins a transfer, as its own people have it, and the halves that name it as theirs do."""
    found = []
    for store, site in STORES.items():
        owners = "central" if kind.table == "purchase_order" and traders.options else site
        for row in everywhere[owners][kind.table].values():
            other = str(row["other_name_id"]).removeprefix("name-")
            if row["store_id"] != store or other not in STORES or row["status"] not in kind.statuses:
                continue
            if kind.type and row["type"] != kind.type:
                continue
            if kind.with_order is not None and (row["purchase_order_id"] is not None) != kind.with_order:
                continue
            halves = [
                half
                for half in everywhere[STORES[other]][kind.responding_table].values()
                if half[kind.back] == row["id"] and half["store_id"] == other
                and (kind.responding_type is None or half["type"] == kind.responding_type)
            ]  # fmt: skip
            if not halves and row[kind.link] in traders.deleted:
                continue  # the responding half was deleted, and is not made again (B30)
            found.append((kind, row, halves))
    return found


def assert_both_sites_agree(
    kind: TransferKind, initiating: dict[str, Any], other: dict[str, Any], everywhere: dict[str, Rows]
) -> None:
    """Both halves and their lines are the same at both sites and in the warehouse."""
    places = {"warehouse", STORES[initiating["store_id"]], STORES[other["store_id"]]}
    for table, row in ((kind.table, initiating), (kind.responding_table, other)):
        for place in places:
            assert everywhere[place][table].get(row["id"]) == row, (place, table, row["id"])
        lines = [of_document(everywhere[place], table, row["id"]) for place in sorted(places)]
        assert all(one == lines[0] for one in lines), (kind.name, table, row["id"])


def of_document(rows: Rows, table: str, document: str) -> dict[str, dict[str, Any]]:
    return {key: line for key, line in rows[f"{table}_line"].items() if line[f"{table}_id"] == document}


def assert_numbers_are_unique(everywhere: dict[str, Rows]) -> None:
    """Numbers are unique per store and kind, and without a gap where nothing was deleted (B25)."""
    for table in HALVES:
        for store, site in STORES.items():
            own = [row for row in everywhere[site][table].values() if row["store_id"] == store]
            numbers = Counter((row.get("type"), row["number"]) for row in own if not row.get("is_centralised"))
            assert max(numbers.values(), default=1) == 1, (store, table, numbers)
            assert all(number > 0 for _, number in numbers)


def assert_issued_is_received_or_in_transit(
    traders: Traders, pairs: list[Any], everywhere: dict[str, Rows], *, is_all_reported: bool
) -> None:
    """Units of each item that left a store are in another one, or in transit; of what a sender corrected after the
    receiver took it in, both say what they had. What is on the way is what the receiver will take in."""
    issued: Counter[str] = Counter()
    received: Counter[str] = Counter()
    moved: Counter[str] = Counter()
    for kind, initiating, (other,) in pairs:
        if kind.responding_table == "requisition" or kind.table == "purchase_order":
            continue
        sent = of_document(everywhere[STORES[initiating["store_id"]]], kind.table, initiating["id"])
        there = everywhere[STORES[other["store_id"]]]
        arrived = of_document(there, kind.responding_table, other["id"])
        is_corrected = initiating["id"] in traders.corrected
        if kind.responding_table == "goods_received":
            receipts = [row for row in there["invoice"].values() if row["type"] == "supplier_invoice"]
            taken = [row["id"] for row in receipts if row["goods_received_id"] == other["id"]]
        else:
            taken = [other["id"]] if other["status"] == "finalised" else []
        if not taken:
            sums(moved, arrived)
            # what a site made and its sender corrected before central saw it is not known to be as it was made
            is_local = STORES[initiating["store_id"]] == STORES[other["store_id"]]
            assert amounts(sent) == amounts(arrived) or (is_local and is_corrected), (initiating, other)
        elif not is_corrected:
            sums(issued, sent)
            for document in taken:
                sums(received, of_document(there, "invoice", document))
    assert issued == received
    if is_all_reported:
        with open_warehouse(traders.project.warehouse, SCHEMA) as con:
            report = views.read(con, "stock_on_hand")
        reported = report.group_by("item_code").agg(pl.col("in_transit_units").sum())
        assert {item: amount for item, amount in reported.iter_rows() if amount} == dict(moved)


def amounts(lines: dict[str, dict[str, Any]]) -> list[tuple[Any, ...]]:
    return sorted((line["item_id"], line["pack_size"], line["packs"]) for line in lines.values())


def sums(counted: Counter[str], lines: dict[str, dict[str, Any]]) -> None:
    for line in lines.values():
        counted[line["item_id"]] += units(line["packs"], line["pack_size"])  # type: ignore[assignment]
