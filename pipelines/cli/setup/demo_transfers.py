"""What became of one transfer of each kind, told at the end of the demo."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pipelines.cli.speech.output import data
from sync_rules.transfers.kinds import KINDS, Kind
from warehouse.connection import Connection, query, quote

_ENDED_AT = {"invoice": "finalised_at", "requisition": "finalised_at", "goods_received": "received_at"}
# goods received move nothing themselves (B42): they are done with the supplier invoice made of them, if there is one
_STORY = """
with receipt as (
    select
        goods_received_id,
        store_id,
        max(number) as number,
        bool_or(coalesce(status = 'finalised', false)) as is_final,
        max(finalised_at) as ended_at
    from replica.invoice
    where type = 'supplier_invoice' and goods_received_id is not null
    group by all
), told as (
    select
        began.table_name,
        began.record_id,
        from_store.code as from_code,
        to_store.code as to_code,
        began.begun_at,
        began.made_by,
        began.made_cycle,
        began.made_at,
        began.is_deleted,
        initiating.number as from_number,
        responding.number as to_number,
        receipt.number as receipt_number,
        coalesce(receipt.ended_at, responding.{ended_at}) as ended_at,
        case
            when began.is_responding_deleted then 'dropped'
            when coalesce(receipt.is_final, responding.status = 'finalised', false) then 'done'
            when began.is_deleted then 'unlinked'
            when began.responding_id is null then 'waiting'
            when coalesce(responding.number, -1) < 1 then 'sent'
            else 'arrived'
        end as state
    from ledger.transfer as began
    left join replica.store as from_store on from_store.id = began.from_store
    left join replica.store as to_store on to_store.id = began.to_store
    left join replica.{table} as initiating on initiating.id = began.record_id
    left join replica.{responding_table} as responding on responding.id = began.responding_id
    left join receipt
        on began.responding_table = 'goods_received'
        and receipt.goods_received_id = began.responding_id
        and receipt.store_id = began.to_store
    where began.kind = ? and began.made_by is not null
)
select * from told
order by
    list_position(['done', 'arrived', 'sent', 'waiting', 'unlinked', 'dropped'], state),
    is_deleted, -- its document was called off since
    made_by = 'central' desc,
    begun_at desc,
    record_id
limit 1
"""


@dataclass(frozen=True)
class Story:
    """One transfer: what began it, and in ``lines`` what happened, in order."""

    kind: str
    table: str
    record_id: str
    stores: str
    state: str
    lines: tuple[str, ...]


def transfer_stories(con: Connection) -> list[Story]:
    """Of each kind the transfer that came furthest, of stores on two sites if there is one; in the order of KINDS."""
    found = []
    for kind in KINDS:
        sql = _STORY.format(
            table=quote(kind.table),
            responding_table=quote(kind.responding_table),
            ended_at=_ENDED_AT[kind.responding_table],
        )
        found += [_story(kind, row) for row in query(con, sql, [kind.name]).iter_rows(named=True)]
    return found


def on_the_way(con: Connection, store_codes: Sequence[str]) -> int:
    """How many documents central made for these stores that their site has given no number yet: it has not got them."""
    found = query(
        con,
        " union all ".join(
            f"select began.responding_id from ledger.transfer as began join replica.store as s on s.id = began.to_store"
            f" join replica.{quote(table)} as made on made.id = began.responding_id"
            f" where began.responding_table = '{table}' and list_contains(?, s.code) and made.number < 1"
            for table in _ENDED_AT
        ),
        [list(store_codes)] * len(_ENDED_AT),
    )
    return found.height


def show_stories(stories: Sequence[Story]) -> None:
    """Each story in a few lines."""
    data.print("\n[bold]Between stores: one transfer of each kind, from the warehouse[/]")
    for story in stories:
        data.print(f"{story.kind}, {story.stores}: {story.state}", markup=False, soft_wrap=True)
        for line in story.lines:
            data.print(f"  {line}", markup=False, soft_wrap=True)
    missing = [_spoken(kind.name) for kind in KINDS if _spoken(kind.name) not in {story.kind for story in stories}]
    if missing:
        data.print(f"none of these began: {', '.join(missing)}", markup=False, soft_wrap=True)


def _story(kind: Kind, row: dict[str, Any]) -> Story:
    start, end = row["from_code"] or "?", row["to_code"] or "?"
    began, made = _spoken(kind.type or kind.table), _spoken(kind.responding_type or kind.responding_table)
    named = f"{made} {_number(row['to_number'])}"
    by = "the site itself, where both stores are" if row["made_by"] == "site" else "central"
    first = _number(row["from_number"], row["is_deleted"])
    lines = [
        f"{_time(row['begun_at'])}  {began} {first} {kind.statuses[0]} in store {start}",
        f"{_time(row['made_at'])}  {named} made for store {end} by {by}, in cycle {row['made_cycle']}",
    ]
    if row["state"] == "done":
        stocked = f", stock put away by supplier invoice {row['receipt_number']}" if row["receipt_number"] else ""
        lines.append(f"{_time(row['ended_at'])}  {named} finalised in store {end}{stocked}")
    return Story(
        _spoken(kind.name), row["table_name"], row["record_id"], f"{start} -> {end}", row["state"], tuple(lines)
    )


def _spoken(name: str) -> str:
    return name.replace("_", " ")


def _number(number: int | None, is_deleted: bool = False) -> str:
    if number is not None and number > 0:
        return str(number)
    return "(deleted since)" if is_deleted else "(no number yet)"


def _time(at: datetime | None) -> str:
    return f"{at:%Y-%m-%d %H:%M}" if at else " " * len("2026-01-01 00:00")
