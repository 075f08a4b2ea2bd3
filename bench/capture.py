"""What capture costs the program of a site, on both engines, beside the same without: `python -m bench.capture`.

Opening a database and asking it one thing; lines of documents, each in a transaction of its own, and documents with
their lines in one. The disk is told to keep nothing: it would hide what is measured. CPU is this process's: PostgreSQL
works in others.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median

from rich.console import Console
from rich.table import Table

from bench.fleet import central_rows
from bench.floors.clock import Spent, spent
from bench.whole import documents
from demo.network.postgres import PostgresServer
from sites import schema
from sites.capture import triggers
from sites.engines.connection import SiteDatabase, open_site
from sites.schema import SCHEMA

_OPENINGS, _SINGLE, _BULK = 50, 500, 20_000
_PAPERS = documents(2, _BULK)
_INSERT = """insert into invoice_line
(id, invoice_id, item_id, batch, expiry_date, pack_size, packs, cost_price_per_pack, sell_price_per_pack)
select '{id}', max(id), 'item-1', 'B1', '2027-01-01', 100, 5, 1.25, 1.5 from invoice"""
_ASK = "select count(*) from store"


@dataclass(frozen=True)
class MeasuredCapture:
    """One kind of work at a site, in one round: with capture and without."""

    engine: str
    work: str
    times: int
    captured: Spent[None]
    bare: Spent[None]


def measured_round(server: PostgresServer, number: int) -> list[MeasuredCapture]:
    """Both engines, each in two databases that differ by capture alone, which take turns."""
    with tempfile.TemporaryDirectory(prefix="supplysync-bench-") as place:
        folder = Path(place)
        found = []
        for engine in ("SQLite", "PostgreSQL"):
            urls = {}
            for name in ("captured", "bare"):
                made = server.create_database(f"{name}_{number}")
                urls[name] = f"sqlite:///{name}.sqlite" if engine == "SQLite" else made
                _make(urls[name], folder, is_captured=name == "captured")
                if engine == "SQLite":
                    server.drop_database(f"{name}_{number}")
            found += _works(engine, folder, urls["captured"], urls["bare"])
        return found


def _make(url: str, folder: Path, *, is_captured: bool) -> None:
    with open_site(url, folder, create=url.startswith("sqlite")) as db:
        schema.create(db)
        for table, frame in central_rows(1).items():
            db.insert_rows(table, frame)
        db.insert_rows("invoice", _PAPERS["invoice"].head(1))
        if is_captured:
            triggers.install(db, SCHEMA)


def _works(engine: str, folder: Path, captured: str, bare: str) -> list[MeasuredCapture]:
    works: list[tuple[str, int, Callable[[str, Path], None]]] = [
        ("opened and asked", _OPENINGS, _open),
        ("lines, each committed", _SINGLE, _insert_each),
        ("documents in one transaction", _BULK, _insert_all),
    ]
    return [
        MeasuredCapture(engine, name, times, spent(partial(work, captured, folder)), spent(partial(work, bare, folder)))
        for name, times, work in works
    ]


def _open(url: str, folder: Path) -> None:
    for _ in range(_OPENINGS):
        with open_site(url, folder) as db:
            db.execute(_ASK)


def _insert_each(url: str, folder: Path) -> None:
    with open_site(url, folder) as db:
        _keep_nothing(db)
        for number in range(_SINGLE):
            with db.transaction(write=True):
                db.execute(_INSERT.format(id=f"one-{number}"))


def _insert_all(url: str, folder: Path) -> None:
    papers = {"invoice": _PAPERS["invoice"].slice(1), "invoice_line": _PAPERS["invoice_line"]}
    with open_site(url, folder) as db:
        _keep_nothing(db)
        with db.transaction(write=True):
            for table, frame in papers.items():
                db.insert_rows(table, frame)


def _keep_nothing(db: SiteDatabase) -> None:
    db.execute("pragma synchronous = off" if db.engine == "sqlite" else "set synchronous_commit = off")


def capture_table(rounds: list[list[MeasuredCapture]]) -> Table:
    """Medians over the rounds, a row for each engine and kind of work; microseconds of one."""
    table = Table(title="What capture costs at a site", title_justify="left", box=None)
    for heading in ("engine", "work", "times", "each µs", "CPU µs", "without, µs", "CPU µs", "ratio", "peak MB"):
        table.add_column(heading, justify="left" if heading in ("engine", "work") else "right")
    for works in zip(*rounds, strict=True):
        first = works[0]
        each = [
            1e6 * median(figure(one) for one in works) / first.times
            for figure in (_captured_s, _captured_cpu, _bare_s, _bare_cpu)
        ]
        ratio = median(one.captured.seconds / one.bare.seconds for one in works)
        peak = max(one.captured.peak_mb for one in works)
        table.add_row(
            first.engine, first.work, f"{first.times:,}", *(f"{one:,.0f}" for one in each), f"{ratio:.2f}", f"{peak:,}"
        )
    return table


def _captured_s(one: MeasuredCapture) -> float:
    return one.captured.seconds


def _captured_cpu(one: MeasuredCapture) -> float:
    return one.captured.cpu


def _bare_s(one: MeasuredCapture) -> float:
    return one.bare.seconds


def _bare_cpu(one: MeasuredCapture) -> float:
    return one.bare.cpu


def _main() -> None:
    """Runs the rounds and prints the table."""
    parser = argparse.ArgumentParser(description="What capture costs the program of a site.")
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    with PostgresServer() as server:
        rounds = [measured_round(server, number) for number in range(options.rounds)]
    Console(width=140).print(capture_table(rounds))


if __name__ == "__main__":
    _main()
