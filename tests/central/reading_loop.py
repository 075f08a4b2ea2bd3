"""An analyst's program: opens the current snapshot again and again until the file STOP is there, and says what it saw
that cannot be: `python -m tests.central.working_warehouse_loop PUBLISHED STOP`."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from warehouse.connection import Connection
from warehouse.snapshots.current import NothingPublished, current, manifest, open_snapshot

HELD = "select coalesce(sum(total_packs * pack_size), 0), count(*) from stock_line"
REPORTED = "select coalesce(sum(soh_units), 0), count(*) from reports.stock_on_hand"
BATCHES = "select coalesce(sum(soh_units), 0), count(*) from reports.stock_by_batch"


def look(folder: Path) -> tuple[int, list[str]]:
    """The number of the current snapshot, and what in it does not agree."""
    made = current(folder)
    about = manifest(made)
    with open_snapshot(made) as con:
        [(number, cycle)] = con.execute("select number, cycle from reports.snapshot").fetchall()
        figures = [_first(con, sql) for sql in (HELD, BATCHES, REPORTED)]
        lines = dict(con.execute("select store_id, count(*) from stock_line group by 1").fetchall())
        [(label,)] = con.execute("select max(name) from item").fetchall()
        [(shown,)] = con.execute("select max(item_name) from reports.items").fetchall()
    found = [] if figures[0] == figures[1] and figures[0][0] == figures[2][0] else [f"{number}: {figures}"]
    if (number, cycle) != (made.number, (about or {}).get("cycle")):
        found.append(f"{number}, cycle {cycle} in the file of {made.number}, whose manifest says {about}")
    if len(set(lines.values())) > 1:  # people add a line in each store before each cycle
        found.append(f"{number}: half a cycle, {lines}")
    if label != shown:
        found.append(f"{number}: the item is called {label}, in the report {shown}")
    return number, found


def _first(con: Connection, sql: str) -> tuple[Any, ...]:
    [row] = con.execute(sql).fetchall()
    return tuple(row)


def main(folder: Path, stop: Path) -> dict[str, Any]:
    """How often it read, which snapshots it saw in their order, and what was wrong."""
    seen: list[int] = []
    reads, wrong = 0, list[str]()
    while not stop.exists():
        try:
            number, found = look(folder)
        except NothingPublished:
            continue
        reads += 1
        wrong += found
        if not seen or seen[-1] != number:
            seen.append(number)
    return {"reads": reads, "seen": seen, "wrong": wrong}


if __name__ == "__main__":
    print(json.dumps(main(Path(sys.argv[1]), Path(sys.argv[2]))))  # noqa: T201
