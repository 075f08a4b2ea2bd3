"""What large downloads cost a server, and the people who look at pages meanwhile: `python -m bench.downloads`.

Limits: no process above 300 MB, no page above 300 ms. `--kept FOLDER` takes a network that was made there before.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bench.large_network import published_network

DOWNLOADS = (
    "item_usage_monthly.csv",
    "item_usage_monthly.json",
    "item_usage_monthly.parquet",
    "stock_on_hand.xlsx",
)
LOOKED_AT = ("/", "/stock", "/stock/list", "/expiry", "/usage", "/sync")
_PIECE = 1 << 16


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
    words = f"from pathlib import Path; from dashboard.server import serve; serve(Path({str(published)!r}), 'localhost'"
    process = subprocess.Popen([sys.executable, "-c", f"{words}, {port})"])
    try:
        while process.poll() is None:
            try:
                _get(port, "/healthz")
                break
            except OSError:
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
            found = [measure_download(server.pid, options.port, name) for name in DOWNLOADS]
    Console(width=120).print(download_table(found))


if __name__ == "__main__":
    _main()
