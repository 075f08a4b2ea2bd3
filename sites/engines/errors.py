"""The two ways in which a site can let central down (B12)."""

from __future__ import annotations


class Unreachable(Exception):
    """The site did not answer: refused, timeout, DNS, missing SQLite file, locked too long (B12)."""


class SiteFailed(Exception):
    """The site answered, but the work cannot be done; the text never holds a secret (B12, S2)."""
