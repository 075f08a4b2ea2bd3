"""What to order and what stores could send each other: by hand, and against giving it out one by one."""

from __future__ import annotations

import math
import random
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from sites.schema import SCHEMA
from tests.warehouse import documents_random, golden
from tests.warehouse.documents_random import ITEMS, TODAY, Move, moves, put
from tests.warehouse.golden import rows
from tests.warehouse.test_golden import by_hand, shown
from tests.warehouse.test_reports_transfers import begun
from warehouse.connection import Connection, open_warehouse
from warehouse.exports import views

_DAYS = 30.4375
Circle = Callable[[str, bool], object]
"""Which circle a store stands in, or a false value where in none: given the store, and whether it takes."""


@pytest.fixture
def network(tmp_path: Path, new_warehouse: Callable[[Path], Path]) -> Iterator[Connection]:
    with open_warehouse(new_warehouse(tmp_path / "working.duckdb"), SCHEMA) as opened:
        golden.fill(opened)
        yield opened


def test_w3_what_to_order_is_what_lacks_to_the_maximum(network: Connection) -> None:
    columns = "store_code item_code reason usable_units expiring_unused_units target_units suggested_units run_out_date"
    assert shown(network, "suggested_orders", columns) == by_hand("""
        A P to_maximum    280 23.429158 600        344 2026-05-24  # of 30 that expire tomorrow 200 / 30.4375 are used
        A Q enough         20 20          0          0 -           # it needs none, and all of it expires
        A R stocked_out     0  0         91.5414    92 -           # 3 * 30.513784
        A S enough          0  0          0          0 -
        A T below_min      60  0       1200       1140 2026-04-19  # 60 / 400 of 30.4375 days are four whole ones
        B P to_maximum     61 31        121.75      92 2026-05-15  # 4 months; 10 of 31, then 20 of 30 are used in time
        B Q enough        280  0         40          0 2028-08-14  # 28 months, 852 days
        B R enough          0  0          0          0 -           # it used none
        B S unknown         -  -          0          - -           # nobody knows how much is there
        C P unknown       380  0         90          - -           # silent
        C Q unknown         5  0          0          - -
    """)
    columns = "store_code item_code suggested_value supplier_name lead_days lead_basis demand_basis pack_size"
    assert [row for row in shown(network, "suggested_orders", columns) if row[1] in "RT"] == by_hand("""
        A R  27.6 Supplier - unknown months_with_stock -  # 92 at 0.30, by the line that is empty
        A T 456   Supplier - unknown adjusted_amc      -  # 1140 at 0.40: 40 for 16
        B R   0   Supplier - unknown adjusted_amc      -
    """)


def test_w3_what_is_on_its_way_and_what_was_asked_for_is_not_ordered_again(network: Connection) -> None:
    """Of T, in packs of 50: A needs 1140, 200 of it come from B, and it asked B for 300 of which 100 were sent."""
    network.execute("update replica.item set default_pack_size = 50 where id = 'T'")
    _asked_of_b(network, "300", sent="10")
    _sends(network, "t", "20", "sent", None)
    columns = "reason arriving_units on_order_units suggested_units pack_size suggested_packs run_out_arriving_date"
    assert shown(network, "suggested_orders", columns, store="A", item="T") == by_hand("""
        below_min 200 200 750 50 15 2026-05-04  # 1140 - 400 = 740; (60 + 200) / 400 * 30.4375 = 19.8 days
    """)
    assert shown(network, "stock_on_hand", "in_transit_units on_order_units", store="A", item="T") == [["200", "200"]]


@pytest.mark.parametrize(
    ("deliveries", "units", "reason"),
    [
        (2, "-", "to_maximum"),  # two are too few to go by
        (3, "52", "before_delivery"),  # 280 less 23.4, for 200 a month, last 39 days
    ],
)
def test_w3_the_time_an_order_takes_is_in_the_target(
    network: Connection, deliveries: int, units: str, reason: str
) -> None:
    """Goods of B took 2, 52 and 60 days; A got its P from B last."""
    for number, days in enumerate((2, 52, 60)[:deliveries]):
        _sends(network, f"s{number}", "1", "done", golden.AS_OF_AT - timedelta(days=200 - days), item="P", day=200)
    network.execute("delete from replica.invoice where id = 'i1'")
    network.execute("delete from replica.invoice_line where invoice_id = 'i1'")
    [row] = views.read(network, "suggested_orders", store="A", item="P").to_dicts()
    lead = None if units == "-" else float(units)
    assert (row["lead_days"], row["supplier_name"], row["reason"]) == (lead, "Clinic", reason)
    assert row["lead_basis"] == ("unknown" if lead is None else "route_steps")
    months = 3 + (lead or 0) / _DAYS
    assert float(row["target_units"]) == pytest.approx(float(row["demand_units"]) * months, abs=1e-4)


