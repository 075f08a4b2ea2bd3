"""B1, B12, S2, S4: how site databases are opened, and what goes wrong in words."""

from __future__ import annotations

import subprocess
import sys
import textwrap
import traceback
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

from sites.engines.connection import SiteFailed, Unreachable, open_site, quote
from sites.engines.postgresql.connection import Session
from tests.sites.silent_line import SilentLine

HERE = Path()
FOREIGN = textwrap.dedent(
    """
    import sqlite3, sys
    try:
        with sqlite3.connect(sys.argv[1], timeout=0.2) as people:
            people.execute("insert into item values ('foreign')")
    except sqlite3.OperationalError as error:
        sys.exit(str(error))
    """
)


def foreign_write(url: str) -> str:
    """What another process with another SQLite library is told when it writes; '' when it may."""
    file = url.removeprefix("sqlite:///")
    done = subprocess.run([sys.executable, "-c", FOREIGN, file], capture_output=True, text=True, check=False)
    return done.stderr.strip()


@pytest.mark.parametrize("journal", ["wal", "delete"])
def test_b1_another_process_cannot_write_while_we_do(new_site, journal):
    url = new_site("sqlite")
    with open_site(url, HERE) as db:
        db.execute(f"pragma journal_mode = {journal}")
        db.execute("create table item (id text primary key)")
        with db.transaction(write=True):
            db.execute("insert into item values ('ours')")
            # opening and closing the file once more must not drop the lock we hold
            with open_site(url, HERE) as reader:
                reader.execute("select count(*) from sqlite_master")
            assert "locked" in foreign_write(url)
        assert foreign_write(url) == ""
        assert db.execute("select id from item order by id") == [("foreign",), ("ours",)]
        assert db.execute("pragma integrity_check") == [("ok",)]


def test_b12_a_missing_file_is_unreachable_and_not_made(tmp_path):
    with (
        pytest.raises(Unreachable, match=r"no file `sites/none\.sqlite`"),
        open_site("sqlite:///sites/none.sqlite", tmp_path),
    ):
        pytest.fail("opened")
    assert list(tmp_path.iterdir()) == []


def test_b17_a_relative_path_starts_from_the_folder(tmp_path):
    with open_site("sqlite:///odd%20name#%3F.sqlite", tmp_path, create=True) as db:
        db.execute("create table t (id text)")
        assert db.execute("pragma journal_mode") == [("wal",)]
    assert [path.name for path in tmp_path.iterdir()] == ["odd name#?.sqlite"]


@pytest.mark.parametrize("kind", ["text", "folder"])
def test_b12_what_is_no_database_failed(tmp_path, kind):
    place = tmp_path / "x.sqlite"
    place.write_text("hello, world\n" * 1000) if kind == "text" else place.mkdir()
    with pytest.raises(SiteFailed), open_site("sqlite:///x.sqlite", tmp_path):
        pytest.fail("opened")


@pytest.mark.parametrize(
    ("url", "kind", "words"),
    [
        ("postgresql://ann:hunter2@127.0.0.1:1/x", Unreachable, "connection refused"),
        ("postgresql+psycopg://ann:hunter2@no-such-host.invalid/x", Unreachable, "name is not known"),
        ("postgresql://ann:hunter2@/x?host=/nowhere", Unreachable, "no server listens"),
        ("postgresql://ann:hunter2@127.0.0.1:1/x?nonsense=1", SiteFailed, "url"),
        ("mysql://ann:hunter2@host/x", SiteFailed, "`mysql` is not known; allowed: sqlite, postgresql"),
        ("hunter2", SiteFailed, "cannot be read"),
        ("sqlite://", SiteFailed, "is a file"),
        ("sqlite:///:memory:", SiteFailed, "is a file"),
    ],
)
def test_b12_s2_every_refusal_has_its_kind_and_no_secret(url, kind, words):
    with pytest.raises(kind, match=words) as refused, open_site(url, HERE, timeout_s=2):
        pytest.fail("opened")
    assert "hunter2" not in str(refused.value)
    assert "hunter2" not in "".join(traceback.format_exception(refused.value))


