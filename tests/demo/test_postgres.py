"""B13: a PostgreSQL server of our own, whoever runs it and wherever its data is."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from demo.network.postgres import PostgresServer
from demo.network.postgres_process import PostgresNotStartedError
from sites.engines.connection import SiteFailed, Unreachable, open_site

ROOT = Path(__file__).parents[2]


@pytest.fixture
def data(tmp_path):
    """A place for databases that nobody else may enter, as a home folder is."""
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    yield home / "postgres"
    # for root the databases are elsewhere, behind a link
    shutil.rmtree((home / "postgres").resolve(), ignore_errors=True)


def number(url: str) -> int:
    with open_site(url, Path()) as db:
        return int(db.execute("select n from t")[0][0])


def test_b13_databases_are_kept_from_one_start_to_the_next(data):
    with PostgresServer(data) as server:
        with open_site(server.create_database("a"), Path()) as db:
            db.execute("create table t as select 42 as n")
        url = server.url("a")
    with pytest.raises(Unreachable):
        number(url)
    with PostgresServer(data) as server:
        assert server.databases() == ("a",)
        assert number(server.url("a")) == 42
        server.drop_database("a")
        assert server.databases() == ()


def test_b13_a_server_that_runs_already_is_used_and_left_running(data):
    with PostgresServer(data) as first:
        first.create_database("a")
        with PostgresServer(data) as second:
            assert second.databases() == ("a",)
        assert first.databases() == ("a",)


def test_b13_it_listens_on_this_machine_only_if_told(tmp_path):
    with PostgresServer(tcp=True) as server:
        assert "127.0.0.1:" in server.url("a")
        assert listens_on(server.create_database("a")) == "127.0.0.1"
    with PostgresServer() as server:
        assert listens_on(server.create_database("a")) == ""


def listens_on(url: str) -> str:
    with open_site(url, Path()) as db:
        return str(db.execute("show listen_addresses")[0][0])


def test_b13_nothing_is_left_of_a_temporary_server():
    with PostgresServer() as server:
        folder = Path(server.url("x").rpartition("host=")[2])
        assert folder.exists()
    assert not folder.exists()


def test_b13_it_stops_with_a_process_that_is_killed(data):
    script = (
        "import sys, time; from pathlib import Path; from demo.network.postgres import PostgresServer\n"
        "server = PostgresServer(Path(sys.argv[1])); server.start()\n"
        "print(server.create_database('a'), flush=True); time.sleep(60)"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", script, str(data)], stdout=subprocess.PIPE, text=True, env={"PYTHONPATH": str(ROOT)}
    )
    assert process.stdout is not None
    url = process.stdout.readline().strip()
    process.send_signal(signal.SIGKILL)
    process.wait()
    until = time.monotonic() + 20
    while time.monotonic() < until:
        try:
            with open_site(url, Path()):
                time.sleep(0.05)
        except (Unreachable, SiteFailed):
            break
    else:
        pytest.fail("the server still runs")
    with PostgresServer(data) as server:
        assert server.databases() == ("a",)


# for root alone databases are elsewhere, behind a link
@pytest.mark.parametrize(
    "is_behind_a_link", [False] if os.geteuid() else [pytest.param(False, marks=pytest.mark.long), True]
)
def test_b13_databases_of_a_folder_that_was_copied_are_a_copy(is_behind_a_link):
    """By whatever it was copied, though the first one ran: neither sees what the other does."""
    with tempfile.TemporaryDirectory() as folder:
        first, second = Path(folder) / "first", Path(folder) / "second"
        first.mkdir()
        Path(folder).chmod(0o700 if is_behind_a_link else 0o755)
        with PostgresServer(first / "postgres") as server:
            with open_site(server.create_database("a"), Path()) as db:
                db.execute("create table t as select 42 as n")
            running = (first / "postgres/postmaster.pid").read_bytes()
        shutil.copytree(first, second, symlinks=True)
        with PostgresServer(first / "postgres") as server:
            if is_behind_a_link:
                with pytest.raises(PostgresNotStartedError, match="is a copy of runs: stop what works there"):
                    PostgresServer(second / "postgres").start()
            else:
                first_note = (first / "postgres/postmaster.pid").read_bytes()
                assert first_note != running
                (second / "postgres/postmaster.pid").write_bytes(first_note)
                changed_in_each(first, second)
        changed_in_each(first, second)
        for one in (first, second):
            shutil.rmtree((one / "postgres").resolve())


def changed_in_each(first: Path, second: Path) -> None:
    """Neither has what is made in the other."""
    with PostgresServer(second / "postgres") as copy, PostgresServer(first / "postgres") as server:
        assert number(copy.url("a")) == number(server.url("a")) == 42
        copy.create_database("b")
        assert (copy.databases(), server.databases()) == (("a", "b"), ("a",))
        copy.drop_database("b")
