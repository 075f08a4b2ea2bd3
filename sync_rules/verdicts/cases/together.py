"""What changes do to each other, in words: ``merges`` and ``documents`` decide it, over all changes of a batch.

Each line: the reason, the rule, when it is given.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Clash:
    """A reason that a change gets because of other changes or records, and when."""

    reason: str
    rule: str
    words: str


# fmt: off
OF_MERGES = (
    Clash("merge_incomplete",    "B35", "the merge does not name both records"),
    Clash("merge_in_circle",     "B35", "the record that is kept was itself merged into the one that would go"),
    Clash("merged_already",      "B35", "the one that would go was merged into a third one before"),
    Clash("reference_missing",   "A1",  "one of the two records is not here yet"),
    Clash("not_home_site",       "B35", "two people of one home site are merged elsewhere than there; of two home sites, elsewhere than on primary"),
    Clash("store_not_placed",    "B28", "`topology.toml` does not say where a home store is active"),
    Clash("merge_across_stores", "B35", "two locations are not both the store's own"),
    Clash("merge_of_stores",     "B35", "both names are stores"),
    Clash("own_customer",        "B35", "a store would be its own customer or supplier, by what it sees or by documents that are not finalised"),
)
OF_SITES = (
    Clash("takes_over",       "R2", "two sites make one record in the same cycle: the second"),
    Clash("edited_elsewhere", "R8", "two sites edit one record in the same cycle where both may: the second"),
    Clash("store_is_placed",  "B18", "a store that `topology.toml` places is deleted, or a second one gets its code"),
)
OF_DOCUMENTS = (
    Clash("parent_missing",    "A1", "a line comes without its document"),
    Clash("reference_missing", "A1", "a record that it refers to is not here yet"),
    Clash("still_referenced",  "R6", "a record is deleted that records which stay refer to"),
    Clash("parent_rejected",   "A4", "a line whose document is rejected"),
    Clash("document_waits",    "A5", "another part of the same document waits or is rejected"),
    Clash("other_half_rejected", "X1", "a new half that its site made answers a document of that site that is rejected"),
    Clash("other_half_waits",  "X1", "a new half that its site made answers a document of that site that waits, or has a malformed value"),
)
# fmt: on
