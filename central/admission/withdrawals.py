"""Records that stop leaving their site: its people passed them to a store whose data stays, or took back the flag that
let them go (B59)."""

from __future__ import annotations

import polars as pl

from sync_rules.codes import codes_of
from sync_rules.frames import RECORD
from sync_rules.words import Verdict
from warehouse.ledger import papers, quarantine
from warehouse.records.door import Records

_MAY = ("authorised", "still_referenced")  # what refers to a record does not keep it here
_REJECTING = codes_of(Verdict.REJECTED)


def take_withdrawals(records: Records, changes: pl.DataFrame) -> pl.DataFrame:
    """Withdraws what its site may delete and no longer sends, and closes what waited of it. Returns the other changes.

    They are judged with the rest, as deletes, and stand for one where the record is half of a transfer (precision 34).
    What the site may not withdraw is refused and put right like a delete; one that was refused before is no matter any
    more, since its site has the record as it was.
    """
    asked = changes.filter("is_withdrawal")
    if asked.is_empty():
        return changes
    was_put_right = pl.col("was_reason").is_in(_REJECTING).fill_null(value=False)
    held = asked.filter(pl.col("is_held") & pl.col("reason").is_in(_MAY) & ~was_put_right)
    halves = papers.halves_among(records.con, held)
    withdrawn = held.join(halves, on=RECORD, how="anti", maintain_order="left")
    records.withdraw(withdrawn.select(*RECORD, maker="site_id").sort(RECORD))
    unheld = asked.filter(pl.col("reason") == "nothing_to_delete")
    done = pl.concat([withdrawn, unheld, asked.filter(was_put_right)])
    quarantine.drop(records.con, done, cycle=records.cycle)
    return changes.join(done.select("entry"), on="entry", how="anti", maintain_order="left")


def withdraw_halves(records: Records, admitted: pl.DataFrame) -> pl.DataFrame:
    """Withdraws halves of transfers that leave their site no longer: for the transfer they are deleted, at their site
    they are there. Returns what else is admitted."""
    halves = admitted.filter("is_withdrawal")
    if halves.is_empty():
        return admitted
    records.withdraw(halves.select(*RECORD, maker="site_id"))
    return admitted.filter(~pl.col("is_withdrawal"))
