"""The first page: what needs action, and where the network stands."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from dashboard import filters
from dashboard.conditions import SORTS_OF_ITEMS, SORTS_OF_STORES
from dashboard.downloads import pack
from dashboard.filters import BANDS, filters_of
from dashboard.pages.rates import rates
from dashboard.pages.shelves import LACKS, is_of_items, of_stores, shelves, stock_total
from dashboard.view import View
from sync_rules.words import Band
from warehouse.exports.figures import FIGURES

_STORES = 15
_PACKS = 4


JUDGED = (Band.STOCKED_OUT, Band.BELOW_MIN, Band.ADEQUATE, Band.OVERSTOCKED, Band.NO_CONSUMPTION)
"""The bands of what a store has or had: shares are of these, as nobody runs out of what was never there."""


@dataclass(frozen=True)
class Need:
    """A count and the list behind it: ``chosen`` of ``report``, shown at ``path``; ``kind`` says how bad it is."""

    name: str
    kind: str
    path: str
    report: str
    chosen: tuple[tuple[str, str], ...]
    amount: str | None = None


NEEDS = (
    Need("error", "bad", "/sync", "sync_status", (("status", "error"),)),
    Need("overdue", "bad", "/sync", "sync_status", (("status", "overdue"),)),
    Need("never", "warn", "/sync", "sync_status", (("status", "never"),)),
    Need("blocked", "warn", "/sync", "sync_status", (("status", "blocked"),)),
    Need("late", "warn", "/sync", "sync_status", (("status", "late"),)),
    Need("below_min", "warn", "/stock/list", "stock_on_hand", (("band", "below_min"),)),
    Need("expiring", "warn", "/expiry", "expiring_stock", (("within", "3"),), "value_amount"),
    Need("transfers", "warn", "/transfers", "transfers", (("under_way", "14"),)),
    Need("differences", "warn", "/transfers/lines", "transfer_lines", (("differs", "lately"),)),
    Need("rejected", "warn", "/rejected", "rejected_changes", (("state", "open"),)),
    Need("waiting", "warn", "/waiting", "waiting_changes", (("state", "open"),)),
    Need("quality", "mild", "/quality", "data_quality", ()),
)


def overview(view: View) -> dict[str, Any]:
    """Rates against last month and counts, each with its link; the bands of all pairs; the stores that lack most."""
    view.unordered()
    view.only(*SORTS_OF_STORES, *SORTS_OF_ITEMS)
    reading, stores = view.reading, of_stores(view)
    bands = filters.counts(reading, "band", view.where("stock_on_hand"))
    judged = {band: bands[band] for band in JUDGED}
    return {
        "rates": rates(view),
        "of_items": is_of_items(view),
        "of_stores": stores.chosen,
        "needs": [_needed(view, need) for need in NEEDS if reading.holds(need.report)],
        "judged": sum(judged.values()),
        "judged_bands": list(judged.items()),
        "bands": bands,
        "total": stock_total(view, shelves(view)),
        "stores": _stores(view),
        "all_stores": filters.count(reading, stores.where("stock_value")),
        "packs": _packs(view),
    }


def _needed(view: View, need: Need) -> tuple[Need, int, Any, str, bool]:
    """A need with its count, its amount, the link to the list, and whether that is of all items though some are chosen:
    what is of sites, or of papers as a whole, is of no item."""
    knows_items = SORTS_OF_ITEMS[0] in filters_of(view.reading, need.report)
    asked = view if knows_items else of_stores(view)
    found = asked.where(need.report, **dict(need.chosen))
    amount = f"sum({need.amount})" if need.amount else "null"
    [(number, value)] = view.reading.tuples(
        f"select count(*), {amount} from reports.{need.report} where {found.sql}", list(found.values)
    )
    is_of_all = is_of_items(view) and not knows_items
    return need, int(number), value, view.to(need.path, **{**asked.chosen, **dict(need.chosen)}), is_of_all


def _packs(view: View) -> list[tuple[date, str]]:
    """The last months as workbooks, the newest first, of the stores chosen; none among files."""
    if view.links.is_static:
        return []
    return [
        (date.fromisoformat(f"{month}-01"), view.export(f"month-{month}", "xlsx"))
        for month in pack.months_there(view.reading)[:_PACKS]
    ]


def _stores(view: View) -> list[dict[str, Any]]:
    """The stores that lack most: the largest share of their items stocked out, then below their minimum."""
    known = FIGURES["stock_on_hand"]["known_pairs"].sql
    picked = ", ".join(f"count(*) filter (stock_status = '{band}') as {band}" for band in BANDS)
    asked, lying = view.where("stock_on_hand"), shelves(view)
    return view.reading.rows(
        f"with counted as (select store_code, any_value(store_name) as store_name, {picked}, count(*) as items, "
        f"{known} as known, "
        "bool_or(is_silent) as is_silent, min(data_as_of_at) as data_as_of_at from reports.stock_on_hand "
        f"where {asked.sql} group by store_code) select counted.*, 100 * stocked_out / nullif(known, 0) as share, "
        "value.soh_value as value, value.value_missing_units, "
        "coalesce(lacking.is_incomplete, false) as is_incomplete from counted "
        "left join (select store_code, sum(soh_value) as soh_value, sum(value_missing_units) as value_missing_units "
        f"from ({lying.sql}) group by store_code) as value "
        "on value.store_code is not distinct from counted.store_code left join "
        f"(select store_code, bool_or({LACKS}) as is_incomplete from reports.stores group by store_code) as lacking "
        "on lacking.store_code is not distinct from counted.store_code "
        f"order by share desc nulls last, stocked_out desc, below_min desc, store_code limit {_STORES:d}",
        [*asked.values, *lying.values],
    )