def test_w3_nobody_is_told_to_order_from_a_store_that_they_supply(network: Connection) -> None:
    """A issued to B in February, and got its P from the supplier; B gives some back, as often as it got some."""
    columns = "item_code supplier_name"
    assert shown(network, "suggested_orders", columns, store="A", item="P") == [["P", "Supplier"]]
    network.execute("insert into replica.invoice (id, store_id, other_name_id, type, status) "
                    "values ('z', 'A', 'store-B', 'customer_invoice', 'finalised')")  # fmt: skip
    _sends(network, "back", "1", "done", golden.AS_OF_AT - timedelta(days=3), item="P")
    assert shown(network, "suggested_orders", columns, store="A", item="P") == [["P", "Supplier"]]
    network.execute("delete from replica.invoice where id = 'z'")
    assert shown(network, "suggested_orders", columns, store="A", item="P") == [["P", "Clinic"]]
    network.execute("delete from replica.invoice where id = 'i1'")
    network.execute("update replica.invoice set type = 'customer_invoice' where id = 'back-in'")
    assert shown(network, "suggested_orders", columns, store="A", item="P") == [["P", "-"]]


def _sends(con: Connection, key: str, packs: str, state: str, ended: datetime | None, **given: Any) -> None:
    """A transfer of packs of 10 from B to A: under way, or received."""
    item = given.get("item", "T")
    at = golden.AS_OF_AT - timedelta(days=given.get("day", 3))
    documents: list[tuple[str, str, str, datetime | None, str, str]] = []
    documents.append((key, "B", "customer_invoice", at, "finalised", "store-A"))
    if state == "done":
        documents.append((f"{key}-in", "A", "supplier_invoice", ended, "finalised", "store-B"))
    for record, store, kind, when, status, whom in documents:
        row = {"id": record, "store_id": store, "type": kind, "status": status, "finalised_at": when, "number": 1}
        rows(con, "invoice", [{**row, "other_name_id": whom}])
        line = {"id": f"{record}-l", "invoice_id": record, "item_id": item, "pack_size": Decimal(10)}
        rows(con, "invoice_line", [{**line, "packs": Decimal(packs)}])
    begun(con, "stock_transfer", key, "B A", f"{key}-in" if state == "done" else None, begun_at=at)


def _asked_of_b(con: Connection, units: str, sent: str) -> None:
    at = golden.AS_OF_AT - timedelta(days=9)
    rows(con, "requisition", [
        {"id": "q", "store_id": "A", "other_name_id": "store-B", "type": "request", "status": "finalised",
         "finalised_at": at, "linked_requisition_id": "r"},
        {"id": "r", "store_id": "B", "other_name_id": "store-A", "type": "response", "status": "new", "number": 4},
    ])  # fmt: skip
    rows(
        con,
        "requisition_line",
        [{"id": "ql", "requisition_id": "q", "item_id": "T", "requested_units": Decimal(units)}],
    )
    begun(con, "requisition", "q", "A B", "r", begun_at=at)
    invoice = {"id": "o", "store_id": "B", "other_name_id": "store-A", "type": "customer_invoice",
               "status": "finalised", "finalised_at": at, "requisition_id": "r", "number": 9}  # fmt: skip
    rows(con, "invoice", [invoice])
    line = {"id": "ol", "invoice_id": "o", "item_id": "T", "pack_size": Decimal(10), "packs": Decimal(sent)}
    rows(con, "invoice_line", [line])


