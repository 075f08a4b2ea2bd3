"""Whether a site's changes were logged all the time since somebody last looked (B57)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sites.engines.capture import Watch
from sites.engines.engine import SiteDatabase
from sites.engines.errors import SiteFailed
from sites.engines.log_tables import CAPTURED_TABLE, CONTROL_TABLE
from sync_rules.schema import Schema

_NOTED = f"""
select c.log_id, c.generation, c.schema_version, t.table_name, t.generation, t.definition, t.place
from {CONTROL_TABLE} as c left join {CAPTURED_TABLE} as t on true
order by t.table_name
"""


@dataclass(frozen=True)
class Capture:
    """How a site's tables are captured, to be compared with how they were at the pull before.

    ``log``: another one where entries may be missing from the log; ``tables``: the generation of each table, with a
    hash behind it where its triggers were away since. None of it has an order: it is the same, or it differs.
    """

    log: str
    tables: Mapping[str, str]

    def to_text(self) -> str:
        """The whole as JSON; tables of generation 0 are left out."""
        tables = {table: mark for table, mark in sorted(self.tables.items()) if mark != "0"}
        return json.dumps({"log": self.log, "tables": tables}, sort_keys=True)

    @staticmethod
    def of_text(text: str) -> Capture:
        """The one that ``to_text`` wrote."""
        return Capture(**json.loads(text))

    def interrupted_since(self, text: str | None) -> frozenset[str]:
        """The tables whose changes may not have been logged all the time since ``text`` was written; where nothing is
        known of then, those of which it is known that they were interrupted once."""
        before = Capture.of_text(text) if text else None
        if before is not None and before.log != self.log:
            return frozenset(self.tables)
        known = before.tables if before else {}
        return frozenset(table for table, mark in self.tables.items() if known.get(table, "0") != mark)


@dataclass(frozen=True)
class Noted:
    """What the site's database keeps of its capture: ``tables`` is generation, definition and place of each."""

    log_id: str
    generation: int
    schema_version: int
    tables: Mapping[str, tuple[int, str, str]]

    def is_whole(self, table: str, watch: Watch) -> bool:
        """Whether the table is watched as it was noted, without a gap in between."""
        return table in self.tables and self.tables[table][1:] == (watch.definition, watch.place)


def noted(db: SiteDatabase) -> Noted | None:
    """What is noted; None where capture was installed by a version that noted nothing, or not at all."""
    if not db.has_table(CAPTURED_TABLE):
        return None
    rows = db.execute(_NOTED)
    if not rows:
        return None
    log_id, generation, version = rows[0][:3]
    return Noted(log_id, generation, version, {row[3]: (row[4], row[5], row[6]) for row in rows if row[3] is not None})


def note(db: SiteDatabase, tables: Mapping[str, tuple[int, Watch]]) -> None:
    """Writes down the generation of each table, and how it is watched now."""
    db.execute(f"delete from {CAPTURED_TABLE}")
    for table, (generation, watch) in sorted(tables.items()):
        db.execute(
            f"insert into {CAPTURED_TABLE} values (?, ?, ?, ?)", (table, generation, watch.definition, watch.place)
        )
    db.execute(f"update {CONTROL_TABLE} set schema_version = ?", (db.schema_version() or 0,))


def capture_now(db: SiteDatabase, schema: Schema, tables: Iterable[str], *, cluster: str) -> Capture:
    """How ``tables`` are captured now; a pull asks before it reads.

    Raises SiteFailed where the changes of one are not logged.
    """
    kept = noted(db)
    if kept is None:
        raise SiteFailed("capture missing: the change log has no control row; run `capture install`")
    log = f"{cluster}/{kept.log_id}/{kept.generation}"
    asked = sorted(tables)
    version = db.schema_version()
    if version is not None and version == kept.schema_version and kept.tables.keys() >= set(asked):
        return Capture(log, {table: str(kept.tables[table][0]) for table in asked})
    watches = db.watches(collected(schema, asked), {table: row[1] for table, row in kept.tables.items()})
    for table, watch in watches.items():
        if watch.problem or table not in kept.tables:
            why = watch.problem or "it was never captured"
            raise SiteFailed(
                f"capture missing: the changes of table `{table}` are not logged: {why}; run `capture install`"
            )
    return Capture(log, {table: _mark(kept, table, watch) for table, watch in watches.items()})


def _mark(kept: Noted, table: str, watch: Watch) -> str:
    generation = str(kept.tables[table][0])
    return generation if kept.is_whole(table, watch) else f"{generation}+{watch.place}"


def collected(schema: Schema, tables: Iterable[str]) -> Mapping[str, Sequence[str]]:
    """The columns of ``tables`` that supplysync knows."""
    return {table: [column.name for column in schema.tables[table]] for table in tables}
