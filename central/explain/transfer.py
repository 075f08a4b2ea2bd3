"""A transfer as people ask for it, told from either half, a line of one, or a log message about it (O7, section 8)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from central.explain.record import explain
from central.project import Project
from sync_rules.codes import WAITS, Cause
from sync_rules.table.rules import RULES
from sync_rules.transfers.kinds import BY_NAME, HEADERS, LOG_COLUMNS, LOG_TABLE
from sync_rules.transfers.next_step import next_step, responding_words, site_words, spoken_name, store_of
from sync_rules.words import Maker
from warehouse.connection import Connection
from warehouse.ledger import history, transfer_history

BEGINS = {
    "stock_transfer": "a stock transfer begins when a customer invoice to a store is finalised",
    "stock_return": "a return begins when a supplier credit to a store is finalised, as stock transfers do",
    "requisition": "a requisition to a store begins when the request is finalised",
    "internal_order": "the first stage of an internal order begins when a purchase order to a store is confirmed",
    "internal_order_goods": "the second stage of an internal order begins when the customer invoice made for the order "
                            "is finalised",
}  # fmt: skip
"""By kind, the line of section 8's table that it falls under."""


@dataclass(frozen=True)
class Half:
    """One half: its document, as central holds it, and the ``sites`` that have it now, besides the warehouse.

    ``record_id`` is None for one that is not made yet; ``number`` is None while its site has given it none.
    """

    called: str
    table: str
    record_id: str | None
    store: str
    active_on: str | None
    is_held: bool
    number: int | None
    status: str | None
    sites: tuple[str, ...]


@dataclass(frozen=True)
class Waits:
    """Why there is no responding half: a reason code, the rule behind it, and words."""

    code: str
    rule: str
    words: str


@dataclass(frozen=True)
class LogMessage:
    """What was logged in a store about the initiating half."""

    store: str | None
    message: str | None
    logged_at: datetime | None


@dataclass(frozen=True)
class RelatedDocument:
    """Another transfer that belongs to this one: the other stage of an order, what was sent for a requisition."""

    relation: str
    kind: str
    table: str
    record_id: str
    number: int | None
    state: str
    next: str


@dataclass(frozen=True)
class Units:
    """What the lines of both halves come to, of goods: they differ where one was changed after it was taken in."""

    sent: Decimal
    there: Decimal


@dataclass(frozen=True)
class TransferExplanation:
    """All there is to say about a transfer. ``rule`` is X1 where its site makes the responding half, X2 where central
    does; ``because`` says it in words."""

    kind: str
    begins: str
    rule: str
    because: str
    state: str
    initiating: Half
    responding: Half
    waits: Waits | None
    begun_at: datetime | None
    days_under_way: int | None
    made_by: str | None
    made_at: datetime | None
    cycle: int | None
    log: tuple[LogMessage, ...]
    units: Units | None
    next: str
    related: tuple[RelatedDocument, ...]
    data_as_of_at: datetime | None


def transfer_of_record(con: Connection, project: Project, table: str, record_id: str) -> TransferExplanation | None:
    """The transfer that a record is part of; None where it is part of none.

    An invoice that answers an order and begins the goods' own transfer tells of the order; the goods are related to it.
    """
    half = _half_of(con, table, record_id)
    if half is None:
        return None
    found = [*transfer_history.answered_by(con, *half).to_dicts(), *transfer_history.begun_by(con, *half).to_dicts()]
    return explain_transfer(con, project, found[0]) if found else None


def _half_of(con: Connection, table: str, record_id: str) -> tuple[str, str] | None:
    """The document that a record is, is a line of, or is a log message about; it may be none of a transfer's."""
    if table in HEADERS:
        return table, record_id
    if table == LOG_TABLE:
        rows = history.row(con, table, record_id).to_dicts()
        named = [(header, row[column]) for row in rows for header, column in LOG_COLUMNS.items() if row[column]]
        return named[0] if named else None
    parent = RULES[table].table.parent
    if parent in HEADERS:
        documents = history.record_facts(con, table, record_id)["document"].to_list()
        return (parent, documents[0]) if documents else None
    return None


