"""What is made once and not changed afterwards: messages (B38) and merges (B35)."""

from __future__ import annotations

from sync_rules.verdicts.cases.case import ALWAYS, Case, Cases
from sync_rules.verdicts.facts.frame import Facts

# fmt: off
ONCE_EDIT = (
    Case("differs_at_first_contact", "B4", Facts.is_snapshot, "a row that was read whole differs from central's"),
    Case("immutable",                "A1", ALWAYS, "it is made once and not edited"),
)
ONCE_DELETE = (
    Case("immutable", "A1", ALWAYS, "it is made once and not deleted"),
)

SENDER = Cases(
    held=ONCE_EDIT,
    edit=ONCE_EDIT,
    delete=ONCE_DELETE,
    new=(
        Case("authorised",       "B38", Facts.new_owner.is_null(), "it has no sender: any site may send it"),
        Case("authorised",       "B38", Facts.new_active == Facts.site_id, "the sending store is active on the site"),
        Case("store_unknown",    "T10", ~Facts.is_owner_known, "central has no record of the sending store"),
        Case("store_not_placed", "B28", Facts.new_active.is_null(), "`topology.toml` does not say where the sending store is active"),
        Case("not_owner",        "B38", ALWAYS, "the sending store is active on another site"),
    ),
)
# fmt: on
