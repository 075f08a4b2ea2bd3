"""Programs at the sites of a random network: what they put around our tables, and what their upgrades do to these."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from sites.capture import triggers
from sites.engines.connection import SiteDatabase
from sites.schema import SCHEMA
from tests.network.real import RealNetwork
from tests.oracle.tables import TABLES

WATCHED = ("invoice", "invoice_line", "item", "name", "name_store_join", "patient", "stock_line", "store")
_NOTE = "insert into program_note (table_name, record_id) values ('{table}', new.id)"
_COMMON = (
    "create table program_note (table_name text, record_id text)",
    "create table program_photo (id text primary key, item_id text references item (id) on delete cascade)",
    "create table program_tag (id text primary key, invoice_id text references invoice (id) on delete set null)",
    "alter table item add column program_colour text",
    "alter table invoice add column program_printed integer not null default 0",
    "create unique index program_numbers on invoice (store_id, type, number, id)",
    "create unique index program_codes on item (code, id)",
)


def install(network: RealNetwork, rng: Random) -> None:
    """Gives most sites a program with triggers, tables, columns and keys of its own, none of which changes our rows."""
    for site_id in sorted(network.urls):
        with network.person(site_id) as db:
            if rng.random() < 0.8:
                db.script((*_COMMON, *_triggers(db, rng.sample(WATCHED, 5))))
                triggers.install(db, SCHEMA)


def upgrade(network: RealNetwork, rng: Random) -> None:
    """At some sites a table is made anew, or loses its triggers for a while; capture is installed again."""
    for site_id in sorted(network.urls):
        if rng.random() < 0.4:
            table = rng.choice(sorted(TABLES))
            with network.person(site_id) as db:
                if db.engine == "sqlite":
                    _remake(db, table)
                else:
                    db.execute(f"alter table {table} disable trigger user")
                    db.execute(f"alter table {table} enable trigger user")
                triggers.install(db, SCHEMA)


def _triggers(db: SiteDatabase, tables: Sequence[str]) -> list[str]:
    if db.engine == "sqlite":
        return [
            f"create trigger program_{table}_{event} after {event} on {table} begin {_NOTE.format(table=table)}; end"
            for table in tables
            for event in ("insert", "update")
        ]
    body = "begin insert into program_note values (tg_table_name, new.id); return null; end"
    return [
        f"create function program_note() returns trigger language plpgsql as $${body}$$",
        *(
            f"create trigger program_{table} after insert or update on {table} "
            "for each row execute function program_note()"
            for table in tables
        ),
    ]


def _remake(db: SiteDatabase, table: str) -> None:
    """The way in which SQLite's own documentation alters a table: a new one, its rows, the old one's name."""
    made = db.execute("select sql from sqlite_master where type = 'table' and name = ?", (table,))[0][0]
    around = db.execute("select sql from sqlite_master where tbl_name = ? and sql is not null and type <> 'table' "
                        "and name not like 'supplysync%'", (table,))  # fmt: skip
    db.execute("pragma foreign_keys = off")
    db.execute("pragma ignore_check_constraints = on")  # what people wrote before the table had them
    columns = ", ".join(name for (name,) in db.execute(f"select name from pragma_table_info('{table}')"))
    with db.transaction(write=True):
        db.execute(made.replace(table, f"new_{table}", 1))
        db.execute(f"insert into new_{table} ({columns}) select {columns} from {table}")
        db.execute(f"drop table {table}")
        db.execute(f"alter table new_{table} rename to {table}")
        db.script(sql for (sql,) in around)
