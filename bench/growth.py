"""What judging costs as the warehouse grows: the same edits over ever more rows.

Twenty sites of documents whose pulls are generated, as in ``bench.fleet``: a first contact of so many rows in all, then
the same number of edited rows at each size, then nothing. The floor is DuckDB reading and appending the same landed
rows. Run it with ``python -m bench.growth --rows 1000000 10000000``, of one large site with ``--sites 1``.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path
from unittest import mock

import polars as pl
from rich.console import Console

from bench import fleet
from bench.whole import documents
from central.project import load

_SITES = 20


def cycles_over(folder: Path, rows: int, edited: int, sites: int = _SITES) -> list[fleet.MeasuredCycle]:
    """A first contact of ``rows`` rows, ``edited`` rows changed, twice, as DuckDB tidies up after the first contact
    when rows are changed first, nothing changed."""
    folder.mkdir(parents=True)
    (folder / "topology.toml").write_text(fleet.topology(sites), encoding="utf-8")
    project = load(folder)
    found = []
    for number, kind in enumerate(("first contact", f"{edited:,} edits", f"{edited:,} again", "idle"), start=1):
        with mock.patch("wire.folders.flush"), mock.patch("wire.folders.flush_tree"):  # making them is not measured
            pulled = [fleet.landed(project, 1, number, fleet.central_rows(sites) if number == 1 else {})]
            for site in range(2, sites + 2):
                found_rows = _rows(site, number, rows // sites, edited // sites)
                pulled.append(fleet.landed(project, site, number, found_rows))
        cycle = fleet.entered(project, number, tuple(pulled))
        found.append(fleet.measured_cycle(project, cycle, kind, sites))
    return found


def _rows(site: int, number: int, rows: int, edited: int) -> fleet.Rows:
    if number == 4:
        return {}
    found = documents(site, rows * 10 // 11)
    whole = {table: fleet.typed(table, frame) for table, frame in found.items()}
    if number == 1:
        return whole
    lines = whole["invoice_line"]
    changed = lines.gather_every(max(lines.height // edited, 1), offset=number - 2).head(edited)
    return {"invoice_line": changed.with_columns(packs=(pl.col("packs") + 1).cast(lines.schema["packs"]))}


def _main() -> None:
    """Measures each size in a process of its own, for its memory, and prints the table."""
    parser = argparse.ArgumentParser(description="Judging the same edits over ever more rows.")
    parser.add_argument("--rows", type=int, nargs="+", default=[1_000_000, 4_000_000])
    parser.add_argument("--edited", type=int, default=50_000)
    parser.add_argument("--sites", type=int, default=_SITES)
    options = parser.parse_args()
    if len(options.rows) > 1:
        for rows in options.rows:
            asked = ["--rows", str(rows), "--edited", str(options.edited), "--sites", str(options.sites)]
            subprocess.run([sys.executable, "-m", "bench.growth", *asked], check=True)
        return
    with tempfile.TemporaryDirectory(prefix="supplysync-bench-") as place:
        found = cycles_over(Path(place) / "growth", options.rows[0], options.edited, options.sites)
    Console(width=140).print(fleet.fleet_table(found, f"A cycle at central over {options.rows[0]:,} rows"))


if __name__ == "__main__":
    _main()
