"""What large downloads cost a server, and the people who look at pages meanwhile: `python -m bench.downloads`.

Limits: no process above 300 MB, no page above 300 ms. `--kept FOLDER` takes a network that was made there before.
`--readers 50`: so many people read pages while the largest download is made and the next snapshot is written.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bench.floors.clock import timed
from bench.networks.large_network import published_network

DOWNLOADS = (
    "item_usage_monthly.csv",
    "item_usage_monthly.json",
    "item_usage_monthly.parquet",
    "stock_on_hand.xlsx",
)
LOOKED_AT = ("/", "/stock", "/stock/list", "/expiry", "/usage", "/sync")
_PIECE = 1 << 16
_SERVE = """
import sys
from pathlib import Path
from dashboard.access.door import SignIn
from dashboard.server import serve
serve(Path(sys.argv[1]), "localhost", int(sys.argv[2]), (), SignIn())
"""
_PUBLISH = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from sites.schema import SCHEMA
from warehouse.connection import open_warehouse
from warehouse.snapshots.publish import publish
folder = Path(sys.argv[1])
with open_warehouse(folder / "working.duckdb", SCHEMA) as con:
    publish(con, folder / "published", SCHEMA, now=datetime.now(UTC), full=True)
"""


@dataclass
class MeasuredDownload:
    """One download: seconds, bytes, the most MB that the server and the process that made it held, pages meanwhile."""

    name: str
    seconds: float = 0.0
    size: int = 0
    server: float = 0.0
    process: float = 0.0
    pages: list[float] = field(default_factory=list)


@contextmanager
def served(published: Path, port: int) -> Iterator[subprocess.Popen[bytes]]:
    """A server of its own over the snapshots, which answers."""
    process = subprocess.Popen([sys.executable, "-c", _SERVE, str(published), str(port)])
    try:
        while not _answers(port):
            if process.poll() is not None:
                raise RuntimeError("the server did not start; what it said is above")
            time.sleep(0.05)
        yield process
    finally:
        process.terminate()
        process.wait()


def measure_download(server: int, port: int, name: str) -> MeasuredDownload:
    """A download; until it is there, pages one after the other."""
    found = MeasuredDownload(name)

    def load() -> None:
        began = time.perf_counter()
        found.size = _get(port, f"/export/{name}")
        found.seconds = time.perf_counter() - began

    loading = threading.Thread(target=load)
    loading.start()
    while loading.is_alive():
        for page in LOOKED_AT:
            began = time.perf_counter()
            _get(port, page)
            found.pages.append(time.perf_counter() - began)
            found.server = max(found.server, _megabytes(server))
            found.process = max([found.process, *(_megabytes(child) for child in _children(server))])
    return found


@dataclass
class MeasuredCrowd:
    """People who read while a download and a publication run: seconds of each, MB that the server held, seconds of the
    processor that it took, which others on the machine do not lengthen, and seconds of each page."""

    readers: int
    download: float = 0.0
    publication: float = 0.0
    server: float = 0.0
    processor: float = 0.0
    pages: list[float] = field(default_factory=list)


def measure_crowd(server: int, port: int, folder: Path, readers: int, pause: float) -> MeasuredCrowd:
    """Each reader opens a page and waits ``pause`` seconds, until the download is there and the snapshot written; the
    first page of each after a part of that time, so that they do not ask at once."""
    found, is_over, used = MeasuredCrowd(readers), threading.Event(), _processor(server)

    def read(number: int) -> None:
        is_over.wait(pause * number / readers)
        while not is_over.is_set():
            page = LOOKED_AT[(number + len(found.pages)) % len(LOOKED_AT)]
            found.pages.append(timed(partial(_get, port, page))[1])
            is_over.wait(pause)

    with ThreadPoolExecutor(readers + 2) as threads:
        reading = [threads.submit(read, number) for number in range(readers)]
        download = threads.submit(timed, lambda: _get(port, f"/export/{DOWNLOADS[0]}"))
        publication = threads.submit(
            timed, lambda: subprocess.run([sys.executable, "-c", _PUBLISH, str(folder)], check=True)
        )
        try:
            found.download, found.publication = download.result()[1], publication.result()[1]
        finally:
            is_over.set()
        for one in reading:
            one.result()
    found.server, found.processor = _megabytes(server), _processor(server) - used
    return found