def test_w3_a_surplus_goes_to_who_needs_it_most(network: Connection) -> None:
    """B has 400 of R, of which it uses none, A is out: of packs of 40 it needs three. Half of B's expires too soon."""
    network.execute("update replica.item set default_pack_size = 40 where id = 'R'")
    lines = [("r8", None, "20"), ("r9", date(2026, 7, 15), "20")]
    rows(network, "stock_line", ({"id": key, "store_id": "B", "item_id": "R", "expiry_date": expires,
         "pack_size": Decimal(10), "total_packs": Decimal(packs), "available_packs": Decimal(packs),
         "cost_price_per_pack": Decimal(2)} for key, expires, packs in lines))  # fmt: skip
    columns = "from_store_code to_store_code units value_amount surplus_units expiring_units needed_units to_status"
    assert shown(network, "redistribution", columns) == []  # A issued P to B: nothing goes up to who supplies it
    network.execute("update replica.invoice set other_name_id = 'hospital' where id = 'i2'")
    network.execute("update replica.invoice set other_name_id = 'supplier' where id = 'i9'")
    assert shown(network, "redistribution", columns) == by_hand("""
        B A 120 22.909091 200 200 120 stocked_out  # 91.54 needed; 440 cost 84; 200 are 5 packs, 91 days are too few
    """)


_ABOVE = {"A": "", "B": "A", "C": "A", "D": "B", "E": "B", "F": "C", "G": "A", "H": "C"}


def _supplied(move: Move, dice: random.Random) -> Move:
    """Between stores goods go down, but for one in twenty; what else there would be is of a hospital."""
    other = move.whom.removeprefix("store-")
    down = (move.store, other) if move.kind == "received" else (other, move.store)
    if other not in _ABOVE or _ABOVE[down[0]] == down[1] or dice.random() < 0.05:
        return move
    return replace(move, whom="hospital")


def _balances(everything: list[Move]) -> dict[tuple[str, str], int]:
    """By store and who supplies it: how many more invoices there are to it than from it."""
    more: Counter[tuple[str, str]] = Counter()
    for move in everything:
        if move.kind in ("issued", "received") and move.whom.startswith("store-"):
            to, by = move.whom.removeprefix("store-"), move.store
            to, by = (by, to) if move.kind == "received" else (to, by)
            more[to, by] += 1
            more[by, to] -= 1
    return {pair: count for pair, count in more.items() if count > 0}


def _all_above(store: str, more: dict[tuple[str, str], int]) -> set[str]:
    found: set[str] = set()
    ahead = [store]
    while ahead:
        below = ahead.pop()
        fresh = {by for to, by in more if to == below} - found
        found |= fresh
        ahead += sorted(fresh)
    return found


