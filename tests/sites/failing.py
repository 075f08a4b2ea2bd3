"""A table at a site to which nothing can be written, whatever the row."""

from __future__ import annotations

from sites.engines.connection import SiteDatabase

_FAILING = {
    "sqlite": [  # the file may not grow by that much
        "create table mirrored (filling blob)",
        "create trigger mirror before insert on {table} begin insert into mirrored values (zeroblob(9000000)); end",
        "pragma max_page_count = 1500",
    ],
    "postgresql": [
        "create function mirror() returns trigger language plpgsql as $$ begin perform pg_sleep(9); return new; end $$",
        "create trigger mirror before insert on {table} for each row execute function mirror()",
        "set statement_timeout = '100ms'",
    ],
}
_MENDED = {
    "sqlite": ["drop trigger mirror"],
    "postgresql": ["set statement_timeout = 0", "drop trigger mirror on {table}"],
}


def fail_at_every_write(db: SiteDatabase, table: str) -> None:
    """Has every insert fail: the disk is full, or the server gives up."""
    db.script(one.format(table=table) for one in _FAILING[db.engine])


def let_write_again(db: SiteDatabase, table: str) -> None:
    """Ends it."""
    db.script(one.format(table=table) for one in _MENDED[db.engine])