def test_b12_an_unknown_database_or_role_failed(postgres_server):
    for url in (postgres_server.url("nowhere"), postgres_server.url("postgres").replace("supplysync@", "nobody@")):
        with pytest.raises(SiteFailed, match="does not exist"), open_site(url, HERE):
            pytest.fail("opened")


def test_b12_a_lock_held_too_long_is_unreachable(site_url):
    with open_site(site_url, HERE) as holder, open_site(site_url, HERE, timeout_s=0.2) as other:
        holder.execute("create table item (id text primary key)")
        holder.execute("insert into item values ('a')")
        with holder.transaction(write=True):
            holder.execute("update item set id = 'b'")
            with pytest.raises(Unreachable), other.transaction(write=True):
                other.execute("update item set id = 'c'")


def test_b12_a_server_that_went_away_is_unreachable(new_site, postgres_server):
    url = new_site("postgresql")
    with open_site(url, HERE) as db, open_site(url, HERE) as other:
        (process,) = db.execute("select pg_backend_pid()")[0]
        other.execute("select pg_terminate_backend(?)", (process,))
        with pytest.raises(Unreachable):
            db.execute("select 1")


def test_m4_a_transaction_is_all_or_nothing_and_leaves_the_connection_usable(site_url):
    with open_site(site_url, HERE) as db:
        db.execute("create table item (id text primary key)")
        with pytest.raises(ZeroDivisionError), db.transaction(write=True):  # noqa: PT012 - the error is the transaction's
            db.execute("insert into item values ('a')")
            raise ZeroDivisionError
        with pytest.raises(SiteFailed), db.transaction(write=True):  # noqa: PT012 - the error is the transaction's
            db.execute("insert into item values ('a')")
            db.execute("insert into item values ('a')")
        with db.transaction(write=True):
            db.execute("insert into item values ('b')")
        assert db.execute("select id from item") == [("b",)]


def test_p2_a_read_transaction_cannot_write_on_postgresql(new_site):
    with open_site(new_site("postgresql"), HERE) as db:
        db.execute("create table item (id text primary key)")
        with pytest.raises(SiteFailed, match="read-only"), db.transaction(write=False):
            db.execute("insert into item values ('a')")


def test_s4_values_are_parameters_and_question_marks_in_text_stay(site_url):
    with open_site(site_url, HERE) as db:
        assert db.execute("select '? 100%', ?, 'it''s ?', ?", ("'; drop table x; --", 2)) == [
            ("? 100%", "'; drop table x; --", "it's ?", 2)
        ]
        found = db.read("select '50% ?' as a, cast(? as varchar) as b", ("%s ?",), columns=["a", "b"])
        assert found.rows() == [("50% ?", "%s ?")]


@pytest.mark.parametrize("name", ['a"b', "A", "1a", "", "a b", "a;--", "é", "a\n"])
def test_s4_odd_names_are_refused(name):
    with pytest.raises(ValueError, match="not a name"):
        quote(name)


TEXTS = ["", None, " ", ",", '"', "\n", "\r\n", "\\.", "\\N", "NULL", "null", "a\tb", "é☃𝄞", "'", "''", '""', "%s", "?"]


def test_m1_read_gives_every_text_as_it_is(site_url):
    frame = pl.DataFrame({"id": [f"{n:03d}" for n in range(len(TEXTS))], "a": TEXTS, "b": TEXTS[::-1]})
    with open_site(site_url, HERE) as db:
        db.execute("create table item (id text primary key, a text, b text)")
        db.insert_rows("item", frame)
        assert db.read("select id, a, b from item order by id", columns=["id", "a", "b"]).equals(frame)
        assert db.read("select a from item order by id", columns=["a"]).equals(frame.select("a"))
        assert db.read("select a from item where id = 'x'", columns=["a"]).equals(frame.select("a").clear())


def test_m1_many_rows_with_line_ends_in_them_arrive_whole(site_url):
    """Large enough that a reader which splits its input among threads must not split inside a text."""
    count = 60_000
    text = [None if n % 7 == 0 else f'"{n},\n' + "x\r\n" * (n % 9) for n in range(count)]
    frame = pl.DataFrame({"id": [f"{n:06d}" for n in range(count)], "a": text})
    with open_site(site_url, HERE) as db:
        db.execute("create table item (id text primary key, a text)")
        with db.transaction(write=True):
            db.insert_rows("item", frame)
        assert db.read("select id, a from item order by id", columns=["id", "a"]).equals(frame)