def crowd_line(found: MeasuredCrowd) -> str:
    """What they met, in a line."""
    times = sorted(1000 * seconds for seconds in found.pages)
    at = {share: f"{times[min(len(times) - 1, int(len(times) * share))]:,.0f} ms" for share in (0.5, 0.95, 1)}
    return (
        f"{found.readers} readers, a download ({found.download:.0f} s) and a publication ({found.publication:.0f} s): "
        f"{len(times)} pages, half within {at[0.5]}, 95 % within {at[0.95]}, the longest {at[1]}; "
        f"{1000 * found.processor / len(times):.0f} ms of the processor each; the server holds {found.server:.0f} MB"
    )


def _processor(process: int) -> float:
    """Seconds of the processor that it took, without those of its children."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _answers(port: int) -> bool:
    try:
        _get(port, "/healthz")
    except OSError:
        return False
    return True


def _get(port: int, path: str) -> int:
    size = 0
    with urllib.request.urlopen(f"http://localhost:{port}{path}") as response:
        while piece := response.read(_PIECE):
            size += len(piece)
    return size


def _children(process: int) -> Sequence[int]:
    return [int(one) for one in Path(f"/proc/{process}/task/{process}/children").read_text().split()]


def _megabytes(process: int) -> float:
    """The most memory that it ever held; 0 where it has gone."""
    try:
        status = Path(f"/proc/{process}/status").read_text()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in status.splitlines() if line.startswith("VmHWM")), 0.0)


def download_table(found: Sequence[MeasuredDownload]) -> Table:
    """A row a download."""
    table = Table(title="Downloads, and pages meanwhile", title_justify="left", box=None)
    for heading in ("download", "s", "MB", "server holds MB", "process holds MB", "pages", "median ms", "longest ms"):
        table.add_column(heading, justify="left" if heading == "download" else "right")
    for one in found:
        figures = [f"{one.seconds:.1f}", f"{one.size / 1e6:,.0f}", f"{one.server:.0f}", f"{one.process:.0f}"]
        times = [1000 * seconds for seconds in sorted(one.pages)]
        table.add_row(one.name, *figures, str(len(times)), f"{times[len(times) // 2]:.0f}", f"{times[-1]:.0f}")
    return table


def _main() -> None:
    """Makes the network, serves it, measures, prints the table."""
    parser = argparse.ArgumentParser(description="Large downloads: memory, and pages meanwhile. Linux only.")
    parser.add_argument("--stores", type=int, default=400)
    parser.add_argument("--items", type=int, default=800)
    parser.add_argument("--port", type=int, default=8619)
    parser.add_argument("--kept", type=Path)
    parser.add_argument("--readers", type=int, default=0, help="people who read while a snapshot is written")
    parser.add_argument("--pause", type=float, default=5.0, help="seconds that each of them looks at a page")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="supplysync-bench-") as place:
        folder = options.kept or Path(place)
        if not (folder / "published").exists():
            folder.mkdir(parents=True, exist_ok=True)
            with published_network(folder, options.stores, options.items):
                pass
        with served(folder / "published", options.port) as server:
            for page in LOOKED_AT:
                _get(options.port, page)
            if options.readers:
                crowd = measure_crowd(server.pid, options.port, folder, options.readers, options.pause)
                print(crowd_line(crowd))
                return
            found = [measure_download(server.pid, options.port, name) for name in DOWNLOADS]
    Console(width=120).print(download_table(found))


if __name__ == "__main__":
    _main()
