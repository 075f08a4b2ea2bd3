"""A small site on each engine: documents with lines, a second unique key, a secret, a circle of one table."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import sqlalchemy as sa

from sites.capture import identity, triggers
from sites.deliver import deliver
from sites.engines.connection import SiteDatabase, open_site
from sites.engines.registry import ENGINES
from sites.pull import pull
from sites.schema import SCHEMA, create
from sites.watch import Left, unwatched
from sync_rules.egress import Leaving
from sync_rules.frames import RecordKey
from sync_rules.schema import Column, Kind, Reference, Schema
from sync_rules.words import Answer, Identity
from tests.engines import COPIES, EMPTY_DATABASES
from wire import change_set
from wire.landed_pull import Pull

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
_NUMBERS = count(1)

TABLES = {
    "account": (Column("id", Kind.TEXT), Column("name", Kind.TEXT), Column("password", Kind.TEXT, is_secret=True)),
    "barcode": (Column("id", Kind.TEXT), Column("code", Kind.TEXT), Column("item_id", Kind.TEXT)),
    "category": (Column("id", Kind.TEXT), Column("parent_id", Kind.TEXT)),
    "invoice": (
        Column("id", Kind.TEXT),
        Column("store_id", Kind.TEXT),
        Column("number", Kind.INTEGER),
        Column("total", Kind.DECIMAL),
        Column("is_held", Kind.BOOLEAN),
        Column("day", Kind.DATE),
        Column("made_at", Kind.TIME),
        Column("comment", Kind.TEXT),
    ),
    "invoice_line": (
        Column("id", Kind.TEXT),
        Column("invoice_id", Kind.TEXT),
        Column("item_id", Kind.TEXT),
        Column("packs", Kind.DECIMAL),
    ),
    "item": (Column("id", Kind.TEXT), Column("name", Kind.TEXT)),
    "preference": (Column("id", Kind.TEXT), Column("key", Kind.TEXT), Column("value", Kind.TEXT)),
}
REFERENCES = (
    Reference("barcode", "item_id", "item"),
    Reference("category", "parent_id", "category"),
    Reference("invoice_line", "invoice_id", "invoice"),
    Reference("invoice_line", "item_id", "item"),
)
DDL = """
create table item (id text primary key, name text);
create table barcode (id text primary key, code text unique, item_id text references item (id));
create table category (id text primary key, parent_id text references category (id));
create table account (id text primary key, name text, password text);
create table preference (id text primary key, key text, value text);
create table invoice (
    id text primary key, store_id text, number integer, total numeric(15, 6), is_held boolean,
    day {date}, made_at {time}, comment text
);
create table invoice_line (
    id text primary key, invoice_id text references invoice (id), item_id text references item (id),
    packs numeric(15, 6)
)
"""
LEAVING = {table: Leaving(table, owner_column="store_id" if table == "invoice" else None) for table in TABLES} | {
    "invoice_line": Leaving("invoice_line", path=(("invoice_id", "invoice"),), owner_column="store_id")
}


@dataclass
class Site:
    """A claimed site with capture installed, and what central remembers of it."""

    db: SiteDatabase
    url: str
    schema: Schema
    identity: Identity
    since: str | None = None
    captured: str | None = None
    number: int = 0

    def pull(self, leaving: dict[str, Leaving] | None = None, *, keep: bool = True, left: Left = unwatched) -> Pull:
        pulled = pull.pull(
            self.db,
            identity_expected=(self.identity.site_id, self.identity.database_uuid),
            since=self.since,
            schema=self.schema,
            leaving=LEAVING if leaving is None else leaving,
            now=NOW,
            captured=self.captured,
            left=left,
        )
        if keep:
            self.since, self.captured = pulled.bookmark, pulled.capture
        return pulled

    def changes(self, leaving: dict[str, Leaving] | None = None) -> list[tuple[str, str, str]]:
        """What a pull brings, in order of the site: (table, id, op)."""
        return self.pull(leaving).changes.select("table_name", "record_id", "op").rows()

    def log(self) -> list[tuple[str, str, str]]:
        sql = "select table_name, record_id, op from supplysync_change_log order by seq"
        return self.db.execute(sql)

    def sending(
        self,
        folder: Path,
        upserts: dict[str, pl.DataFrame] | None = None,
        deletes: list[tuple[str, str]] | None = None,
        *,
        number: int | None = None,
    ) -> change_set.ChangeSet:
        self.number = self.number + 1 if number is None else number
        made = change_set.write_change_set(
            folder,
            site_id=self.identity.site_id,
            site_code=self.identity.site_code,
            number=self.number,
            from_seq=0,
            to_seq=self.number,
            upserts=upserts or {},
            deletes=RecordKey.of(deletes or []),
        )
        return change_set.read_change_set(made.path)

    def deliver(self, sent: change_set.ChangeSet, **changed: Any) -> Answer:
        assert self.since is not None
        arguments: dict[str, Any] = {"schema": self.schema, "pulled": self.since, "expected": self.identity, "now": NOW}
        return deliver.deliver(self.db, sent, **(arguments | changed))


@pytest.fixture
def schema() -> Schema:
    return Schema(TABLES, REFERENCES)


def make_small_tables(db: SiteDatabase) -> None:
    """The tables of these tests, as a program would make them."""
    type_of = db.dialect().type_compiler_instance.process
    ddl = DDL.format(date=type_of(sa.Date()), time=type_of(sa.DateTime(timezone=True)))
    db.script(statement for statement in ddl.split(";"))


@contextmanager
def made_site(url: str, schema: Schema, *, site_id: int = 2) -> Iterator[Site]:
    with open_site(url, Path()) as db:
        make_small_tables(db)
        who = identity.claim(db, site_id, f"site_{site_id}", database_uuid=f"uuid-{site_id}")
        triggers.install(db, schema)
        yield Site(db, url, schema, who)


@pytest.fixture(scope="session")
def small_originals(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Callable[[str], str]:
    """A callable that gives the URL of a database of an engine with these tables, captured and empty, to be copied."""
    made: dict[str, str] = {}
    databases = ExitStack()  # never closed: they go with their folder and their server

    def original(engine: str) -> str:
        if engine not in made:
            database = EMPTY_DATABASES[engine](
                tmp_path_factory.mktemp("small"), "small", lambda: request.getfixturevalue("postgres_server")
            )
            made[engine] = databases.enter_context(database)
            with open_site(made[engine], Path()) as db:
                make_small_tables(db)
                triggers.install(db, Schema(TABLES, REFERENCES))
        return made[engine]

    return original


@pytest.fixture
def new_small_site(
    tmp_path: Path, small_originals: Callable[[str], str], schema: Schema, request: pytest.FixtureRequest
) -> Iterator[Callable[[str], Site]]:
    """A callable that makes a site of its own with these tables: a copy, which takes a part of the time."""
    with ExitStack() as opened:

        def make(engine: str) -> Site:
            database = COPIES[engine](
                small_originals(engine), tmp_path, f"small_{next(_NUMBERS)}",
                lambda: request.getfixturevalue("postgres_server"),
            )  # fmt: skip
            url = opened.enter_context(database)
            db = opened.enter_context(open_site(url, Path()))
            return Site(db, url, schema, identity.claim(db, 2, "site_2", database_uuid="uuid-2"))

        yield make


@pytest.fixture(params=list(ENGINES))
def site(request: pytest.FixtureRequest, new_small_site: Callable[[str], Site]) -> Site:
    """A site with empty tables, on each engine."""
    return new_small_site(request.param)


@pytest.fixture
def sqlite_site(new_small_site: Callable[[str], Site]) -> Site:
    return new_small_site("sqlite")


@pytest.fixture
def postgresql_site(new_small_site: Callable[[str], Site]) -> Site:
    return new_small_site("postgresql")


REFERENCE_LEAVING = {table: Leaving(table) for table in SCHEMA.tables}


@contextmanager
def made_reference_site(url: str) -> Iterator[Site]:
    with open_site(url, Path()) as db:
        create(db)
        who = identity.claim(db, 2, "site_2", database_uuid="uuid-2")
        triggers.install(db, SCHEMA)
        yield Site(db, url, SCHEMA, who)


@pytest.fixture(params=list(ENGINES))
def reference_site(request: pytest.FixtureRequest, new_captured_site) -> Iterator[Site]:
    """A site with the reference tables, empty, on each engine."""
    url = new_captured_site(request.param)
    with open_site(url, Path()) as db:
        yield Site(db, url, SCHEMA, identity.claim(db, 2, "site_2", database_uuid="uuid-2"))