@pytest.mark.parametrize("seed", [1, *(pytest.param(one, marks=pytest.mark.long) for one in (2, 3, 4, 5))])
def test_w3_random_surpluses_are_given_out_as_one_by_one(
    con: Connection, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Against giving each surplus to the stores in their order, the nearest first, unit by unit of a pack."""
    dice = random.Random(seed)
    monkeypatch.setattr(documents_random, "STORES", "".join(_ABOVE))
    monkeypatch.setattr(documents_random, "PULLED", dict.fromkeys(_ABOVE, TODAY))
    everything = [_supplied(move, dice) for move in moves(dice)]
    put(con, everything)
    con.execute("update ledger.site set data_as_of_at = as_of_at()")
    for (key,) in con.execute("select id from replica.stock_line order by id").fetchall():
        expires = TODAY + timedelta(days=dice.choice([20, 80, 100, 400]))
        con.execute("update replica.stock_line set expiry_date = ? where id = ?", [expires, key])
    rows(con, "region", [{"id": "north", "name": "North"}, {"id": "south", "name": "South"}])
    regions = {store: dice.choice(["north", "south", None]) for store in _ABOVE}
    for store, region in regions.items():
        con.execute("update replica.name set region_id = ? where id = ?", [region, f"store-{store}"])
    packs = {item: dice.choice([None, 5, 12]) for item in ITEMS}
    for item, pack in packs.items():
        con.execute("update replica.item set default_pack_size = ? where id = ?", [pack, item])
    stores = [(store, item) for store in _ABOVE for item in ITEMS]
    rows(con, "amc_projection", ({"id": f"{store}{item}", "store_id": store, "item_id": item,
         "amc_units": Decimal(dice.randrange(40))} for store, item in stores))  # fmt: skip
    read = views.read(con, "redistribution").to_dicts()
    found = {(row["item_code"], row["from_store_code"], row["to_store_code"]): row["units"] for row in read}
    assert all(row["is_same_region"] == (regions[row["from_store_code"]] is not None and
               regions[row["from_store_code"]] == regions[row["to_store_code"]]) for row in read)  # fmt: skip
    expected = _expected(con, everything, regions, packs)
    assert found == expected
    assert found
    more = _balances(everything)
    assert not [key for key in found if key[2] in _all_above(key[1], more)]


def _expected(
    con: Connection, everything: list[Move], regions: dict[str, str | None], packs: dict[str, int | None]
) -> dict[tuple[str, str, str], int]:
    stock = views.read(con, "stock_on_hand").to_dicts()
    batches = views.read(con, "stock_by_batch").to_dicts()
    unused = {
        (row["store_code"], row["item_code"]): row["expiring_unused_units"]
        for row in views.read(con, "suggested_orders").to_dicts()
    }
    more = _balances(everything)
    main = {to: max((count, by) for (one, by), count in more.items() if one == to)[1] for to, _ in more}
    tiers = {store: store in main.values() for store in _ABOVE}
    circles: list[Circle] = [
        lambda store, _: regions[store] and main.get(store) and (regions[store], main[store], tiers[store]),
        lambda store, takes: not (takes and tiers[store]) and regions[store],
        lambda store, _: main.get(store) and (main[store], tiers[store]),
        lambda store, takes: not (takes and tiers[store]) and "all",
    ]
    above = {store: _all_above(store, more) for store in _ABOVE}
    expected: dict[tuple[str, str, str], int] = {}
    for item in ITEMS:
        pairs = [row for row in stock if row["item_code"] == item]
        lines = [line for line in batches if line["item_code"] == item]
        lost = {row["store_code"]: unused[row["store_code"], item] for row in pairs}
        pack = packs[item] or 1
        surplus = {row["store_code"]: _surplus(row, lines, pack) for row in pairs}
        given = _given_out(pairs, surplus, lost, circles, above, pack)
        expected |= {(item, *key): packed * pack for key, packed in given.items()}
    return expected


def _given_out(
    pairs: list[dict[str, Any]],
    surplus: dict[str, int],
    lost: dict[str, Any],
    circles: list[Circle],
    above: dict[str, set[str]],
    pack: int,
) -> dict[tuple[str, str], int]:
    """By giver and taker, in packs. In a circle each stands in one line, where what would go up is passed over."""
    short = [row for row in pairs if row["stock_status"] in ("stocked_out", "below_min", "never_stocked")]
    short = [row for row in short if row["demand_units"] > 0]
    needs = {
        row["store_code"]: math.ceil((3 * float(row["demand_units"]) - 2e-6 - float(row["usable_units"])) / pack)
        for row in short
    }
    urgent = {row["store_code"]: row["usable_units"] / row["demand_units"] for row in short}
    taken: Counter[tuple[str, str]] = Counter()
    for near in circles:
        has, lacks = dict(surplus), dict(needs)
        givers = sorted(surplus, key=lambda store: (-lost[store], -surplus[store], store))
        takers = sorted(needs, key=lambda store: (urgent[store], -needs[store], store))
        for giver, taker in ((giver, taker) for giver in givers for taker in takers):
            given = min(has[giver], lacks[taker])
            if given > 0 and near(giver, False) and near(giver, False) == near(taker, True):
                has[giver] -= given
                lacks[taker] -= given
                if taker not in above[giver]:
                    surplus[giver] -= given
                    needs[taker] -= given
                    taken[giver, taker] += given
    return dict(taken)


def _surplus(row: dict[str, Any], batches: list[dict[str, Any]], pack: int) -> int:
    """In packs: what is more than three months, of what lasts for three more."""
    if row["stock_status"] not in ("overstocked", "no_consumption"):
        return 0
    lasting = sum(
        max(line["soh_units"], 0)
        for line in batches
        if line["store_code"] == row["store_code"] and (line["expiry_date"] - TODAY).days > 3 * _DAYS
    )
    over: int = math.floor(min(lasting, row["usable_units"] - 3 * row["demand_units"]) / pack)
    return max(0, over)
