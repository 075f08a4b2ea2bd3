"""What a plan says of the stores that would move: what is handed over first, and what is not (B29, B47)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import polars as pl

from central.moves.carry_on import stores_that_move
from sync_rules.topology.topology import Topology
from warehouse.connection import Connection
from warehouse.ledger.network.moves import open_moves, waiting_of
from warehouse.ledger.sites import last_contacts
from warehouse.records import replicas

_LISTED = 3


def of_moves(con: Connection, before: Topology, after: Topology, *, now: datetime, is_forced: bool) -> Iterator[str]:
    """For each store that would move: what of it waits, and how long its site was not heard of."""
    codes = dict(replicas.stores(con).select("id", "code").iter_rows())
    sites = {site.id: site.code for site in (*before.sites, *after.sites)}
    under_way = {one.move.store_id for one in open_moves(con)}
    heard = last_contacts(con)
    for store_id, site, new in sorted(stores_that_move(con, before, after), key=lambda one: codes[one[0]]):
        if store_id in under_way:
            continue
        said = f"store `{codes[store_id]}`"
        if site not in heard:
            yield f"{said}: `{sites[site]}` was never reached and hands nothing over: it is at `{sites[new]}` at once"
        elif is_forced:
            days = (now - heard[site]).days
            yield (
                f"{said} is taken from `{sites[site]}` as central has it, {days} days old: what was done there since, "
                "or is until that site is told, is refused (moved_away) and kept: `supplysync rejected list`"
            )
        else:
            yield f"{said}: `{sites[site]}` hands it over once it was pulled: see `supplysync moves list`"
            yield from _waiting(said, waiting_of(con, site, store_id))


def _waiting(said: str, waiting: pl.DataFrame) -> Iterator[str]:
    if waiting.height:
        named = waiting.select("table_name", "record_id").head(_LISTED).iter_rows()
        some = ", ".join(f"{table} {record_id}" for table, record_id in named)
        yield f"{said}: {waiting.height} changes of it wait and keep it there ({some}): `supplysync rejected list`"
