"""What a plan notes besides: what is asked for and has no effect, and what is not known before it is done (B46)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import polars as pl

from sync_rules.frame import FrameOf
from sync_rules.topology.differences import Difference, What
from sync_rules.topology.frames import Instance
from sync_rules.topology.placement import stores_by_code
from sync_rules.topology.topology import Topology
from sync_rules.words import StoreMode, SyncType
from warehouse.connection import Connection
from warehouse.records import replicas


def without_effect(con: Connection, wanted: Topology, instances: FrameOf[Instance]) -> Iterator[str]:
    """What the file asks for and nothing follows from; ``instances`` are those that would be."""
    if instances.is_empty():
        return
    records = replicas.stores(con)
    modes = dict(records.select("id", "mode").iter_rows())
    stores = {code: (store_id, modes[store_id]) for code, store_id in stores_by_code(wanted, records).items()}
    is_collector = pl.col("sync_type") == str(SyncType.COLLECTOR)
    collectors = set(instances.filter(is_collector).select("site_id", "store_id").iter_rows())
    for store in wanted.stores:
        store_id, mode = stores.get(store.code, (None, None))
        if store_id is None:
            yield f"store `{store.code}` has no record yet: nothing is done for it until there is one (T10)"
            continue
        for code in store.collector_on:
            if (wanted.site(code).id, store_id) not in collectors:
                yield (
                    f"a collector on `{code}` is asked for, but store `{store.code}` is visible to no store there: "
                    "nothing is sent (T4)"
                )
        if not store.include_transactions and mode != str(StoreMode.DISPENSARY):
            yield f"store `{store.code}`: include_transactions = false has no effect, it is no dispensary (T6)"


def unknown(found: Sequence[Difference]) -> Iterator[str]:
    """What only a site has yet, and what becomes of one that goes."""
    for one in found:
        if one.what is What.REMOVED and one.subject.startswith("site "):
            code = one.subject.split("`")[1]
            yield (
                f"{one.subject}: what it has not sent yet stays there, so pull it first; afterwards `supplysync site "
                f"retire {code}` takes out of its database what supplysync put there"
            )
        begins = (one.key, one.after) == ("include_transactions", "true")
        if begins or (one.key, one.before) == ("central_instance", "transfer"):
            yield f"{one.subject}: what stayed at its site leaves it from then on; how much, only the site knows"
