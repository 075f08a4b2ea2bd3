"""What comes next of a transfer, in words: who does what, and where."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sync_rules.topology.topology import Topology
from sync_rules.transfers.kinds import BY_NAME
from sync_rules.words import TransferState

Sites = Mapping[int, str]
"""What the sites are called, by their ids."""


def site_words(topology: Topology) -> Sites:
    """The codes of sites as sentences name them."""
    return {site.id: site.code if site.is_enabled else f"{site.code}, which is paused," for site in topology.sites}


def next_step(row: Mapping[str, Any], sites: Sites) -> str:
    """What has to happen for a transfer (a row of `reports.begun_transfer`) to go on."""
    if row["is_recall_asked"] and row["state"] in (TransferState.SENT, TransferState.ARRIVED):
        return (
            f"{store_of(row, 'from')} corrected the receiver: {_site(row, sites)} is asked to take the "
            f"{responding_words(row)} back, unless {store_of(row, 'to')} took it in"
        )
    return _STATES[row["state"]](row, sites)


def spoken_name(name: str) -> str:
    """A table's or kind's name as people say it."""
    return name.replace("_", " ")


def store_of(row: Mapping[str, Any], side: str) -> str:
    """The code of the store on a side, `from` or `to`; its id where it has no record."""
    return str(row[f"{side}_store_code"] or row[f"{side}_store"])


def _site(row: Mapping[str, Any], sites: Sites) -> str:
    return sites.get(row["to_site_id"], f"the site of store {store_of(row, 'to')}")


def responding_words(row: Mapping[str, Any]) -> str:
    """What the responding half is called: a supplier invoice, goods received, ..."""
    kind = BY_NAME[row["kind"]]
    words = spoken_name(kind.responding_type or kind.responding_table)
    return f"{words} requisition" if kind.responding_table == "requisition" else words


def _waiting(row: Mapping[str, Any], sites: Sites) -> str:
    site, store = _site(row, sites), store_of(row, "to")
    unplaced = store_of(row, "from") if row["from_site_id"] is None else store
    said = {
        "too_old_to_begin": f"begins when somebody says so: `supplysync transfers begin {row['initiating_id'][:8]}`",
        "store_disabled": f"waits until store {store} is not disabled any more",
        "store_not_placed": f"waits until topology.toml places store {unplaced}",
        "site_not_contacted": f"waits until {site} is pulled for the first time",
        "at_its_site": f"waits until {site} is pulled: it makes the {responding_words(row)} itself",
        "half_missing": f"names a {responding_words(row)} that central does not have; begins when that comes, or by "
        f"hand: `supplysync transfers begin {row['initiating_id'][:8]}`",
        "receiver_corrected": f"is taken back from {store}; waits for the edit that names another receiver",
        "id_taken": f"waits until the record that has the id of its {responding_words(row)} is gone",
    }
    return said.get(row["waits"], f"waits for the next cycle to make the {responding_words(row)}")


def _sent(row: Mapping[str, Any], sites: Sites) -> str:
    return f"waits until {_site(row, sites)} is pulled: its number comes back then"


def _arrived(row: Mapping[str, Any], _: Sites) -> str:
    store, half = store_of(row, "to"), responding_words(row)
    if row["kind"] == "internal_order":
        return f"{store} picks what was ordered and finalises the {half}"
    if row["kind"] == "internal_order_goods" and row["to_status"] == "finalised":
        return f"{store} finalises the supplier invoice that it made of the goods received"
    off_hold = "takes it off hold and " if row["is_on_hold"] else ""
    return f"{store} {off_hold}finalises {'it' if off_hold else f'the {half}'}"


def _done(row: Mapping[str, Any], _: Sites) -> str:
    return f"nothing: {store_of(row, 'to')} finalised it"


def _unlinked(row: Mapping[str, Any], _: Sites) -> str:
    deleted = f"nothing: {store_of(row, 'from')} deleted the {BY_NAME[row['kind']].called} that began it"
    return (
        f"{deleted}; the {responding_words(row)} stays {store_of(row, 'to')}'s"
        if row["is_responding_here"]
        else deleted
    )


def _dropped(row: Mapping[str, Any], _: Sites) -> str:
    return f"nothing: {store_of(row, 'to')} deleted the {responding_words(row)}, and it is not made again"


def _history(row: Mapping[str, Any], _: Sites) -> str:
    return (
        f"nothing: it was finished before {store_of(row, 'to')} was a store (B60); it begins when somebody says so: "
        f"`supplysync transfers begin {row['initiating_id'][:8]}`"
    )


_STATES = {
    TransferState.WAITING: _waiting,
    TransferState.SENT: _sent,
    TransferState.ARRIVED: _arrived,
    TransferState.DONE: _done,
    TransferState.UNLINKED: _unlinked,
    TransferState.DROPPED: _dropped,
    TransferState.HISTORY: _history,
}
