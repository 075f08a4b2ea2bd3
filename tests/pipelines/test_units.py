"""What the units for systemd begin, begun as systemd does: it serves, ends when it is told to, and begins again after
it was killed."""

from __future__ import annotations

import getpass
import os
import pwd
import shlex
import signal
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from central import cycle_file
from demo.network.postgres_process import free_port
from tests.central.small_network import Network
from tests.pipelines.conftest import Said, cycle
from tests.pipelines.test_deployment import unit

Command = Callable[..., Said]

PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
STOPPED = (0, -signal.SIGTERM)
"""How what is told to stop may end, so that systemd says that it did well."""


def units(network: Network, command: Command, folder: Path) -> tuple[dict[str, Path], dict[str, str]]:
    """The units of the two services, and the address that each answers at."""
    pages, dagster = free_port(), free_port()
    said = command(
        "deployment", "-o", folder, "--backups", folder / "backups", "--user", getpass.getuser(), "--name",
        "sync.example.org", "--pages-port", pages, "--dagster-port", dagster, "-C", network.folder,
    )  # fmt: skip
    assert said.code == 0, said.err
    files = {name: folder / f"systemd/supplysync-{name}.service" for name in ("pages", "dagster")}
    addresses = {
        "pages": f"http://127.0.0.1:{pages}/healthz",
        "dagster": f"http://127.0.0.1:{dagster}/server_info",
    }
    return files, addresses


@contextmanager
def begun(file: Path) -> Iterator[subprocess.Popen[bytes]]:
    """What a unit begins, with the environment, folder, mask and input that systemd gives; killed at the end with all
    that it began, as a stop that took too long would be."""
    service = unit(file)["Service"]
    account = pwd.getpwnam(service["User"])
    environment = {
        "PATH": PATH, "LANG": "C.UTF-8", "HOME": account.pw_dir, "USER": account.pw_name, "LOGNAME": account.pw_name,
        "SHELL": account.pw_shell, "INVOCATION_ID": "0" * 32,
    }  # fmt: skip
    folder = Path(service["WorkingDirectory"])
    with (file.parent / "journal").open("ab") as journal:
        process = subprocess.Popen(
            shlex.split(service["ExecStart"].replace("%%", "%")), env=environment, cwd=folder, stdin=subprocess.DEVNULL,
            stdout=journal, stderr=journal, umask=int(service["UMask"], 8), start_new_session=True,
        )  # fmt: skip
    try:
        yield process
    finally:
        for pid in (process.pid, *working_in(folder)):
            if pid != process.pid or process.poll() is None:
                os.kill(pid, signal.SIGKILL)
        process.wait()


def working_in(folder: Path) -> list[int]:
    """The processes that were told to work in a project folder by their environment."""
    told = f"SUPPLYSYNC_PROJECT={folder.resolve()}\0".encode()
    found = []
    for place in Path("/proc").glob("[0-9]*"):
        try:
            is_told = told in (place / "environ").read_bytes()
        except OSError:  # it is gone, or another's
            continue
        if is_told and int(place.name) != os.getpid():
            found.append(int(place.name))
    return found


def wait_until(holds: Callable[[], bool], seconds: float) -> None:
    until = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < until
        time.sleep(0.2)


def answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(address, timeout=5) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


@pytest.mark.long
@pytest.mark.parametrize("name", ["pages", "dagster"])
def test_a_service_serves_stops_and_begins_again(name: str, synced: Network, command: Command, tmp_path: Path) -> None:
    cycle(synced, is_published=True)
    files, addresses = units(synced, command, tmp_path / "deployment")
    patience = int(unit(files[name])["Service"].get("TimeoutStopSec", "90"))
    for told in (signal.SIGKILL, signal.SIGTERM, signal.SIGTERM):  # systemd begins it again, each time
        with begun(files[name]) as process:
            wait_until(lambda: answers(addresses[name]), 90)
            process.send_signal(told)
            code = process.wait(timeout=patience)
            assert code in (STOPPED if told is signal.SIGTERM else (-signal.SIGKILL,))
            if told is signal.SIGTERM:
                wait_until(lambda: not working_in(synced.folder), 10)
                assert not answers(addresses[name])


@pytest.mark.long
def test_the_service_of_cycles_runs_one_when_it_is_due_and_ends_in_the_middle_of_it(
    network: Network, command: Command, tmp_path: Path
) -> None:
    """What was never synchronised is due at once. A stop may come at any moment: the next cycle goes on."""
    files, addresses = units(network, command, tmp_path / "deployment")
    pulls = network.project.pulls
    with begun(files["dagster"]) as process:
        wait_until(lambda: answers(addresses["dagster"]), 90)
        wait_until(lambda: cycle_file.last_number(pulls) == 1, 180)
        process.terminate()
        assert process.wait(timeout=int(unit(files["dagster"])["Service"]["TimeoutStopSec"])) == 0
    assert command("sync", "-C", network.folder).code == 0
    assert network.rows("north", "item", "id") == [("amoxicillin",), ("paracetamol",)]
