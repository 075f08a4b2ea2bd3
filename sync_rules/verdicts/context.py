"""What central knows when it judges: everything that verdicts rest on besides the changes themselves."""

from __future__ import annotations

from dataclasses import dataclass, field

import polars as pl

from sync_rules.egress import NOTHING, Withheld
from sync_rules.frames import HELD, MERGED, REFERRING, VISIBLE, blank
from sync_rules.topology.topology import Topology

_STALE = {"site_id": pl.Int64(), "table_name": pl.String(), "record_id": pl.String()}
_DOCUMENTS = {"table_name": pl.String(), "document": pl.String()}
_DEALINGS = {"store_id": pl.String(), "name_id": pl.String()}


@dataclass(frozen=True)
class Central:
    """What central knows when it judges a batch, as far as the batch asks for it.

    ``placed`` PLACEMENT, ``held`` HELD (also of the patients, prescribers and locations that the batch is about),
    ``referring`` REFERRING, ``visible`` VISIBLE, ``merged`` MERGED. ``edited_elsewhere``: site_id, table_name,
    record_id of changes whose record another site changed since the site was last delivered (R8).
    ``finalised``: table_name, document of held procurement documents that are finished (B37). ``dealings``:
    store_id, name_id of stores and the names they see or deal with.
    """

    topology: Topology
    placed: pl.DataFrame
    withheld: Withheld = NOTHING
    held: pl.DataFrame = field(default_factory=lambda: blank(HELD))
    referring: pl.DataFrame = field(default_factory=lambda: blank(REFERRING))
    visible: pl.DataFrame = field(default_factory=lambda: blank(VISIBLE))
    merged: pl.DataFrame = field(default_factory=lambda: blank(MERGED))
    edited_elsewhere: pl.DataFrame = field(default_factory=lambda: blank(_STALE))
    finalised: pl.DataFrame = field(default_factory=lambda: blank(_DOCUMENTS))
    dealings: pl.DataFrame = field(default_factory=lambda: blank(_DEALINGS))
