"""The store of the demo that moves, and the site that falls silent."""

from __future__ import annotations

import re
from pathlib import Path

MOVED, OLD_SITE, NEW_SITE = "D", "remote_2", "remote_1"
"""Dunmore Dispensary, from Cedar Valley to Bayview."""
SILENT_SITE = "lakeside"
"""The site that does not answer when the demo ends."""


def ask_for_move(folder: Path) -> None:
    """Writes into topology.toml that the store is to be active elsewhere."""
    file = folder / "topology.toml"
    text = file.read_text(encoding="utf-8")
    wanted = re.sub(rf'(code = "{MOVED}"\nactive_on = )"{OLD_SITE}"', rf'\1"{NEW_SITE}"', text)
    file.write_text(wanted, encoding="utf-8")
