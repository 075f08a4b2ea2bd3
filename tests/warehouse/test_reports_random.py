"""Consumption, demand, days without stock and stock at risk on random histories, against working them out a day at a
time."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

import pytest

from sync_rules.topology.topology import Site, Topology
from tests.warehouse.golden import rows
from warehouse.connection import Connection
from warehouse.exports import views
from warehouse.ledger.sites import put_sites

TODAY = date(2026, 4, 15)
WINDOW = (date(2026, 1, 1), date(2026, 3, 31))
DAYS_PER_MONTH = 30.4375


@dataclass
class History:
    """What happened to one item: (day, units in or out), and what lies there now by expiry date."""

    item: str
    moves: list[tuple[date, int]]
    batches: list[tuple[date, int]] = field(default_factory=list)

    def closing(self, day: date) -> int:
        return sum(units for moved, units in self.moves if moved <= day)

    def consumed(self, since: date = WINDOW[0], until: date = WINDOW[1]) -> int:
        return -sum(units for day, units in self.moves if units < 0 and since <= day <= until)

    def days_out(self, since: date, until: date) -> int:
        """Days that open and close without stock, after some had come."""
        days = (since + timedelta(days=number) for number in range((until - since).days + 1))
        yesterday = timedelta(days=1)
        return sum(
            self.closing(day - yesterday) <= 0
            and self.closing(day) <= 0
            and any(units > 0 for moved, units in self.moves if moved < day)
            for day in days
        )

    def amc(self) -> float | None:
        start = min(day for day, _ in self.moves)
        if start > WINDOW[1]:
            return None
        known = (WINDOW[1] - max(start, WINDOW[0])).days + 1
        if not self.consumed() and self.days_out(*WINDOW) >= known:
            return None
        return self.consumed() / (3.0 if start <= WINDOW[0] else min(3.0, max(1.0, known / DAYS_PER_MONTH)))

    def demand(self) -> tuple[str, float | None]:
        """What it rests on, and how much that is in a month."""
        start = min(day for day, _ in self.moves)
        if self.amc() is not None:
            months = 3.0 if start <= WINDOW[0] else min(3.0, max(1.0, self._days(start, WINDOW[1]) / DAYS_PER_MONTH))
            return "adjusted_amc", _a_month(self.consumed(), months, self.days_out(*WINDOW))
        found = list(self._months_with_stock())[:3]
        if not found:
            return "unknown", None
        months = sum(1.0 if start <= first else 1 - (start - first).days / DAYS_PER_MONTH for first, _ in found)
        used = sum(self.consumed(*month) for month in found)
        out = sum(self.days_out(max(start, first), last) for first, last in found)
        return "months_with_stock", _a_month(used, max(1.0, months), out)

    def _months_with_stock(self) -> Iterator[tuple[date, date]]:
        """Before the window, the last first: those of which some day opened or closed with stock, or saw some go."""
        start = min(day for day, _ in self.moves)
        last = WINDOW[0] - timedelta(days=1)
        while last >= start and start <= WINDOW[1]:
            first = last.replace(day=1)
            since = max(start, first)
            if self.days_out(since, last) < self._days(since, last) or self.consumed(first, last):
                yield first, last
            last = first - timedelta(days=1)

    @staticmethod
    def _days(since: date, until: date) -> int:
        return (until - since).days + 1

    def at_risk(self) -> dict[date, float]:
        """Batch after batch, in the order they expire: each is used from when the one before it is gone."""
        a_day = (self.amc() or 0.0) / DAYS_PER_MONTH
        now, left = 0.0, {}
        for expiry, units in sorted(self.batches):
            days = (expiry - TODAY).days
            used = min(float(units), max(0.0, days - now) * a_day)
            left[expiry] = units - used
            now = max(now, days) if left[expiry] > 1e-9 else now + used / a_day
        return left


def _a_month(consumed: int, months: float, days_out: int) -> float:
    days = months * DAYS_PER_MONTH
    return consumed / months * min(4.0, days / (days - days_out))


def history(dice: random.Random, number: int) -> History:
    start = TODAY - timedelta(days=dice.choice([20, 60, 80, 130, 200, 330]))
    span = (TODAY - start).days // (3 if dice.random() < 0.2 else 1)
    days = sorted(start + timedelta(days=dice.randrange(span)) for _ in range(dice.randint(2, 9)))
    moves, held = [(days[0], dice.randint(10, 90))], 0
    held = moves[0][1]
    for day in days[1:]:
        units = (
            dice.randint(5, 60) if dice.random() < 0.35 else -(held if dice.random() < 0.5 else dice.randint(0, held))
        )
        held += units
        if units:
            moves.append((day, units))
    found = History(f"i{number:03}", moves)
    expiries = dice.sample(range(1, 360), 4)
    while held > 0:
        units = held if len(expiries) == 1 else dice.randint(1, held)
        found.batches.append((TODAY + timedelta(days=expiries.pop()), units))
        held -= units
    return found


def put(con: Connection, histories: list[History]) -> None:
    put_sites(con, Topology("main", "main", (Site(1, "main"),), ()))
    con.execute("insert into ledger.instance values (1, 'A', 'active')")
    now = datetime.combine(TODAY, time(12), tzinfo=UTC)
    con.execute("update ledger.site set bookmark = 'x', last_contact_at = ?, data_as_of_at = ?", [now, now])
    con.execute("set variable as_of_at = ?::timestamptz", [now])
    rows(con, "store", [{"id": "A", "code": "A"}])
    rows(con, "item", ({"id": found.item, "code": found.item} for found in histories))
    moves = [
        (f"{found.item}-{number}", found.item, day, units)
        for found in histories
        for number, (day, units) in enumerate(found.moves)
    ]
    done = {"store_id": "A", "status": "finalised"}
    came = [move for move in moves if move[3] > 0]
    went = [move for move in moves if move[3] < 0]
    noon = time(12, tzinfo=UTC)
    rows(
        con,
        "invoice",
        (
            {"id": key, **done, "type": "supplier_invoice", "finalised_at": datetime.combine(day, noon)}
            for key, _, day, _ in came
        ),
    )
    rows(
        con,
        "prescription",
        ({"id": key, **done, "dispensed_at": datetime.combine(day, noon)} for key, _, day, _ in went),
    )
    for table, some in (("invoice", came), ("prescription", went)):
        rows(
            con,
            f"{table}_line",
            (
                {"id": key, f"{table}_id": key, "item_id": item, "pack_size": Decimal(1), "packs": Decimal(abs(units))}
                for key, item, _, units in some
            ),
        )
    rows(
        con,
        "stock_line",
        (
            {
                "id": f"{found.item}-{expiry}",
                "store_id": "A",
                "item_id": found.item,
                "expiry_date": expiry,
                "pack_size": Decimal(1),
                "total_packs": Decimal(units),
                "available_packs": Decimal(units),
            }
            for found in histories
            for expiry, units in found.batches
        ),
    )


@pytest.mark.parametrize("seed", [1, 2])
def test_b20_reports_of_random_histories_are_what_a_day_at_a_time_gives(con: Connection, seed: int) -> None:
    dice = random.Random(seed)
    histories = [history(dice, number) for number in range(150)]
    put(con, histories)
    amc = {row["item_code"]: row for row in views.read(con, "amc").to_dicts()}
    out = {row["item_code"]: row for row in views.read(con, "stock_out").to_dicts()}
    expiring = {(row["item_code"], row["expiry_date"]): row for row in views.read(con, "expiring_stock").to_dicts()}
    assert any(found.amc() is None for found in histories)
    assert {found.demand()[0] for found in histories} == {"adjusted_amc", "months_with_stock", "unknown"}
    assert any(value > 1 for found in histories for value in found.at_risk().values())
    for found in histories:
        row, expected = amc[found.item], found.amc()
        assert row["consumed_units"] == found.consumed(), found
        assert row["stock_out_days"] == found.days_out(*WINDOW), found
        assert (row["amc_units"] is None) == (expected is None), found
        assert float(row["amc_units"] or 0) == pytest.approx(expected or 0, abs=1e-5), found
        basis, demand = found.demand()
        assert (row["demand_basis"], row["demand_units"] is None) == (basis, demand is None), found
        assert float(row["demand_units"] or 0) == pytest.approx(demand or 0, abs=1e-5), found
        if found.item in out:  # what is gone and on no list is not expected there
            assert out[found.item]["days_out_90d"] == found.days_out(TODAY - timedelta(days=89), TODAY), found
        for expiry, units in found.at_risk().items() if expected is not None else ():
            assert float(expiring[found.item, expiry]["at_risk_units"]) == pytest.approx(units, abs=1e-4), found
