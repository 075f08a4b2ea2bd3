"""Whether a site's changes were logged all the time since somebody last looked (B57)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from sites.engines.capture import Watch
from sites.engines.engine import SiteDatabase
from sites.engines.errors import SiteFailed
from sites.engines.log_tables import CAPTURED_TABLE, CHANGE_LOG_TABLE, CONTROL_TABLE
from sites.engines.sql import short_hash
from sites.frames import CapturedTable
from sites.schema.presence import Presence, presence
from sync_rules.schema import Schema
from sync_rules.table.ownership import STORE_RECORDS

_NOTED = f"""
select c.log_id, c.generation, c.schema_version, t.table_name, t.generation, t.definition, t.place
from {CONTROL_TABLE} as c left join {CAPTURED_TABLE} as t on true
order by t.table_name
"""


_ONCE = "said once: if that was not meant, put it back, and what is in it is found then"
"""What to do about a table that a site no longer has, which keeps it from being pulled for one visit."""

Lacking = Mapping[str, Sequence[str] | None]
"""Columns by table; None stands for the whole table."""


@dataclass(frozen=True)
class Capture:
    """How a site's tables are captured, to be compared with how they were at the pull before.

    ``log``: another one where entries may be missing from the log; ``tables``: the generation of each table, with a
    hash behind it where its triggers were away since. None of it has an order: it is the same, or it differs.
    ``lacking``: the declared columns that the site has not got, by table; None: nothing of the table is there.
    ``refused``: why tables that are there are not collected. ``declared``: a hash of what was declared then.
    """

    log: str
    tables: Mapping[str, str]
    lacking: Lacking = field(default_factory=dict)
    refused: Mapping[str, str] = field(default_factory=dict)
    declared: str = ""

    def to_text(self) -> str:
        """The whole as JSON; tables of generation 0 are left out, and what says nothing."""
        tables = {table: mark for table, mark in sorted(self.tables.items()) if mark != "0"}
        kept = {name: value for name, value in vars(self).items() if value or name == "log"}
        return json.dumps({**kept, "tables": tables}, sort_keys=True)

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

    def appeared_since(self, text: str | None) -> Lacking:
        """What is collected now and was not when ``text`` was written: columns by table, None: the whole table."""
        before = Capture.of_text(text) if text else self
        found: dict[str, Sequence[str] | None] = {}
        for table in sorted(before.lacking.keys() & self.tables.keys()):
            columns, now = before.lacking[table], self.lacking.get(table) or ()
            came = None if columns is None else sorted(set(columns) - set(now))
            if came or columns is None or table in before.refused:
                found[table] = came
        return found

    def problems_since(self, text: str | None) -> list[str]:
        """What somebody should look at, in words: tables that are refused, and what was collected when ``text`` was
        written and is not there any more. What a new version of central's asks for is no problem."""
        found = [f"table `{table}` is not collected: {why}" for table, why in sorted(self.refused.items())]
        before = Capture.of_text(text) if text else None
        if before is None or before.declared != self.declared:
            return found
        for table, columns in sorted(self.lacking.items()):
            known = before.lacking.get(table, ())
            if columns is None and known is not None:
                found.append(f"table `{table}` is not there any more; {_ONCE}")
            elif columns is not None and table not in self.refused:
                gone = sorted(set(columns) - set(known or ()))
                found += [f"table `{table}` has no column `{name}` any more: collected without it" for name in gone]
        return found


@dataclass(frozen=True)
class Noted:
    """What the site's database keeps of its capture: ``tables`` is generation, definition and place of each; ``guard``
    is definition and place of what guards the log, None where an older version noted it not."""

    log_id: str
    generation: int
    schema_version: int
    tables: Mapping[str, tuple[int, str, str]]
    guard: tuple[str, str] | None

    @property
    def definitions(self) -> Mapping[str, str]:
        """What the triggers of each table were when they were noted."""
        return {table: row[1] for table, row in self.tables.items()}

    def guard_watch(self, db: SiteDatabase) -> Watch:
        """How the log is guarded now, compared with what was noted."""
        return db.guard_watch(self.guard[0] if self.guard else None)

    def is_guarded(self, watch: Watch) -> bool:
        """Whether the log is guarded as it was noted, without a gap in between."""
        return watch.problem is None and self.guard in (None, (watch.definition, watch.place))

    def gaps(self, guard: Watch, watches: Mapping[str, Watch]) -> frozenset[str]:
        """Those of the tables that were noted and are watched now of which changes may be missing from the log."""
        is_guarded = self.is_guarded(guard)
        return frozenset(
            table
            for table, watch in watches.items()
            if table in self.tables and not (is_guarded and self.is_whole(table, watch))
        )

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
    tables = {row[3]: (row[4], row[5], row[6]) for row in rows if row[3] is not None}
    guard = tables.pop(CHANGE_LOG_TABLE, None)
    return Noted(log_id, generation, version, tables, guard[1:] if guard else None)


