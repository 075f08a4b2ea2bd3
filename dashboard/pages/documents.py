"""Documents of sites, line by line: what a transfer holds, and who was sent a batch.

Read from the replicas that every snapshot has; quantities by the macro that reports use. Nothing of single patients is
there.
"""

from __future__ import annotations

from typing import Any

from dashboard.conditions import Inside, values_of
from dashboard.languages.text import translated
from dashboard.view import NotThere, View
from warehouse.snapshots.bodies import BothVersions, both_versions

MOST_SENT = 500
"""So many documents of a recall are listed; how many there are is said always."""

_LINES = {
    "invoice_line": "select invoice_id, item_id, batch, expiry_date, "
    "units(packs, pack_size), units(packs, pack_size) from main.invoice_line",
    "goods_received_line": "select goods_received_id, item_id, batch, expiry_date, "
    "units(packs, pack_size), units(packs, pack_size) from main.goods_received_line",
    "purchase_order_line": "select purchase_order_id, item_id, cast(null as varchar), cast(null as date), "
    "units(ordered_packs, pack_size), units(received_packs, pack_size) from main.purchase_order_line",
    "requisition_line": "select requisition_id, item_id, cast(null as varchar), cast(null as date), "
    "requested_units, supplied_units from main.requisition_line",
}
_HALVES = {
    "requisition": (("requisition_line",), ("requisition_line",)),
    "internal_order": (("purchase_order_line",), ("invoice_line", "requisition_line")),
}
_GOODS = (("invoice_line",), ("invoice_line", "goods_received_line"))
"""The tables that have the lines of the document that begins a transfer, and of the one made for it."""

_SENT = """
select
    store.code as store_code, sender.name as store_name, invoice.number, invoice.type, invoice.status,
    to_store.code as to_store_code, customer.name as to_name, item.code as item_code, item.name as item_name,
    line.batch, line.expiry_date, coalesce(invoice.finalised_at, invoice.confirmed_at, invoice.created_at) as sent_at,
    sum(units(line.packs, line.pack_size)) as units
from main.invoice_line as line
join main.invoice as invoice on invoice.id = line.invoice_id
left join main.item as item on item.id = line.item_id
left join main.store as store on store.id = invoice.store_id
left join main.name as sender on sender.id = store.name_id
left join main.name as customer on customer.id = invoice.other_name_id
left join main.store as to_store on to_store.name_id = customer.id
where invoice.type in ('customer_invoice', 'supplier_credit') and line.batch is not null
"""


def recall(view: View) -> dict[str, Any] | None:
    """Who was sent the batches asked for, by documents of stores in reports, the latest first; else None."""
    if not view.restricts("batch") or view.reading.is_part:
        return None
    parts = [Inside("batch").condition(view.reading, value) for value in view.values("batch")]
    conditions = [f"({' or '.join(sql.replace(chr(34) + 'batch' + chr(34), 'line.batch') for sql, _ in parts)})"]
    given = [value for _, values in parts for value in values]
    for name, column in (("store", "store.code"), ("item", "item.code")):
        if view.restricts(name):
            conditions.append(f"{column} in (select unnest(?))")
            given.append(values_of(view.chosen[name]))
    sql = (
        f"{_SENT} and {' and '.join(conditions)} "
        "and store.code in (select store_code from reports.stores where is_reporting) group by all"
    )
    found = view.reading.one(f"select count(*) as documents from ({sql})", given)
    order = "sent_at desc nulls last, store_code, number, item_code, batch"
    rows = view.reading.rows(f"from ({sql}) order by {order} limit {MOST_SENT:d}", given)
    return {"rows": rows, "documents": found["documents"]}


def transfer(view: View, code: str) -> dict[str, Any]:
    """One transfer: both documents, line by line. ``code`` is the id of the document that began it. Raises NotThere."""
    view.only()
    found = view.reading.rows("from reports.transfers where initiating_id = ? order by kind", [code])
    if not found:
        raise NotThere(translated("there is no transfer that began with the document `%(code)s`", code=code))
    row = found[0]
    begins, answers = _HALVES.get(row["kind"], _GOODS)
    return {
        "row": row,
        "is_order": row["kind"] in _HALVES,
        "lines": view.reading.rows(
            f"with sent as ({_half(begins, 'units')}), there as ({_half(answers, 'answered')}) "
            "select item.code as item_code, item.name as item_name, unit.name as unit_name, "
            "coalesce(sent.batch, there.batch) as batch, coalesce(sent.expiry_date, there.expiry_date) as expiry_date, "
            "sent.units as sent_units, there.units as there_units, there.units - sent.units as difference "
            "from sent full join there on there.item_id is not distinct from sent.item_id "
            "and there.batch is not distinct from sent.batch "
            "left join main.item as item on item.id = coalesce(sent.item_id, there.item_id) "
            "left join main.unit as unit on unit.id = item.unit_id "
            "order by lower(item.name), item.code, batch nulls first",
            [row["initiating_id"], row["responding_id"]],
        ),
    }


def rejected_change(view: View, code: str) -> dict[str, Any]:
    """One rejected change by its number: why, and both versions side by side where whoever asks may see them.
    Raises NotThere."""
    view.only()
    is_number = code.isascii() and code.isdigit() and len(code) < 19
    found = view.reading.rows("from reports.rejected_changes where number = ?", [int(code)]) if is_number else []
    if not found:
        raise NotThere(translated("there is no rejected change `%(code)s`", code=code))
    may_see = view.reading.is_for_operators
    versions = both_versions(view.reading.snapshot, int(code)) if may_see else None
    return {"row": found[0], "may_see": may_see, "versions": versions, "columns": _compared(versions)}


def _compared(versions: BothVersions | None) -> list[dict[str, Any]]:
    """Each column of either version, those that differ first."""
    if versions is None:
        return []
    site, central = versions.site or {}, versions.central or {}
    both = versions.site is not None and versions.central is not None
    columns = [
        {"name": name, "site": site.get(name), "central": central.get(name),
         "differs": both and site.get(name) != central.get(name)}
        for name in sorted(site.keys() | central.keys())
    ]  # fmt: skip
    return sorted(columns, key=lambda column: not column["differs"])


def _half(tables: tuple[str, ...], column: str) -> str:
    """The lines of one document, an item and batch a row. ``tables`` and ``column`` are ours."""
    names = "document_id, item_id, batch, expiry_date, units, answered"
    lines = " union all ".join(_LINES[table] for table in tables)
    return (
        f"select item_id, batch, min(expiry_date) as expiry_date, sum({column}) as units "
        f"from ({lines}) as line ({names}) where document_id = ? group by item_id, batch"
    )