def explain_transfer(con: Connection, project: Project, row: Mapping[str, Any]) -> TransferExplanation:
    """Explains a transfer, a row of `reports.begun_transfer`."""
    sites = site_words(project.topology)
    rule, because = _rule(row, project.topology.primary_id)
    log = transfer_history.log(con, row["table_name"], row["initiating_id"]).to_dicts()
    return TransferExplanation(
        row["kind"],
        BEGINS[row["kind"]],
        rule,
        because,
        row["state"],
        _half(con, project, row, "from"),
        _half(con, project, row, "to"),
        _waits(row["waits"]),
        row["begun_at"],
        row["days_under_way"],
        row["made_by"],
        row["made_at"],
        row["made_cycle"],
        tuple(LogMessage(one["store_code"], one["message"], one["logged_at"]) for one in log),
        _units(con, row),
        next_step(row, sites),
        tuple(
            RelatedDocument(relation, other["kind"], other["table_name"], other["initiating_id"], other["from_number"],
                    other["state"], next_step(other, sites))
            for relation, other in _others(con, row)
        ),
        row["data_as_of_at"],
    )  # fmt: skip


def _rule(row: Mapping[str, Any], primary: int) -> tuple[str, str]:
    edited_at = primary if row["is_centralised"] else row["from_site_id"]
    is_local = edited_at is not None and edited_at == row["to_site_id"]
    if row["waits"] == "at_its_site" or (row["made_by"] == Maker.SITE and is_local):
        return "X1", "the document and the other store are of one site, which makes the responding half itself"
    if row["made_by"] == Maker.SITE:
        return "X2", "the responding half was there already, made at its site: central makes none"
    return (
        "X2",
        "the stores are on two sites: central makes the responding half, once; it follows what its sender says until "
        "its store takes it in (X5)",
    )


def _units(con: Connection, row: Mapping[str, Any]) -> Units | None:
    is_goods = row["kind"] not in ("requisition", "internal_order")
    if not (is_goods and row["is_initiating_here"] and row["is_responding_here"]):
        return None
    return Units(
        transfer_history.units(con, row["table_name"], row["initiating_id"]),
        transfer_history.units(con, row["responding_table"], row["responding_id"]),
    )


def _waits(code: str | None) -> Waits | None:
    if code is None:
        return None
    known = WAITS.get(code, Cause(code, "", "a reason that another version gave"))
    return Waits(code, known.rule, known.explanation)


def _half(con: Connection, project: Project, row: Mapping[str, Any], side: str) -> Half:
    is_first = side == "from"
    kind = BY_NAME[row["kind"]]
    called = spoken_name(kind.type or kind.table) if is_first else responding_words(row)
    table = row["table_name"] if is_first else row["responding_table"]
    record_id = row["initiating_id"] if is_first else row["responding_id"]
    codes = {site.id: site.code for site in project.topology.sites}
    return Half(
        f"{called} requisition" if is_first and kind.table == "requisition" else called,
        table,
        record_id,
        store_of(row, side),
        codes.get(row[f"{side}_site_id"]),
        row["is_initiating_here"] if is_first else row["is_responding_here"],
        row[f"{side}_number"],
        row[f"{side}_status"],
        _where(con, project, table, record_id) if record_id else (),
    )


def _where(con: Connection, project: Project, table: str, record_id: str) -> tuple[str, ...]:
    """The sites that have a record, as `explain` tells it."""
    told = explain(con, project, table, record_id, project.topology.sites, edits=False)
    return tuple(one.site for one in told.sites if one.is_contacted and one.has_it)


def _others(con: Connection, row: Mapping[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """What belongs to a transfer: what came before it and after it, and for a requisition what was sent for it."""
    before = transfer_history.answered_by(con, row["table_name"], row["initiating_id"])
    after = transfer_history.begun_by(con, row["responding_table"], row["responding_id"])
    found = [("first stage", one) for one in before.to_dicts()] + [("second stage", one) for one in after.to_dicts()]
    if row["kind"] == "requisition":
        sent = transfer_history.made_for(con, row["responding_id"])
        found += [("sent for it", one) for one in sent.to_dicts()]
    if row["requisition_id"]:
        asked = transfer_history.answered_by(con, "requisition", row["requisition_id"])
        found += [("sent for", one) for one in asked.to_dicts()]
    return found
