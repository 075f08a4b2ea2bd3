"""The real network under test: site databases people write to, and cycles over them."""

from __future__ import annotations

import shutil
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

from central.cycle.run import run_cycle
from central.project import Project, load
from sites.engines.connection import SiteDatabase, open_site
from sites.schema import SCHEMA
from sync_rules.schema import Kind
from tests.central.lost_warehouse import differing
from tests.central.small_network import require_verdicts
from tests.oracle.topology import Row, Wanted, toml
from warehouse.connection import open_warehouse, query

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
NOWHERE = "postgresql://nobody@127.0.0.1:1/nowhere"
_KINDS = {name: {column.name: column.kind for column in columns} for name, columns in SCHEMA.tables.items()}
_BOOLEANS = {"0": False, "1": True, "f": False, "t": True}


class RealNetwork:
    """A project folder and its sites. People's edits go through ``person``; cycles through ``cycle``."""

    def __init__(self, folder: Path, wanted: Wanted, urls: dict[int, str]) -> None:
        self.folder = folder
        self.wanted = wanted
        self.urls = urls
        self.cycles = 0
        self.sent = 0
        folder.mkdir(parents=True, exist_ok=True)

    @contextmanager
    def person(self, site_id: int) -> Iterator[SiteDatabase]:
        """A site's database, opened as people's programs do."""
        with open_site(self.urls[site_id], self.folder) as db:
            yield db

    def change_version(self, site_id: int, lacking: Mapping[str, Collection[str]]) -> None:
        """Takes columns away from a site that lacks some, and gives it others."""
        if lacking:
            with self.person(site_id) as db:
                db.script(f"alter table {table} drop column {one}" for table in lacking for one in lacking[table])
                db.execute("alter table item add column colour text default 'red'")

    def project(self, unreachable: Iterable[int] = ()) -> Project:
        """The project as topology.toml now stands; sites that are ``unreachable`` have an address nobody answers."""
        text = toml(self.wanted, {site.id: f"${{SITE_{site.id}}}" for site in self.wanted.sites})
        (self.folder / "topology.toml").write_text(text, encoding="utf-8")
        addresses = {f"SITE_{site_id}": url for site_id, url in self.urls.items()}
        addresses |= {f"SITE_{site_id}": self._nowhere(site_id) for site_id in unreachable}
        return self._in_force(replace(load(self.folder), environment=addresses))

    @staticmethod
    def _in_force(project: Project) -> Project:
        """The project by the file as it is, whatever was applied."""
        return project.as_wanted()

    def _nowhere(self, site_id: int) -> str:
        return "sqlite:///gone.sqlite" if self.urls[site_id].startswith("sqlite") else NOWHERE

    def cycle(self, only: Iterable[int] | None = None, unreachable: Iterable[int] = ()) -> dict[int, str]:
        """One whole cycle; what each site that was delivered to answered, by id. ``sent`` counts the records."""
        self.cycles += 1
        codes = {site.id: site.code for site in self.wanted.sites}
        names = None if only is None else [codes[site_id] for site_id in only]
        found = run_cycle(self.project(unreachable), now=NOW + timedelta(minutes=self.cycles), only=names)
        require_verdicts(self.project())
        delivered = found["deliver_last"]
        self.sent = sum(one.sent for one in delivered)
        return {one.site_id: one.error or one.outcome for one in delivered}

    def queued(self) -> dict[int, int]:
        """How many records each site still lacks (M6)."""
        with open_warehouse(self.project().warehouse, SCHEMA) as con:
            return dict(con.execute("select site_id, queue_out from ledger.site order by site_id").fetchall())

    def differs_from_kept(self) -> list[str]:
        """The tables of the warehouse that are others when it is made again from what is kept of its cycles (B8)."""
        return differing(self.project(), self.folder.with_name(f"{self.folder.name}_again"))

    def risk_warehouse(self, rng: Random) -> None:
        """Now and then the warehouse is backed up, put back as it was then, or gone."""
        warehouse, backup = self.project().warehouse, self.folder / "backup.duckdb"
        match rng.choice(("", "backed up", "put back", "gone")):
            case "backed up" if warehouse.exists():
                shutil.copy(warehouse, backup)
            case "put back" if backup.exists():
                shutil.copy(backup, warehouse)
            case "gone":
                warehouse.unlink(missing_ok=True)

    def forget_rules(self) -> None:
        """As if the last cycle had gone by other rules: the next one works everything out again."""
        with open_warehouse(self.project().warehouse, SCHEMA) as con:
            con.execute("update ledger.cycle set rules_version = 'others'")

    def admitted_in_last_cycle(self) -> list[tuple[str, str, str]]:
        """Kind, table and id of what the last cycle entered in the sequence."""
        with open_warehouse(self.project().warehouse, SCHEMA) as con:
            return con.execute(
                "select kind, table_name, record_id from ledger.sequence "
                "where cycle = (select max(cycle) from ledger.cycle) order by seq"
            ).fetchall()

    def site_rows(self, site_id: int, tables: Iterable[str]) -> dict[str, dict[str, Row]]:
        """The rows that a site holds, by table and id."""
        with open_site(self.urls[site_id], self.folder) as db:
            columns = db.column_names()
            return {table: self._site_table(db, table, columns[table]) for table in tables}

    @staticmethod
    def _site_table(db: SiteDatabase, table: str, there: Collection[str]) -> dict[str, Row]:
        kinds = {name: kind for name, kind in _KINDS[table].items() if name in there}
        frame = db.read(f"select {', '.join(kinds)} from {table}", columns=list(kinds))
        nothing = dict.fromkeys(_KINDS[table].keys() - kinds.keys())
        return {
            row["id"]: {name: value_of(text, kinds[name]) for name, text in row.items()} | nothing
            for row in frame.to_dicts()
        }

    def warehouse_rows(self, tables: Iterable[str]) -> dict[str, dict[str, Row]]:
        """The replicas, by table and id."""
        with open_warehouse(self.project().warehouse, SCHEMA) as con:
            frames = {table: query(con, f"select * from replica.{table}") for table in tables}
        return {
            table: {row["id"]: {"id": row["id"], **row} for row in frame.to_dicts()} for table, frame in frames.items()
        }

    def not_taken(self) -> set[tuple[int, str, str]]:
        """What sites did not take from central, or keep though it belongs there no more: (site, table, id)."""
        with open_warehouse(self.project().warehouse, SCHEMA) as con:
            listed = "select site_id, table_name, record_id from ledger.skipped where is_open order by all"
            return set(con.execute(listed).fetchall())

    def held_back(self) -> dict[tuple[int, str, str], tuple[str, str]]:
        """What is in quarantine: (site, table, id) to (verdict, reason)."""
        with open_warehouse(self.project().warehouse, SCHEMA) as con:
            rows = con.execute(
                "select site_id, table_name, record_id, verdict, reason from ledger.quarantine where state = 'open'"
            ).fetchall()
        return {row[:3]: row[3:] for row in rows}


def value_of(text: str | None, kind: Kind) -> Any:
    """A cell as the engine prints it, as a plain value; None too for what is no value of its kind."""
    if text is None:
        return None
    try:
        match kind:
            case Kind.TEXT:
                return text
            case Kind.INTEGER:
                return int(text)
            case Kind.DECIMAL:
                return Decimal(text)
            case Kind.DATE:
                return date.fromisoformat(text)
            case Kind.TIME:
                return datetime.fromisoformat(text).astimezone(UTC)
            case Kind.BOOLEAN:
                return _BOOLEANS[text]
    except (ValueError, ArithmeticError, KeyError):
        return None
