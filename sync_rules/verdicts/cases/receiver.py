"""Documents whose receiver is corrected after they were sent: what the first receiver has comes back first (X5)."""

from __future__ import annotations

from sync_rules.verdicts.cases.case import Case
from sync_rules.verdicts.facts.frame import Facts

_is_redirected = Facts.may_edit_new & Facts.is_redirected

# fmt: off
REDIRECTED = (
    Case("taken_in_already",   "X5", _is_redirected & Facts.is_taken_in, "it names another receiver, and the first one took in what was sent"),
    Case("waits_for_receiver", "X5", _is_redirected, "it names another receiver, and the first one has its half still"),
)
# fmt: on
