"""What a plan says of the stores that would move: what is handed over first, and what is not (B29, B47, B48)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import polars as pl

from central.moves.carry_on import stores_that_move
from sync_rules.topology.placement import stores_by_code
from sync_rules.topology.topology import Site, Topology
from sync_rules.words import CENTRAL_DATA
from warehouse.connection import Connection
from warehouse.ledger.network.moves import open_moves, waiting_of
from warehouse.ledger.sites import last_contacts
from warehouse.records import replicas

_LISTED = 3


@dataclass(frozen=True)
class Departure:
    """A store, or central data (B49), that would leave ``site`` for another one; ``days`` since that was heard of, None
    where it never was."""

    store_id: str
    code: str
    site: Site
    to: str
    days: int | None


def departures(con: Connection, before: Topology, after: Topology, *, now: datetime) -> list[Departure]:
    """The stores that would set out, by code; those that are on their way have."""
    codes = {store_id: code for code, store_id in stores_by_code(before, replicas.stores(con)).items()}
    was, to = ({site.id: site for site in one.sites} for one in (before, after))
    was |= {site.id: replace(site, database=to[site.id].database) for site in before.sites if site.id in to}
    under_way, heard = {one.move.store_id for one in open_moves(con)}, last_contacts(con)
    days = {site: (now - at).days for site, at in heard.items()}
    found = [
        Departure(store_id, codes.get(store_id, store_id), was[site], to[new].code, days.get(site))
        for store_id, site, new in stores_that_move(con, before, after)
        if store_id not in under_way
    ]
    return sorted(found, key=lambda one: one.code)


def not_handed_over(con: Connection, before: Topology) -> dict[str, list[int]]:
    """The numbers of the moves of which the old site has not handed anything over yet, by its code."""
    codes, found = {site.id: site.code for site in before.sites}, dict[str, list[int]]()
    for one in open_moves(con):
        if one.move.state.is_before_cut:
            found.setdefault(codes.get(one.move.from_site, ""), []).append(one.number)
    return found


def not_lost(
    leaving: Sequence[Departure],
    forced: Sequence[str],
    is_there: Mapping[str, bool | None],
    under_way: Mapping[str, Sequence[int]],
) -> Iterator[str]:
    """What keeps stores from being taken from the sites ``forced``: none would move, or the site answers (B47).
    ``under_way``: the numbers of the moves that sites have not handed over yet, by code."""
    sites = {one.site.code for one in leaving}
    for code in sorted(set(forced)):
        if code not in sites and (begun := under_way.get(code)):
            ways = ", ".join(f"`supplysync moves go-on {number} --force --reason TEXT`" for number in begun)
            yield f"what moves away from `{code}` is on its way already: {ways} takes it from there"
        elif code not in sites:
            yield f"no store moves away from a site `{code}`: leave out `--force {code}`"
        elif is_there.get(code):
            yield f"site `{code}` answers, and hands its stores over itself: leave out `--force {code}`"


def of_moves(con: Connection, leaving: Sequence[Departure], forced: Sequence[str]) -> Iterator[str]:
    """For each store that would move: what of it waits, and how long its site was not heard of."""
    for one in leaving:
        said, site = ("central data" if one.store_id == CENTRAL_DATA else f"store `{one.code}`"), one.site
        if one.days is None:
            yield f"{said}: `{site.code}` was never reached and hands nothing over: it is at `{one.to}` at once"
        elif site.code in forced:
            yield (
                f"{said} is taken from `{site.code}` as central has it, {one.days} days old: what was done there "
                "since, or is until that site is told, is refused (moved_away) and kept: `supplysync rejected list`"
            )
        else:
            yield (
                f"{said}: `{site.code}` hands it over once it was pulled; then it can be edited nowhere until "
                f"`{one.to}` has all of it: `supplysync moves list`"
            )
            if not site.is_enabled:
                yield f"{said}: `{site.code}` is paused: nothing is handed over until `supplysync resume {site.code}`"
            yield from _waiting(said, waiting_of(con, site.id, one.store_id))


def _waiting(said: str, waiting: pl.DataFrame) -> Iterator[str]:
    if waiting.height:
        named = waiting.select("table_name", "record_id").head(_LISTED).iter_rows()
        some = ", ".join(f"{table} {record_id}" for table, record_id in named)
        count = waiting.height
        wait = f"{count} changes of it wait and keep" if count > 1 else "1 change of it waits and keeps"
        yield f"{said}: {wait} it there ({some}): `supplysync rejected list --waiting`"


def what_stays(staying: Mapping[str, Mapping[str, int] | None]) -> Iterator[str]:
    """What sites that stores leave keep to themselves, by table (B48)."""
    for code, counts in staying.items():
        if counts is None:
            yield f"what never leaves a site and stays at `{code}` is not counted: it gave no answer"
        elif counts:
            counted = ", ".join(f"{rows:,} {table}" for table, rows in counts.items())
            yield f"what never leaves a site stays at `{code}`, as passwords do: {counted}"