def note(db: SiteDatabase, tables: Mapping[str, tuple[int, str, str]]) -> None:
    """Writes down the generation of each table, and how it and the log are watched now, among them as one more."""
    guard = db.guard_watch(None)
    rows = {**tables, CHANGE_LOG_TABLE: (0, guard.definition, guard.place)}
    db.execute(f"delete from {CAPTURED_TABLE}")
    db.insert_rows(CAPTURED_TABLE, CapturedTable.of((table, *row) for table, row in sorted(rows.items())))
    db.execute(f"update {CONTROL_TABLE} set schema_version = ?", (db.schema_version() or 0,))


def collectable(db: SiteDatabase, schema: Schema) -> Presence:
    """What can be collected from a database: what it has of the tables of ``schema``, but for those whose changes were
    never logged. Raises SiteFailed where the stores are not there: nothing could be told whose it is."""
    here, kept = presence(db, schema), noted(db)
    if STORE_RECORDS in schema.tables.keys() - here.schema.tables.keys():
        raise SiteFailed(f"table `{STORE_RECORDS}`: {here.refused.get(STORE_RECORDS, 'it is missing')}")
    never = here.schema.tables.keys() - kept.tables.keys() if kept else ()
    return here.without(dict.fromkeys(sorted(never), _NEVER)) if never else here


_NEVER = "its changes were never logged; run `supplysync capture install`"


def capture_now(db: SiteDatabase, here: Presence, tables: Iterable[str], *, cluster: str, declared: Schema) -> Capture:
    """How those of ``tables`` are captured now that are ``collectable``; a pull asks before it reads.

    Raises SiteFailed where the changes of one are not logged, or where the log is not guarded.
    """
    kept = noted(db)
    if kept is None:
        raise SiteFailed("capture missing: the change log has no control row; run `supplysync capture install`")
    asked = sorted(here.schema.tables.keys() & set(tables))
    log, marks = _marks(db, here.schema, kept, asked)
    return Capture(
        f"{cluster}/{kept.log_id}/{log}",
        marks,
        _lacking(here, kept, tables),
        {table: why for table, why in here.refused.items() if table in tables},
        short_hash(*(f"{table} {names}" for table, names in collected(declared, sorted(tables)).items())),
    )


def _lacking(here: Presence, kept: Noted, tables: Iterable[str]) -> Lacking:
    gone = {*here.absent, *(here.refused.keys() - kept.tables.keys())}
    found = {table: None if table in gone else here.lacking.get(table, ()) for table in tables}
    return {table: columns for table, columns in sorted(found.items()) if columns != () or table in here.refused}


def _marks(db: SiteDatabase, schema: Schema, kept: Noted, tables: Sequence[str]) -> tuple[str, Mapping[str, str]]:
    """The mark of the log, and that of each table."""
    version = db.schema_version()
    if version is not None and version == kept.schema_version:
        return str(kept.generation), {table: str(kept.tables[table][0]) for table in tables}
    guard, watches = kept.guard_watch(db), db.watches(collected(schema, tables), kept.definitions)
    if guard.problem:
        raise SiteFailed(
            f"capture missing: the change log is not guarded: {guard.problem}; run `supplysync capture install`"
        )
    for table, watch in watches.items():
        if watch.problem:
            raise SiteFailed(
                f"capture missing: the changes of table `{table}` are not logged: {watch.problem}; "
                "run `supplysync capture install`"
            )
    marks = {
        table: _mark(kept.tables[table][0], watch, kept.is_whole(table, watch)) for table, watch in watches.items()
    }
    return _mark(kept.generation, guard, kept.is_guarded(guard)), marks


def _mark(generation: int, watch: Watch, is_whole: bool) -> str:
    return str(generation) if is_whole else f"{generation}+{watch.place}"


def collected(schema: Schema, tables: Iterable[str]) -> Mapping[str, Sequence[str]]:
    """The columns of ``tables`` that supplysync knows."""
    return {table: [column.name for column in schema.tables[table]] for table in tables}
