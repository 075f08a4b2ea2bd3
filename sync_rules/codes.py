"""The register of codes: why a change got its verdict, why a transfer waits, why a site fails; the rule behind each,
and words for people.

A code that says the same of changes and of transfers (`store_not_placed`) stands in both lists, each with its own rule.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sync_rules.words import Verdict


@dataclass(frozen=True)
class Reason:
    """A reason code: the verdict it gives, the spec rule it implements, what it means."""

    code: str
    verdict: Verdict
    rule: str
    explanation: str


@dataclass(frozen=True)
class Cause:
    """Why a transfer has no responding half yet, why a site has not got a row as it was sent, or why it fails as a
    whole: the spec rule behind the code, what it means."""

    code: str
    rule: str
    explanation: str


# fmt: off
_A, _R, _W = Verdict.ADMITTED, Verdict.REJECTED, Verdict.WAITING
REASONS: Mapping[str, Reason] = {reason.code: reason for reason in (
    Reason("authorised",               _A, "A1",  "the site may make this change"),
    Reason("adopted",                  _A, "B4",  "at first contact the site's row was equal to central's"),
    Reason("unchanged",                _A, "A1",  "the row is equal to the one central holds"),
    Reason("kept_at_site",             _A, "B39", "the record is central's since its creation; the site's later edits are its own"),
    Reason("nothing_to_delete",        _A, "B11", "central never held the record"),
    Reason("stays_at_site",            _A, "T6",  "the data of this store does not leave its site: nothing of it is kept"),
    Reason("unknown_table",            _R, "S1",  "the table is not one of the declared ones"),
    Reason("local_data",               _R, "P3",  "data of this kind never leaves its site"),
    Reason("written_by_topology",      _R, "B15", "this is written from topology.toml and edited nowhere"),
    Reason("malformed_value",          _R, "B9",  "a value is outside what the column may hold"),
    Reason("no_owner",                 _R, "R1",  "the record names no store that owns it"),
    Reason("not_primary",              _R, "R1",  "data of this kind is edited on the primary site only"),
    Reason("not_central",              _R, "R1",  "data of this kind is edited on the central site only"),
    Reason("not_owner",                _R, "R1",  "the store that owns the record is not active on this site"),
    Reason("takes_over",               _R, "R2",  "the record belongs to somebody else; writing another owner into it changes nothing"),
    Reason("gives_away",               _R, "R2",  "another site edits it from then on: its new owner is not active on this one, or primary alone edits what it becomes"),
    Reason("not_home_site",            _R, "B33", "patients, prescribers and what belongs to them are edited on their home site"),
    Reason("edited_elsewhere",         _R, "R8",  "another site changed the record, and this one had not seen it yet"),
    Reason("immutable",                _R, "A1",  "messages and merges are made once and not changed"),
    Reason("centralised_procurement",  _R, "B37", "procurement is centralised: primary makes such documents for the store"),
    Reason("centralised_payments",     _R, "B37", "payments are centralised: primary makes them for the store"),
    Reason("local_procurement",        _R, "B37", "the store's site buys for itself (local_procurement): primary makes no such document for it"),
    Reason("taken_in_already",         _R, "X5",  "the document was sent, and its receiver took it in: it is nobody else's any more"),
    Reason("merged_away",              _R, "B35", "the record was merged into another one and is no more"),
    Reason("merged_already",           _R, "B35", "the record that this merges away was merged into another one before"),
    Reason("merge_incomplete",         _R, "B35", "the merge does not name both records"),
    Reason("merge_in_circle",          _R, "B35", "the merge would merge a record into itself"),
    Reason("merge_across_stores",      _R, "B35", "locations of different stores are not merged"),
    Reason("merge_of_stores",          _R, "B35", "two names that are both stores are not merged"),
    Reason("own_customer",             _R, "B35", "the merge would make a store its own customer or supplier: it sees the other name, or has documents with it that are not finalised"),
    Reason("differs_at_first_contact", _R, "B4",  "at first contact the row differed from central's and the site may not edit it"),
    Reason("changed_on_both_lines",    _R, "B50", "the record was changed in the site's database and, on the line that was lost when that was put back from a backup or copied, at central: both versions are kept here. The site's holds, or central's where `readmit --take central` said so; `supplysync rejected discard` ends it as it is, `admit` takes the site's"),
    Reason("store_is_placed",          _R, "B18", "topology.toml places a store by this code: its record is not deleted, and no second one carries it"),
    Reason("moved_away",               _R, "B47", "the store, or the central data that primary edits, moved to another site, and this one had handed it over when it was written; of a store, `supplysync rejected admit` takes it in for the new owner"),
    Reason("parent_rejected",          _R, "A4",  "the document this line belongs to was rejected"),
    Reason("other_half_rejected",      _R, "X1",  "the document of the other store that this one answers was rejected"),
    Reason("still_referenced",         _R, "R6",  "records that stay refer to this one, so it cannot be deleted"),
    Reason("store_unknown",            _W, "T10", "central has no record of the store that owns this"),
    Reason("store_not_placed",         _W, "B28", "topology.toml does not say where the store is active"),
    Reason("store_moving",             _W, "B47", "the store is on its way to another site and nobody's until it is there: this is judged then"),
    Reason("parent_missing",           _W, "A1",  "the document this line belongs to is not here yet"),
    Reason("reference_missing",        _W, "A1",  "a record this one refers to is not here yet"),
    Reason("waits_for_receiver",       _W, "X5",  "the receiver of what was sent was corrected: the first one's site has to take its half back, if that was not taken in"),
    Reason("document_waits",           _W, "A5",  "another part of the same document waits or was rejected"),
    Reason("other_half_waits",         _W, "X1",  "the document of the other store that this one answers waits, or is kept back until a value in it is mended"),
)}

WAITS: Mapping[str, Cause] = {wait.code: wait for wait in (
    Cause("too_old_to_begin",   "X6",  "the document came with a first contact or a restore and is older than transfer_age_limit_months: nothing is made of it unless somebody says so (`supplysync transfers begin ID`)"),
    Cause("store_disabled",     "X5",  "the store that would respond is disabled: nobody there would take what is made for it"),
    Cause("store_not_placed",   "B28", "topology.toml does not say where one of the two stores is active"),
    Cause("site_not_contacted", "X2",  "the site of the store that would respond was never pulled: it is not known what it has already"),
    Cause("half_missing",       "X2",  "the document names a responding half that central does not hold: it may still come"),
    Cause("at_its_site",        "X1",  "both stores are active on one site, which makes the responding half itself"),
    Cause("id_taken",           "X2",  "another record has the id that the responding half would have: nothing is made over it"),
    Cause("receiver_corrected", "X5",  "the receiver was corrected, and the first one's half was taken back: the other store's is made in the next cycle"),
    Cause("party_was_no_store", "B60", "the document was finished before its other party was a store that topology.toml places: it is history, and nothing is made of it unless somebody says so (`supplysync transfers begin ID`)"),
)}

SKIPS: Mapping[str, Cause] = {skip.code: skip for skip in (
    Cause("edited_since_pull", "B19", "somebody edited the row at the site since it was pulled: it is sent again in the next cycle"),
    Cause("still_referenced",  "R7",  "rows at the site refer to this one, so it was not removed there: it is tried again once something changes at the site"),
    Cause("refused_by_site",   "B19", "the site's own database or program would not have the row: its document stayed out, and is tried again once something changes at the site, or after `supplysync release`"),
    Cause("altered_by_site",   "B58", "a trigger of the site's own program makes the row what it was before: it is not sent again until either side changes it"),
)}

FAILURES: Mapping[str, Cause] = {failure.code: failure for failure in (
    Cause("site_is_ahead", "P6", "the site's database holds a change set that central never made: central was put back from an older backup, or another central sends to this site. Nothing is read or written there; put central's newest `data` folder back and run `supplysync sync`, or where that is lost `supplysync restore-server`"),
    Cause("another_central", "B53", "the site's database goes on with another server. Nothing is read or written there; let `database` in topology.toml name this network's own; where this is that server and its `data` was lost, `supplysync restore-server DIR` makes it again from a backup; only where that server is lost for good, and every backup of it, and this one is to take its place, `supplysync restore-server --supersede LINE`"),
    Cause("central_superseded", "B53", "the site goes on with a server that was restored from a backup of this one: this one is the old one, and no site is to hear of it again. Nothing is read or written anywhere; stop its schedule, and go on with the other"),
)}
# fmt: on


def codes_of(verdict: Verdict) -> list[str]:
    """The codes of the reasons that give a verdict."""
    return [code for code, reason in REASONS.items() if reason.verdict is verdict]
