"""Sites on another version of the program: what their rows say nothing of, and what they are sent once they have a
place for it (precision 33)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import polars as pl

from sites.capture.generations import Capture
from sync_rules.frame import FrameOf
from sync_rules.frames import ChangeKey
from sync_rules.words import EntryKind
from warehouse.connection import Connection
from warehouse.frames import Uncollected
from warehouse.ledger.sites import captures_that_lack
from warehouse.records.door import Records
from warehouse.records.facts import to_resend
from warehouse.records.replicas import ids_with_values
from wire.landed_pull import Manifest


def uncollected_columns(con: Connection, manifests: Sequence[Manifest]) -> FrameOf[Uncollected]:
    """The columns that sites have not got, or have since the pull of ``manifests``; of other sites, as they were when
    they were pulled last: of theirs too changes wait."""
    pulled = {one.identity.site_id: one.capture for one in manifests}
    captures = captures_that_lack(con) | {site_id: text for site_id, text in pulled.items() if text}
    lacking = [row for site_id, text in sorted(captures.items()) for row in _lacking(site_id, text)]
    new = [
        (one.identity.site_id, table, column, given)
        for one in manifests
        for table, columns in one.appeared.items()
        for column, given in (columns or {}).items()
    ]
    return Uncollected.of([*lacking, *new])


def _lacking(site_id: int, capture: str) -> Iterator[tuple[int, str, str, None]]:
    for table, columns in Capture.of_text(capture).lacking.items():
        yield from ((site_id, table, column, None) for column in columns or ())


def resend_appeared(records: Records, manifests: Sequence[Manifest]) -> None:
    """Sends sites again what they had no place for until now: all records of a table that is new there, or was refused;
    of a table with new columns those that central has a value of. What a site has otherwise and waits, or was refused,
    stays as it is there."""
    for one in manifests:
        site_id = one.identity.site_id
        for table, columns in sorted(one.appeared.items()):
            again = to_resend(records.con, site_id, f"table:{table}")
            if columns:
                filled = ids_with_values(records.con, table, sorted(columns))
                again = ChangeKey.check(again.filter(pl.col("record_id").is_in(filled.implode())))
            records.address(EntryKind.RESEND, again)
