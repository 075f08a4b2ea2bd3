"""Whether anything grows without bound: many cycles on a small network, days passing, people working as much each day.

What people do leaves as many records as before, so that all that may grow is what a cycle leaves behind: its files, and
its row in the ledger. Run it with `python -m bench.soak --cycles 500`.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bench.networks.network import MADE_AT, make_network
from central.backup.backup import back_up
from central.checkpoints.kept_list import forget_backups
from central.cycle.run import run_cycle
from central.cycle.stages import STAGES, UP_TO_SITES, prune_last
from central.project import Project, load
from demo.network.postgres import PostgresServer
from sites.engines.connection import open_site
from warehouse.connection import open_warehouse
from warehouse.snapshots.current import snapshots
from warehouse.snapshots.retention import NEWEST

Sizes = Mapping[str, int]
"""How large each thing is: files in bytes or by number, tables in rows."""

FOR_EVER = frozenset({"files of cycles", "bytes of cycles", "rows of ledger.cycle", "rows of ledger.bookmark"})
"""What a cycle, or a day, adds to for ever: what was done, and a place of each day up to which a site was read."""
CYCLES_A_DAY = 4
_RETENTION = """
[retention]
pulls_days = 4
site_log_days = 2
site_answers_days = 3
closed_days = 5
bookmarks_days = 1
away_days = 4
"""
_WARM_UP_DAYS = 9
_BACKUP_DAYS = 2
_UNPUBLISHED = (*UP_TO_SITES, prune_last)
_PUBLISHED = "published"
_FILES = ("data/pulls", "data/change_sets", "data/warehouse", _PUBLISHED)
_MARGIN = 1.08
_SLACK = {"bytes": 2 << 20, "rows": 4, "files": 8}


def soak(folder: Path, postgres: str, cycles: int) -> Iterator[Sizes]:
    """The sizes after each cycle of a network that is made in ``folder``."""
    project = make_network(folder / "network", postgres, lines=40)
    with (project.folder / "topology.toml").open("a", encoding="utf-8") as file:
        file.write(_RETENTION)
    for number in range(cycles):
        now = MADE_AT + timedelta(hours=number * 24 // CYCLES_A_DAY)
        project = load(project.folder).as_wanted()
        _work(project, number)
        is_last_of_day = number % CYCLES_A_DAY == CYCLES_A_DAY - 1
        run_cycle(project, now=now, stages=STAGES if is_last_of_day else _UNPUBLISHED)
        if number % (CYCLES_A_DAY * _BACKUP_DAYS) == 1:
            _back_up(project, folder / f"backups-{number}", now)
        yield sizes(project)


def sizes(project: Project) -> Sizes:
    """How large all is just now that a cycle may add to."""
    found: dict[str, int] = {}
    cycles = [file for file in (project.pulls / "cycles").iterdir() if file.suffix == ".json"]
    found["files of cycles"], found["bytes of cycles"] = len(cycles), sum(file.stat().st_size for file in cycles)
    for name in _FILES:
        files = [file for file in (project.folder / name).rglob("*") if file.is_file() and file not in cycles]
        if name == _PUBLISHED:
            files = _newest(project.folder / name, files)
        found[f"files in {name}"] = len(files)
        found[f"bytes in {name}"] = sum(file.stat().st_size for file in files)
    with open_warehouse(project.warehouse, project.schema) as con:
        tables = con.execute("select schema_name, table_name from duckdb_tables() where schema_name in ('ledger', "
                             "'replica') order by all").fetchall()  # fmt: skip
        for schema, table in tables:
            [(rows,)] = con.execute(f'select count(*) from {schema}."{table}"').fetchall()
            found[f"rows of {schema}.{table}"] = rows
    for site in project.topology.sites:
        with open_site(project.database_url(site), project.folder) as db:
            for table in ("supplysync_change_log", "supplysync_applied", "supplysync_notice", "supplysync_switch"):
                found[f"rows of {table} at {site.code}"] = db.execute(f"select count(*) from {table}")[0][0]
    return found


def _newest(published: Path, files: Sequence[Path]) -> list[Path]:
    """The files without those of snapshots that are the last of a month: there are twelve months of them, and a soak is
    shorter."""
    older = {f"{number:08}" for number in sorted(one.number for one in snapshots(published))[:-NEWEST]}
    return [file for file in files if file.relative_to(published).parts[0].split(".")[0] not in older]


def growing(history: Sequence[Sizes], warm_up: int) -> list[str]:
    """What was larger in the last third after the warm-up than in the first, in words; what each cycle adds for ever is
    left out."""
    settled = history[warm_up:]
    third = len(settled) // 3
    wave = CYCLES_A_DAY * _BACKUP_DAYS  # logs swell until the next backup
    if third < wave:
        raise ValueError(f"{len(history)} cycles are too few: {warm_up} are the warm-up, then {3 * wave}")
    found = []
    for name in sorted({name for one in settled for name in one} - FOR_EVER):
        before, after = (max(one.get(name, 0) for one in part) for part in (settled[:third], settled[-third:]))
        if after > before * _MARGIN + _SLACK[name.split()[0]]:
            found.append(f"{name}: {before:,}, later {after:,}")
    return found


def warm_up_cycles() -> int:
    """After so many cycles all is as old as it gets."""
    return _WARM_UP_DAYS * CYCLES_A_DAY


def _work(project: Project, number: int) -> None:
    """What people do between two cycles: edits, one that is refused, a line made and one of before deleted."""
    items = f"update item set name = 'name {number}' where id = 'item-1'"
    _run(project, "central", items)
    for site, store in (("lite", "LITE"), ("server", "SERVER")):
        line = f"{store}-soak-{number}"
        _run(project, site, f"insert into invoice_line (id, invoice_id, item_id) select '{line}', min(id), 'item-1' "
                            f"from invoice where store_id = '{store}'")  # fmt: skip
        _run(project, site, f"delete from invoice_line where id = '{store}-soak-{number - 3}'")
        _run(project, site, f"update invoice set comment = '{number}' where store_id = '{store}'")
    _run(project, "server", f"update item set name = 'mine {number}' where id = 'item-2'")


def _run(project: Project, site: str, sql: str) -> None:
    with open_site(project.database_url(project.topology.site(site)), project.folder) as db:
        db.execute(sql)


def _back_up(project: Project, place: Path, now: datetime) -> None:
    """Another folder each time; the one before the last is forgotten, as a disk that is taken out of turn."""
    back_up(project, place, note=None, now=now)
    step = CYCLES_A_DAY * _BACKUP_DAYS
    number = int(place.name.removeprefix("backups-")) - 2 * step
    forget_backups(project, place.with_name(f"backups-{number}"))


def size_table(history: Sequence[Sizes]) -> Table:
    """What was ever there, at a few of the cycles."""
    shown = sorted({0, *(len(history) * part // 5 - 1 for part in range(1, 6))} - {-1})
    table = Table(title="What each thing takes after a cycle", title_justify="left", box=None)
    table.add_column("what")
    for number in shown:
        table.add_column(f"{number + 1}", justify="right")
    for name in sorted({name for one in history for name in one}):
        values = [history[number].get(name, 0) for number in shown]
        if any(values):
            table.add_row(name, *(f"{value:,}" for value in values))
    return table


def _main() -> int:
    """Runs the cycles, prints what each took, and fails where something grew."""
    parser = argparse.ArgumentParser(description="Whether anything grows without bound.")
    parser.add_argument("--cycles", type=int, default=500)
    options = parser.parse_args()
    history: list[Sizes] = []
    with PostgresServer() as server, tempfile.TemporaryDirectory() as folder:
        for one in soak(Path(folder), server.create_database("soak"), options.cycles):
            history.append(one)
            sums = {kind: sum(size for name, size in one.items() if name.startswith(kind)) for kind in _SLACK}
            print(f"cycle {len(history)}: " + ", ".join(f"{size:,} {kind}" for kind, size in sums.items()))
    Console(width=160).print(size_table(history))
    found = growing(history, warm_up_cycles())
    for line in found:
        print(f"grows: {line}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(_main())
