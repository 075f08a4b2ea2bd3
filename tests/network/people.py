"""What people do to a database, as statements: the same edits that the oracle applies to its dictionaries."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sites.engines.connection import SiteDatabase
from tests.oracle.oracle import Oracle
from tests.oracle.sites import WRONG_WORD, SiteState
from tests.oracle.topology import Row


@dataclass(frozen=True)
class Edit:
    """One statement of a person at a site.

    ``what``: insert, update, delete, replace, change_id, spoil or misspell. ``row``: the columns written;
    for change_id the new id, for spoil and misspell the column and what is put there.
    """

    site_id: int
    what: str
    table: str
    record_id: str
    row: Row

    def to_oracle(self, oracle: Oracle) -> None:
        """The edit in the oracle's dictionaries. Raises Refused."""
        site = oracle.sites[self.site_id]
        match self.what:
            case "insert":
                site.insert(self.table, {"id": self.record_id, **self.row})
            case "replace":
                site.replace(self.table, {"id": self.record_id, **self.row})
            case "update":
                site.update(self.table, self.record_id, self.row)
            case "delete":
                site.delete(self.table, self.record_id)
            case "change_id":
                site.change_id(self.table, self.record_id, self.row["id"])
            case "spoil":
                site.spoil(self.table, self.record_id, next(iter(self.row)))
            case "misspell":
                site.misspell(self.table, self.record_id, *next(iter(self.row.items())))


def write(db: SiteDatabase, edit: Edit, site: SiteState | None = None) -> None:
    """Runs the edit's statement; the program of ``site`` knows no columns that it has not got."""
    edit = replace(edit, row=site.without_lacking(edit.table, edit.row)) if site else edit
    if edit.what == "misspell" or WRONG_WORD in edit.row.values():  # a table without such a check
        db.execute("pragma ignore_check_constraints = on")
    if edit.what == "delete":
        db.execute(f"delete from {edit.table} where id = ?", (edit.record_id,))
    elif edit.what in ("insert", "replace"):
        _insert(db, edit)
    else:  # update, change_id, spoil, misspell
        given = {name: value for name, value in edit.row.items() if value is not None}
        assignments = [f"{name} = ?" for name in given]
        assignments += [f"{name} = null" for name in edit.row if name not in given]
        values = [_stored(db, value) for value in given.values()]
        db.execute(f"update {edit.table} set {', '.join(assignments)} where id = ?", (*values, edit.record_id))


def _insert(db: SiteDatabase, edit: Edit) -> None:
    given = {"id": edit.record_id, **{name: value for name, value in edit.row.items() if value is not None}}
    columns, marks = ", ".join(given), ", ".join("?" * len(given))
    verb, after = "insert into", ""
    if edit.what == "replace" and db.engine == "sqlite":
        verb = "insert or replace into"
    elif edit.what == "replace":
        changed = ", ".join(f"{name} = excluded.{name}" for name in edit.row or {"id": None})
        after = f" on conflict (id) do update set {changed}"
    statement = f"{verb} {edit.table} ({columns}) values ({marks}){after}"
    db.execute(statement, [_stored(db, value) for value in given.values()])


def _stored(db: SiteDatabase, value: Any) -> Any:
    """A value as a program of that engine would write it."""
    if db.engine == "postgresql":
        return value
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M:%S")
    return value.isoformat() if isinstance(value, date) else value
