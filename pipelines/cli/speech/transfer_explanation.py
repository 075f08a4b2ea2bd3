"""The section of `explain` that tells the story of a transfer (O7)."""

from __future__ import annotations

from datetime import datetime

from central.explain.transfer import Half, RelatedDocument, TransferExplanation
from pipelines.cli.clock import moment_named
from pipelines.cli.speech.output import bold, data, show_table
from sync_rules.transfers.next_step import spoken_name
from sync_rules.words import TransferState

_STATES: dict[str, str] = {
    TransferState.WAITING: "waiting: the responding half is not made yet",
    TransferState.SENT: "sent: the responding half is made; its site has given it no number yet",
    TransferState.ARRIVED: "arrived: numbered, not finished",
    TransferState.DONE: "done: the responding half is finalised",
    TransferState.UNLINKED: "unlinked: what began it was deleted before it was done",
    TransferState.DROPPED: "dropped: the responding half was deleted",
    TransferState.HISTORY: "history: finished before its other party was a store; it began nothing",
}


def print_transfer(told: TransferExplanation) -> None:
    """Where both halves are, how it stands and what comes next."""
    between = f": {spoken_name(told.kind)} from {told.initiating.store} to {told.responding.store}"
    data.print(bold("Transfer", between, before="\n"), soft_wrap=True)
    facts = [
        ("state", _STATES[told.state]),
        ("next", told.next),
        ("waits", f"{told.waits.code}, {told.waits.words} ({told.waits.rule})" if told.waits else ""),
        ("rule", f"{told.rule}: {told.begins}; {told.because}"),
        ("begun", _begun(told)),
        ("made", _made(told)),
        *(("logged", f"in {one.store}{_at(one.logged_at)}: {one.message}") for one in told.log),
        ("differs", _differs(told)),
        *((one.relation, _related(one)) for one in told.related),
        ("known as of", moment_named(told.data_as_of_at) if told.data_as_of_at else ""),
    ]  # fmt: skip
    show_table("", {"key": "", "value": ""}, [{"key": key, "value": value} for key, value in facts if value])
    heading = {"called": "half", "number": "number", "status": "status", "store": "store", "sites": "at the sites",
               "record": "record"}  # fmt: skip
    show_table("\nIts halves", heading, [_row(half) for half in (told.initiating, told.responding)])


def _row(half: Half) -> dict[str, str | None]:
    active = f" (active on {half.active_on})" if half.active_on else " (active nowhere)"
    gone = "not made yet" if half.record_id is None else "not at central" if not half.is_held else None
    return {
        "called": half.called,
        "number": str(half.number) if half.number is not None else None,
        "status": gone or half.status,
        "store": half.store + active,
        "sites": ", ".join(half.sites) or None,
        "record": f"{half.table} {half.record_id}" if half.record_id else None,
    }


def _related(one: RelatedDocument) -> str:
    number = f" {one.number}" if one.number is not None else ""
    return f"{spoken_name(one.kind)}{number} ({one.table} {one.record_id}), {one.state}: {one.next}"


def _differs(told: TransferExplanation) -> str:
    """Where the halves do not come to the same: one was changed after it was taken in."""
    if told.units is None or told.units.sent == told.units.there:
        return ""
    sent, there = (f"{one.normalize():,f}" for one in (told.units.sent, told.units.there))
    by_item = "by item and batch: `supplysync report transfer_lines`"
    return f"{sent} units were sent, {there} are in the {told.responding.called}; {by_item}"


def _begun(told: TransferExplanation) -> str:
    if told.begun_at is None:
        return "the document does not say when"
    days = told.days_under_way
    lasted = f"; {days} day{'s' if days != 1 else ''} {'in all' if told.state == 'done' else 'ago'}"
    return f"{moment_named(told.begun_at)}{lasted if days is not None else ''}"


def _made(told: TransferExplanation) -> str:
    if told.made_by is None:
        return ""
    by = "central" if told.made_by == "central" else "the site"
    cycle = f", in cycle {told.cycle}" if told.cycle is not None else ""
    return f"by {by}{_at(told.made_at)}{cycle}"


def _at(moment: datetime | None) -> str:
    return f" at {moment_named(moment)}" if moment else ""
