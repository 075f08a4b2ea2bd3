"""What became of one transfer of each kind, told at the end of the demo."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import polars as pl

from pipelines.cli.clock import moment, zone_shown
from pipelines.cli.speech.output import bold, data
from sync_rules.transfers.kinds import KINDS, TransferKind
from sync_rules.transfers.next_step import spoken_name
from sync_rules.words import TransferState
from warehouse.connection import Connection
from warehouse.ledger import transfer_history

_FURTHEST = {
    TransferState.DONE: 0,
    TransferState.ARRIVED: 1,
    TransferState.SENT: 2,
    TransferState.WAITING: 3,
    TransferState.UNLINKED: 4,
    TransferState.DROPPED: 5,
    TransferState.HISTORY: 6,
}


@dataclass(frozen=True)
class ExampleTransfer:
    """One transfer: what began it, and in ``lines`` what happened, in order."""

    kind: str
    table: str
    record_id: str
    stores: str
    state: str
    lines: tuple[str, ...]


def example_transfers(con: Connection) -> list[ExampleTransfer]:
    """Of each kind the transfer that came furthest, of stores on two sites if there is one; in the order of KINDS."""
    made = transfer_history.every(con).filter(pl.col("made_by").is_not_null())
    in_order = made.sort(
        pl.col("state").replace_strict(_FURTHEST, return_dtype=pl.Int64),
        ~pl.col("is_initiating_here"),  # its document was called off since
        pl.col("made_by") != "central",
        -pl.col("begun_at").dt.epoch("us"),
        "initiating_id",
        nulls_last=True,
    )
    first = in_order.group_by("kind", maintain_order=True).first().rows_by_key("kind", named=True, unique=True)
    return [_example(con, kind, {**first[kind.name], "kind": kind.name}) for kind in KINDS if kind.name in first]


def on_the_way(con: Connection, store_codes: Sequence[str]) -> int:
    """How many documents central made for these stores that their site has given no number yet: it has not got them."""
    is_theirs = pl.col("to_store_code").is_in(list(store_codes))
    return transfer_history.every(con).filter(is_theirs & (pl.col("state") == TransferState.SENT)).height


def show_example_transfers(examples: Sequence[ExampleTransfer]) -> None:
    """Each example in a few lines."""
    said = f"Between stores: one transfer of each kind, from the warehouse; times in {zone_shown()}"
    data.print(bold(said, before="\n"))
    for example in examples:
        data.print(f"{example.kind}, {example.stores}: {example.state}", soft_wrap=True)
        for line in example.lines:
            data.print(f"  {line}", soft_wrap=True)
    missing = [
        spoken_name(kind.name) for kind in KINDS if spoken_name(kind.name) not in {example.kind for example in examples}
    ]
    if missing:
        data.print(f"none of these began: {', '.join(missing)}", soft_wrap=True)


def _example(con: Connection, kind: TransferKind, row: Mapping[str, Any]) -> ExampleTransfer:
    start, end = row["from_store_code"] or "?", row["to_store_code"] or "?"
    began, made = spoken_name(kind.type or kind.table), spoken_name(kind.responding_type or kind.responding_table)
    named = f"{made} {_number(row['to_number'])}"
    by = "the site itself, where both stores are" if row["made_by"] == "site" else "central"
    first = _number(row["from_number"], is_deleted=not row["is_initiating_here"])
    lines = [
        f"{_time(row['begun_at'])}  {began} {first} {kind.statuses[0]} in store {start}",
        f"{_time(row['made_at'])}  {named} made for store {end} by {by}, in cycle {row['made_cycle']}",
    ]
    if row["state"] == TransferState.DONE:
        lines.append(f"{_time(row['ended_at'])}  {named} finalised in store {end}{_receipt(con, row)}")
    return ExampleTransfer(
        spoken_name(kind.name), row["table_name"], row["initiating_id"], f"{start} -> {end}", row["state"], tuple(lines)
    )


def _receipt(con: Connection, row: Mapping[str, Any]) -> str:
    """Goods received move nothing themselves (B42): they are done with the supplier invoice made of them, if any."""
    number = transfer_history.receipt_number(con, row["responding_id"], row["to_store"])
    is_goods = row["responding_table"] == "goods_received" and number is not None
    return f", stock put away by supplier invoice {number}" if is_goods else ""


def _number(number: int | None, *, is_deleted: bool = False) -> str:
    if number is not None and number > 0:
        return str(number)
    return "(deleted since)" if is_deleted else "(no number yet)"


def _time(at: datetime | None) -> str:
    return moment(at) if at else " " * len("2026-01-01 00:00")
