"""What `plan` and `check` note besides: what is asked for and has no effect, and what is not known before it is done
(B46)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import polars as pl

from sync_rules.frame import FrameOf
from sync_rules.topology.currencies import currency_mistake
from sync_rules.topology.differences import Difference, What
from sync_rules.topology.frames import Instance
from sync_rules.topology.instances import instances
from sync_rules.topology.placement import placement, stores_by_code
from sync_rules.topology.switches import switched
from sync_rules.topology.topology import Topology
from sync_rules.words import StoreMode, SyncType
from warehouse.connection import Connection
from warehouse.ledger import transfers
from warehouse.ledger.cycles import last_cycle
from warehouse.records import replicas


def idle(con: Connection, wanted: Topology, found: FrameOf[Instance] | None = None) -> Iterator[str]:
    """What the file asks for and nothing follows from; ``found``: the instances that would be, by the records that
    there are where nothing else is said. Of stores nothing is known before the first cycle."""
    yield from _idle_settings(wanted)
    if last_cycle(con):
        yield from _idle_stores(con, wanted, _instances(con, wanted) if found is None else found)


def _idle_stores(con: Connection, wanted: Topology, found: FrameOf[Instance]) -> Iterator[str]:
    records = replicas.stores(con)
    modes = dict(records.select("id", "mode").iter_rows())
    stores = {code: (store_id, modes[store_id]) for code, store_id in stores_by_code(wanted, records).items()}
    is_collector = pl.col("sync_type") == str(SyncType.COLLECTOR)
    collectors = set(found.filter(is_collector).select("site_id", "store_id").iter_rows())
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


def _instances(con: Connection, wanted: Topology) -> FrameOf[Instance]:
    """Which site would have which store, by the records that there are."""
    placed = placement(wanted, replicas.stores(con))
    return instances(wanted, placed, replicas.visible_names(con), transfers.parties(con))


def _idle_settings(wanted: Topology) -> Iterator[str]:
    """What the file asks for and nothing can follow from, whatever records there are."""
    options, central = wanted.options, wanted.site(wanted.central)
    if not central.is_enabled:
        yield (
            f"central is paused: nothing is pulled from `{central.code}` or delivered there, and where it was never "
            "pulled no other site is either; `supplysync status` says by what, and how to go on"
        )
    if _days(options.late_after) >= _days(options.overdue_after):
        yield (
            f'late_after = "{options.late_after}" is no shorter than overdue_after = "{options.overdue_after}": a site '
            "is overdue at once, and never late"
        )
    if said := currency_mistake(wanted.currency):
        yield f"`currency` in topology.toml: {said}"
    for site in wanted.sites:
        if site.local_procurement and not options.centralised_procurement:
            yield f"site `{site.code}`: local_procurement has no effect, procurement is not centralised (B37)"


def _days(span: str) -> int:
    """About how many days a span of topology.toml is: to compare two."""
    number, unit = span.split()
    return int(number) * {"day": 1, "week": 7, "month": 30}[unit.removesuffix("s")]


def newly_switched(before: Topology, after: Topology) -> dict[str, frozenset[str]]:
    """By the code of each site for which procurement is switched otherwise: the tables of documents that are edited on
    primary from then on (B37)."""
    known = {site.id: site for site in before.sites}
    found = {
        site.code: frozenset(switched(after, site).keys() - switched(before, known[site.id]).keys())
        for site in after.sites
        if site.is_enabled and site.id in known
    }
    return {code: tables for code, tables in found.items() if tables}


def of_switches(tables: Mapping[str, frozenset[str]], unsent: Mapping[str, Mapping[str, int] | None]) -> Iterator[str]:
    """What is under way of the documents that are edited on primary once a switch is turned."""
    keep = "of before the switch reaches the site, and keep their owner (B37)"
    for code, of_site in sorted(tables.items()):
        coming = unsent.get(code)
        if coming is None:
            yield f"site `{code}` gave no answer: orders and payments that it has not sent are {keep}"
            continue
        there = {table: records for table, records in sorted(coming.items()) if table in of_site}
        if there:
            listed = ", ".join(f"{records:,} {table}" for table, records in there.items())
            yield f"site `{code}` has not sent {listed}: they are {keep}"


def unknown(found: Sequence[Difference]) -> Iterator[str]:
    """What only a site has yet, and what becomes of one that goes."""
    for one in found:
        if one.what is What.REMOVED and one.subject.startswith("site "):
            code = one.subject.split("`")[1]
            yield (
                f"{one.subject}: what it has not sent yet stays there, so pull it first; afterwards `supplysync site "
                f"retire {code}` takes out of its database what supplysync put there, with --wipe also what came from "
                "elsewhere"
            )
        begins = (one.key, one.after) == ("include_transactions", "true")
        if begins or (one.key, one.before) == ("central_instance", "transfer"):
            yield f"{one.subject}: what stayed at its site leaves it from then on; how much, only the site knows"
