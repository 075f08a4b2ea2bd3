"""A table at a site to which nothing can be written, whatever the row."""

from __future__ import annotations

from sites.engines.connection import SiteDatabase

_FAILING = {
    "sqlite": [
        "create trigger mirror before insert on {table} begin insert into mirrored values (new.id); end",
    ],
    "postgresql": [
        "create function mirror() returns trigger language plpgsql as "
        "$$ begin raise exception 'the disk is full' using errcode = 'disk_full'; end $$",
        "create trigger mirror before insert on {table} for each row execute function mirror()",
    ],
}
_MENDED = {"sqlite": "drop trigger mirror", "postgresql": "drop trigger mirror on {table}"}


def fail_at_every_write(db: SiteDatabase, table: str) -> None:
    """Has every insert fail."""
    db.script(one.format(table=table) for one in _FAILING[db.engine])


def let_write_again(db: SiteDatabase, table: str) -> None:
    """Ends it."""
    db.execute(_MENDED[db.engine].format(table=table))