def test_m1_a_first_row_of_nulls_misleads_nobody(site_url):
    frame = pl.DataFrame(
        {
            "id": [f"{n:05d}" for n in range(3000)],
            "n": [None] * 2999 + [1.25],
            "t": [None] * 2999 + [datetime(2026, 1, 2, tzinfo=UTC)],
        },
        schema_overrides={"n": pl.Decimal(18, 6), "t": pl.Datetime("us", "UTC")},
    )
    with open_site(site_url, HERE) as db:
        time = "text" if db.engine == "sqlite" else "timestamptz"
        db.execute(f"create table item (id text primary key, n numeric(15, 6), t {time})")
        db.insert_rows("item", frame)
        last = db.read("select id, n, t from item order by id", columns=["id", "n", "t"]).row(-1)
    assert last[1].startswith("1.25")
    assert last[2].startswith("2026-01-02")


def test_b9_text_that_is_not_utf8_is_marked_not_lost(new_site):
    with open_site(new_site("sqlite"), HERE) as db:
        found = db.read("select cast(x'61ff' as text) as a union all select 'é'", columns=["a"])
        assert found["a"].to_list() == ["\0a\\xff", "é"]


@pytest.fixture
def line(postgresql_site, tmp_path_factory) -> Iterator[tuple[SilentLine, str]]:
    """A line to a site's server, and the site's URL over it."""
    before = postgresql_site.url.rpartition("host=")[2]
    folder = tmp_path_factory.mktemp("line")
    [server] = [path for path in Path(before).iterdir() if path.name.startswith(".s.PGSQL") and path.suffix != ".lock"]
    line = SilentLine(server, folder)
    yield line, postgresql_site.url.replace(before, str(folder))
    line.close()


@pytest.mark.parametrize("write", [False, True])
def test_p7_a_server_that_goes_silent_is_waited_for_no_longer_than_the_bound(line, monkeypatch, write):
    monkeypatch.setattr(Session, "READING_S", 0.3)
    monkeypatch.setattr(Session, "WRITING_S", 0.3)
    silent, url = line

    def ask_twice() -> None:
        with open_site(url, HERE) as db, db.transaction(write=write):
            assert db.execute("select 1") == [(1,)]
            silent.is_silent.set()
            db.execute("select 2")

    with pytest.raises(Unreachable, match="the server said nothing for 0 s"):
        ask_twice()


def test_p7_a_server_that_is_silent_at_once_is_unreachable(line):
    silent, url = line
    silent.is_silent.set()
    with pytest.raises(Unreachable, match="no answer in time"), open_site(url, HERE, timeout_s=1):
        pass


def test_p7_an_exchange_that_goes_on_is_not_cut(line, monkeypatch):
    """Each block comes in time; all of them together take longer than the bound."""
    monkeypatch.setattr(Session, "READING_S", 0.5)
    _, url = line
    slowly = "select n, pg_sleep(0.05) from generate_series(1, 20) as n"
    with open_site(url, HERE) as db, db.transaction(write=False):
        rows = db.read(f"select n::text, repeat('x', 20000) as x from ({slowly}) as s", columns=["n", "x"])
    assert len(rows) == 20


@pytest.mark.parametrize(
    ("sql", "words"),
    [
        ("select shelf from item", "no such column: shelf"),
        ("select * from nope", "no such table: nope"),
        ("insert into item (id, name) values ('i1', 'a')", "no: closed: on Sundays"),
        ("selct", 'near "selct": syntax error'),
    ],
)
def test_an_error_keeps_the_words_of_sqlite_and_drops_the_statement(sqlite_site, sql, words):
    sqlite_site.db.execute(
        "create trigger closed before insert on item begin select raise(abort, 'no: closed: on Sundays'); end"
    )
    with pytest.raises(SiteFailed) as told:
        sqlite_site.db.execute(sql)
    assert str(told.value) == words
