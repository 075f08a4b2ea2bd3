"""The process that makes a large download: it reads on stdin which, and writes the file to stdout.

It has the machine after everybody else, one thread, and a bound on what DuckDB keeps: who looks at pages meanwhile does
not notice.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from dashboard.downloads.download import Download
from dashboard.downloads.pack import PackDownload, PackPart
from warehouse.connection import read_only
from warehouse.snapshots.current import PublishedEarlier, told_of_version

MEMORY = "24MB"
MEMORY_TO_SORT = "96MB"
"""What is ordered otherwise than the report is sorted first; what has no room is put on disk."""
EARLIER = 3
"""The exit code where an earlier version published the snapshot, which lacks what the download needs."""
_NICENESS = 10


def _read(said: dict[str, Any]) -> Download | PackDownload:
    if said.pop("kind", "") != "pack":
        return Download(**said)
    parts, stores = [PackPart(**part) for part in said["parts"]], PackPart(**said["stores"])
    return PackDownload(**{**said, "parts": parts, "stores": stores})


def main() -> int:
    """Makes the download; exit code 1 where whoever reads it has gone."""
    asked = _read(json.load(sys.stdin))
    os.nice(_NICENESS)
    memory = MEMORY_TO_SORT if getattr(asked, "order", "") else MEMORY
    try:
        with (
            TemporaryDirectory() as folder,
            read_only(Path(asked.path), memory, Path(folder) / "spill") as con,
            open(sys.stdout.fileno(), "wb", closefd=False) as out,
            told_of_version(con),
        ):
            asked.write_to(out, con)
    except BrokenPipeError:
        return 1
    except PublishedEarlier:
        return EARLIER
    return 0


if __name__ == "__main__":
    sys.exit(main())
