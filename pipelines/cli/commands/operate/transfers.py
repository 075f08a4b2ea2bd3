"""`transfers`: what is under way between stores and what each waits for; beginning one by hand (B30)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click
import polars as pl

from central import decisions
from central.asker import asked_by, now
from central.explain.transfer import explain_transfer
from central.project import Project
from pipelines.cli.named_things import id_of_store
from pipelines.cli.speech.command import group
from pipelines.cli.speech.options import in_folder, project
from pipelines.cli.speech.output import as_json, rows_of, show_json, show_table, talk
from pipelines.cli.speech.transfer_explanation import print_transfer
from pipelines.cli.speech.warehouse import open_working
from sync_rules.codes import WAITS
from sync_rules.transfers.kinds import BY_NAME
from sync_rules.transfers.next_step import next_step, site_words, store_of
from sync_rules.transfers.waits import BY_HAND
from sync_rules.words import DecisionKind, TransferState
from warehouse.connection import Connection
from warehouse.ledger import transfer_history
from warehouse.ledger.decisions import last_decision
from warehouse.records import replicas

_COLUMNS = {
    "short_id": "begun by",
    "what": "kind",
    "stores": "stores",
    "numbers": "numbers",
    "state": "state",
    "age_days": "days",
    "next": "what comes next",
}
_UNDER_WAY = (TransferState.WAITING, TransferState.SENT, TransferState.ARRIVED)
_SHORTEST = 8
_SHORT = {
    "stock_transfer": "stock",
    "stock_return": "return",
    "requisition": "requisition",
    "internal_order": "order",
    "internal_order_goods": "order goods",
}


@group()
def transfers() -> None:
    """What is on its way between stores: goods, requisitions, orders."""


@transfers.command("list")
@click.option("--all", "all_states", is_flag=True, help="Those that ended, too.")
@click.option("--store", help="Only those from or to this store, by code.")
@click.option("--kind", type=click.Choice(list(BY_NAME)), metavar="KIND",
              help=f"Only those of this kind: {', '.join(BY_NAME)}.")  # fmt: skip
@in_folder
@as_json
def list_transfers(all_states: bool, store: str | None, kind: str | None, folder: Path, as_json: bool) -> None:
    """List the transfers that are under way, the oldest first, and what each of them waits for.

    States: waiting (nothing made yet), sent (made, its site has given it no number yet), arrived (numbered, not
    finished); with --all also done, unlinked (what began it was deleted), dropped (what was made was deleted),
    history (finished before its other party was a store: it began nothing).

    With --json: {"transfers": [...]}, each with kind, from_store_code, to_store_code, table_name, initiating_id,
    responding_table, responding_id, state, waits (reason code), rule (behind it), next (in words), begun_at,
    age_days (until it was done), from_number, to_number, made_by, made_cycle, data_as_of_at.

    \b
    Example: supplysync transfers list --store B
             supplysync transfers list --all --kind stock_transfer
    """
    with project(folder) as loaded, open_working(loaded) as con:
        if store is not None:
            id_of_store(store, dict(replicas.stores(con).select("id", "code").iter_rows()))
        asked = _asked(transfer_history.every(con), store, kind)
        decided = {one.record_id: one.decided_by for one in _undone(con, loaded)}
    sites = site_words(loaded.topology)
    found = asked if all_states else asked.filter(pl.col("state").is_in(_UNDER_WAY))
    rows = [_listed(row, sites, decided) for row in rows_of(found)]
    if as_json:
        show_json({"transfers": rows})
    else:
        _show_list(
            rows, "" if all_states else " under way", asked.join(found, on=["table_name", "initiating_id"], how="anti")
        )


def _show_list(rows: Sequence[dict[str, Any]], which: str, others: pl.DataFrame) -> None:
    short = _short([row["initiating_id"] for row in rows])
    title = f"{len(rows)} transfer{'s' if len(rows) != 1 else ''}{which}"
    show_table(title, _COLUMNS, [_in_short(row, short) for row in rows])
    if rows:
        talk.print("the story of one: `supplysync transfers show ID` (as listed here, or whole)")
    history = others.filter(pl.col("state") == TransferState.HISTORY).height
    if others.height > history:
        talk.print(f"{others.height - history} more ended: `supplysync transfers list --all`")
    if history:
        talk.print(
            f"{history} began nothing, since their other party was no store yet: `supplysync transfers list --all`"
        )


def _asked(every: pl.DataFrame, store: str | None, kind: str | None) -> pl.DataFrame:
    if store is not None:
        every = every.filter((pl.col("from_store_code") == store) | (pl.col("to_store_code") == store))
    return every.filter(pl.col("kind") == kind) if kind is not None else every


def _listed(row: Mapping[str, Any], sites: Mapping[int, str], decided: Mapping[str | None, str]) -> dict[str, Any]:
    will_begin = row["waits"] in BY_HAND and row["initiating_id"] in decided
    next_words = f"the next cycle begins it, as {decided[row['initiating_id']]} decided" if will_begin else None
    return {
        "kind": row["kind"],
        "from_store_code": store_of(row, "from"),
        "to_store_code": store_of(row, "to"),
        **{name: row[name] for name in (
            "table_name", "initiating_id", "responding_table", "responding_id", "state", "waits")},
        "rule": WAITS[row["waits"]].rule if row["waits"] in WAITS else None,
        "next": next_words or next_step(row, sites),
        "begun_at": row["begun_at"],
        "age_days": row["days_under_way"],
        **{name: row[name] for name in ("from_number", "to_number", "made_by", "made_cycle", "data_as_of_at")},
    }  # fmt: skip


@transfers.command("begin")
@click.argument("id")
@click.option("--reason", help="Why, for those who look at it later.")
@in_folder
def begin_transfer(id: str, reason: str | None, folder: Path) -> None:  # noqa: A002 - the word of the command line
    """Have the next cycle begin a transfer that was held back: its document is too old, names a responding half that
    central does not have, or was finished before its other party was a store.

    ID is the id of the document that would begin it, or the first 8 characters or more of it. The other rules hold as
    always: what waits for its store or site, or exists already, is not made by this.

    \b
    Example: supplysync transfers begin 3f0c9a1e
             supplysync transfers begin 3f0c9a1e --reason "the parcel was found"
    """
    with project(folder) as loaded, open_working(loaded) as con:
        found = _named(rows_of(transfer_history.every(con)), id)
        said = f"{found['table_name']} {found['initiating_id']}"
        if found["waits"] not in BY_HAND:
            raise click.UsageError(
                f"the transfer of {said} does not wait for that: it is {found['state']}"
                f"{', ' + found['waits'] if found['waits'] else ''}; only those that wait as "
                f"{', '.join(f'`{code}`' for code in BY_HAND[:-1])} or `{BY_HAND[-1]}` are begun by hand. "
                f"`supplysync transfers show {found['initiating_id']}` tells more"
            )
        for one in _undone(con, loaded):
            if one.record_id == found["initiating_id"]:
                talk.print(f"decided already, by {one.decided_by}; the next cycle acts on it")
                return
        decisions.write_decision(loaded.pulls, DecisionKind.BEGIN, _site_code(found, loaded), reason=reason, now=now(),
                         decided_by=asked_by(), record_id=found["initiating_id"])  # fmt: skip
    talk.print(f"the next cycle begins the transfer of {said}; `supplysync transfers show {found['initiating_id']}` "
               "says what came of it")  # fmt: skip


@transfers.command("show")
@click.argument("id")
@in_folder
@as_json
def show_transfer(id: str, folder: Path, as_json: bool) -> None:  # noqa: A002 - the word of the command line
    """Tell the story of a transfer: when it began and why, where both halves are, what comes next.

    ID is the id of the document that began it, or the first 8 characters or more of it. `supplysync explain TABLE ID`
    tells the same from either half. With --json: the object that `explain` has as "transfer".

    \b
    Example: supplysync transfers show 3f0c9a1e
    """
    with project(folder) as loaded, open_working(loaded) as con:
        found = _named(rows_of(transfer_history.every(con)), id)
        told = explain_transfer(con, loaded, found)
    if as_json:
        show_json(asdict(told))
    else:
        print_transfer(told)


def _in_short(row: Mapping[str, Any], size: int) -> dict[str, Any]:
    """A row for a screen of 100 columns."""
    numbers = ("-" if row[name] is None else str(row[name]) for name in ("from_number", "to_number"))
    return {
        **row,
        "short_id": row["initiating_id"][:size],
        "what": _SHORT[row["kind"]],
        "stores": f"{row['from_store_code']} > {row['to_store_code']}",
        "numbers": " > ".join(numbers),
    }


def _short(ids: Sequence[str]) -> int:
    """How many characters of the ids tell them apart."""
    return next((size for size in range(_SHORTEST, 65) if len({one[:size] for one in ids}) == len(set(ids))), 65)


def _named(every: Sequence[dict[str, Any]], id: str) -> dict[str, Any]:  # noqa: A002 - the word of the command line
    """The one transfer that is meant by an initiating half's id, or by the beginning of it."""
    exact = [row for row in every if row["initiating_id"] == id]
    if not exact and len(id) < _SHORTEST:
        raise click.UsageError(f"`{id}` is no initiating document's id; write it whole, or {_SHORTEST} characters or "
                               "more of it. `supplysync transfers list` shows them")  # fmt: skip
    found = exact or [row for row in every if row["initiating_id"].startswith(id)]
    if not found:
        raise click.UsageError(f"no transfer was begun by a document `{id}`; `supplysync transfers list` shows them")
    if len(found) > 1:
        named = ", ".join(f"{row['table_name']} {row['initiating_id']}" for row in found[:5])
        raise click.UsageError(f"`{id}` may be {len(found)} documents: {named}{', ...' if len(found) > 5 else ''}. "
                               "Write more of the id")  # fmt: skip
    return found[0]


def _site_code(found: Mapping[str, Any], loaded: Project) -> str:
    """The site whose document it is; central, where the store is active nowhere."""
    sites = {site.id: site.code for site in loaded.topology.sites}
    return sites.get(found["from_site_id"], loaded.topology.central)


def _undone(con: Connection, loaded: Project) -> list[decisions.Decision]:
    """The decisions to begin that no cycle has acted on yet."""
    return [one for one in decisions.after(loaded.pulls, last_decision(con)) if one.kind == DecisionKind.BEGIN]
