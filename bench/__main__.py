"""All benchmarks, one after the other: `python -m bench`, or `python -m bench --quick` in some two minutes.

The quick ones say whether something became slow by an order; figures to be written down are those of the whole.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Mapping, Sequence

_QUICK: Mapping[str, Sequence[str]] = {
    "stages": ("--lines", "20000", "--rounds", "1"),
    "fleet": ("--sites", "200"),
    "growth": ("--rows", "50000", "200000", "--edited", "5000"),
    "idle": ("--sites", "10"),
    "capture": ("--rounds", "1"),
    "incremental": ("--lines", "50000", "--changes", "10", "1000"),
    "startup": ("--sites", "5", "--rounds", "1"),
    "downloads": ("--stores", "6", "--items", "14", "--readers", "5", "--pause", "0.5"),
    "publish": ("--gigabytes", "0.05", "--shares", "0.0001", "0.01"),
}
_WHOLE: Mapping[str, Sequence[str]] = {
    **dict.fromkeys(_QUICK, ()),
    "whole": (),
    "pages": (),
}


def _main() -> int:
    """Runs each in a process of its own; 1 where one failed."""
    parser = argparse.ArgumentParser(description="All benchmarks, one after the other.")
    parser.add_argument("--quick", action="store_true", help="Small networks, one round.")
    asked = _QUICK if parser.parse_args().quick else _WHOLE
    codes = [
        subprocess.run([sys.executable, "-m", f"bench.{name}", *given]).returncode for name, given in asked.items()
    ]
    return int(any(codes))


if __name__ == "__main__":
    sys.exit(_main())
