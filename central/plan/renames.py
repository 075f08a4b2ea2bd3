"""Stores that get another code: a record that is placed keeps its place whatever it is called by now (T10)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from sync_rules.topology.differences import Difference, What, differences
from sync_rules.topology.placement import stores_by_code
from sync_rules.topology.topology import Topology
from warehouse.connection import Connection
from warehouse.records import replicas


def renames_and_differences(con: Connection, before: Topology, after: Topology) -> list[Difference]:
    """What ``after`` says otherwise than ``before``, where a store with another code is the same store: its record has
    that code already."""
    stores = replicas.stores(con)
    was, now = ({store: code for code, store in stores_by_code(one, stores).items()} for one in (before, after))
    renamed = {was[store]: now[store] for store in was.keys() & now.keys() if was[store] != now[store]}
    named = replace(before, stores=tuple(replace(one, code=renamed.get(one.code, one.code)) for one in before.stores))
    found = [
        Difference(What.RENAMED, f"store `{code}`", "code", code, other, needs_apply=True)
        for code, other in sorted(renamed.items())
    ]
    return [*found, *differences(named, after)]


def other_codes(con: Connection, wanted: Topology) -> Iterator[str]:
    """The stores whose records carry another code than the file has."""
    stores = replicas.stores(con)
    codes = dict(stores.select("id", "code").iter_rows())
    for code, store_id in sorted(stores_by_code(wanted, stores).items()):
        if codes[store_id] != code:
            yield f'store `{code}` is called `{codes[store_id]}` in its record: write code = "{codes[store_id]}"'
