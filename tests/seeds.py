"""How many seeds the random tests of `make test-long` play: a few each, so that it ends within the hour.

``SUPPLYSYNC_SEEDS=all`` plays all that each has, ``SUPPLYSYNC_SEEDS=50`` as many of each, further ones too.
"""

from __future__ import annotations

import os

VARIABLE = "SUPPLYSYNC_SEEDS"


def seeds(few: int, every: int, *, since: int = 0) -> range:
    """The seeds of a test from ``since`` on: ``few`` of them, unless more are asked for."""
    asked = os.environ.get(VARIABLE, "")
    if asked and asked != "all" and not asked.isdecimal():
        raise ValueError(f"{VARIABLE} is `{asked}`; allowed is `all`, or a number of seeds for each random test")
    number = int(asked) if asked.isdecimal() else every if asked else few
    return range(since, since + number)
