"""A whole cycle of many SQLite sites, beside dlt, which only loads two tables of the same files.

Run it with `python -m bench.whole`.

Three cycles: a first load, 5 % of all rows changed, nothing changed. dlt runs in an environment of its own, made here
once from the package registry: it has no cursor in these tables, so that it loads all of them each time.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
import venv
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import polars as pl
from rich.console import Console
from rich.table import Table

from bench import fleet
from bench.networks.network import MADE_AT
from sites import schema
from sites.capture import triggers
from sites.engines.connection import open_site
from sites.schema import SCHEMA

DLT = ("dlt[duckdb]==1.31.0", "sqlalchemy<2.1", "connectorx==0.4.6", "pyarrow>=20")
_LINES_A_DOCUMENT = 10


@dataclass(frozen=True)
class MeasuredProcess:
    """What a process took: seconds of the clock and of the processors, and the most memory that it had."""

    seconds: float
    cpu: float
    peak_mb: int


def make_sites(folder: Path, sites: int, rows: int) -> None:
    """Central and ``sites`` SQLite sites, a store each, of documents with ten lines each: ``rows`` rows in all a site.
    Nothing is in their logs yet: it is a first contact."""
    folder.mkdir(parents=True)
    text = fleet.topology(sites)
    (folder / "topology.toml").write_text(text, encoding="utf-8")
    central = fleet.central_rows(sites)
    _fill(folder / "c.sqlite", central)
    for site in range(2, sites + 2):
        copies = {table: _copies(central[table], site) for table in ("unit", "item", "name", "store")}
        papers = documents(site, rows * _LINES_A_DOCUMENT // (_LINES_A_DOCUMENT + 1))
        _fill(folder / f"s{site}.sqlite", {**copies, **papers})


def _fill(file: Path, rows: fleet.Rows) -> None:
    with open_site(f"sqlite:///{file}", file.parent, create=True) as db:
        schema.create(db)
        with db.transaction(write=True):
            for table, frame in rows.items():
                db.insert_rows(table, frame)
        triggers.install(db, SCHEMA)


def _copies(rows: pl.DataFrame, site: int) -> pl.DataFrame:
    """What the site has of central data by then: all items, its own store."""
    return rows.filter(pl.col("id").is_in([f"n{site}", f"st{site}"]) | ~pl.col("id").str.contains("^(n|st)[0-9]"))


def documents(site: int, lines: int) -> fleet.Rows:
    """Documents of ten lines each, so many lines in all."""
    n = pl.int_range(lines // _LINES_A_DOCUMENT, eager=True).alias("n").to_frame()
    key = pl.format(f"i{site}-{{}}", pl.col("n").hash(seed=site))
    invoice = n.select(
        key.alias("id"), store_id=pl.lit(f"st{site}"), other_name_id=pl.lit(f"n{site}"), number="n",
        type=pl.lit("customer_invoice"), status=pl.lit("finalised"), created_at=pl.lit(MADE_AT),
        finalised_at=pl.lit(MADE_AT), comment=pl.lit("monthly order"),
    )  # fmt: skip
    m = pl.int_range(lines // _LINES_A_DOCUMENT * _LINES_A_DOCUMENT, eager=True).alias("m")
    line = m.to_frame().select(
        pl.format(f"l{site}-{{}}", pl.col("m").hash(seed=site)).alias("id"),
        invoice_id=invoice["id"].gather(m // _LINES_A_DOCUMENT), item_id=pl.format("item-{}", pl.col("m") % 100),
        batch=pl.format("B{}", pl.col("m") % 997),
        expiry_date=pl.lit(MADE_AT.date()) + pl.duration(days=pl.col("m") % 900),
        pack_size=pl.lit(100).cast(pl.Decimal(18, 6)), packs=(pl.col("m") % 500).cast(pl.Decimal(18, 6)),
        cost_price_per_pack=((pl.col("m") % 10000) / 100).cast(pl.Decimal(18, 6)),
        sell_price_per_pack=((pl.col("m") % 12000) / 100).cast(pl.Decimal(18, 6)),
    )  # fmt: skip
    return {"invoice": invoice, "invoice_line": line}


def change_rows(folder: Path, sites: int, round_: int) -> None:
    """People change one row in twenty at each site."""
    for site in range(2, sites + 2):
        with open_site(f"sqlite:///s{site}.sqlite", folder) as db, db.transaction(write=True):
            db.execute(f"update invoice_line set packs = packs + 1 where rowid % 20 = {round_}")
            db.execute(f"update invoice set number = number + 1 where rowid % 20 = {round_}")


def measured(*command: object) -> MeasuredProcess:
    """Runs a command to its end, and what it took. Raises CalledProcessError where it fails."""
    began = time.monotonic()
    process = subprocess.Popen([str(word) for word in command], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    if status:
        raise subprocess.CalledProcessError(os.waitstatus_to_exitcode(status), [str(word) for word in command])
    return MeasuredProcess(time.monotonic() - began, used.ru_utime + used.ru_stime, used.ru_maxrss // 1024)


def whole_round(folder: Path, dlt: Path, sites: int, rows: int) -> list[tuple[str, MeasuredProcess, MeasuredProcess]]:
    """Each of the three cycles, and dlt after it."""
    make_sites(folder, sites, rows)
    out = folder / "dlt"
    out.mkdir()
    found = []
    for number, kind in enumerate(("first load", "5 % changed", "nothing changed")):
        if kind == "5 % changed":
            change_rows(folder, sites, number)
        ours = measured(Path(sys.executable).with_name("supplysync"), "sync", "-C", folder)
        how = "replace" if kind == "first load" else "merge"
        theirs = measured(
            dlt / "bin" / "python", Path(__file__).parent / "floors" / "dlt_load.py", folder, out, "pyarrow", how
        )
        found.append((kind, ours, theirs))
    return found


def dlt_environment(place: Path) -> Path:
    """An environment with dlt, made once in ``place``."""
    if not (place / "made").exists():
        shutil.rmtree(place, ignore_errors=True)
        venv.create(place, with_pip=True)
        subprocess.run([place / "bin" / "pip", "install", "--quiet", *DLT], check=True)
        (place / "made").touch()
    return place


def whole_table(rounds: list[list[tuple[str, MeasuredProcess, MeasuredProcess]]]) -> Table:
    """Medians over the rounds, and our speed as a multiple of dlt's."""
    table = Table(title="A whole cycle, beside dlt only loading", title_justify="left", box=None)
    for heading in ("cycle", "s", "CPU s", "peak MB", "dlt s", "dlt CPU s", "dlt peak MB", "speed, of dlt's"):
        table.add_column(heading, justify="left" if heading == "cycle" else "right")
    for same in zip(*rounds, strict=True):
        ours, theirs = [one[1] for one in same], [one[2] for one in same]
        ratio = median(their.seconds / our.seconds for our, their in zip(ours, theirs, strict=True))
        table.add_row(same[0][0], *_cells(ours), *_cells(theirs), f"{ratio:.2f}")
    return table


def _cells(found: list[MeasuredProcess]) -> list[str]:
    return [
        f"{median(one.seconds for one in found):.1f}",
        f"{median(one.cpu for one in found):.1f}",
        f"{median(one.peak_mb for one in found):,.0f}",
    ]


def _main() -> None:
    """Runs the rounds and prints the table."""
    parser = argparse.ArgumentParser(description="A whole cycle beside dlt, which only loads.")
    parser.add_argument("--sites", type=int, default=20)
    parser.add_argument("--rows", type=int, default=50_000, help="rows at each site")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--dlt", type=Path, default=Path(".venv-dlt"), help="where dlt's environment is, or is to be")
    options = parser.parse_args()
    dlt = dlt_environment(options.dlt.absolute())
    rounds = []
    for _ in range(options.rounds):
        with tempfile.TemporaryDirectory(prefix="supplysync-bench-") as place:
            rounds.append(whole_round(Path(place) / "network", dlt, options.sites, options.rows))
    Console(width=140).print(whole_table(rounds))


if __name__ == "__main__":
    _main()
