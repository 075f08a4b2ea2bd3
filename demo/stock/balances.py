"""The proof that stock agrees with its movements (B14, B42)."""

from __future__ import annotations

from pathlib import Path

from sites.engines.connection import SiteDatabase

_UNBALANCED = Path(__file__).with_name("unbalanced.sql")


def unbalanced(db: SiteDatabase) -> list[tuple[str, str | None, str]]:
    """Stock lines whose total is not the sum of their movements: id, total packs, packs moved; none is right.

    A movement of a stock line that is not there is listed with no total. Documents of stores without any stock here
    are halves of transfers: copies that moved the stock of another site.
    """
    return [(line, total, moved) for line, total, moved in db.execute(_UNBALANCED.read_text(encoding="utf-8"))]
