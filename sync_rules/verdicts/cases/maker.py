"""New user accounts: central's once, afterwards the site's own affair (B39)."""

from __future__ import annotations

from sync_rules.verdicts.cases.case import ALWAYS, Case, Cases
from sync_rules.verdicts.facts.frame import Facts

# fmt: off
_AFTERWARDS = (
    Case("kept_at_site", "B39", Facts.held_maker == Facts.site_id, "the site that made it goes on with it"),
    Case("takes_over",   "R2",  ALWAYS, "another site made it"),
)
MAKER = Cases(
    held=_AFTERWARDS,
    edit=_AFTERWARDS,
    delete=_AFTERWARDS,
    new=(Case("authorised", "B39", ALWAYS, "any site makes it"),),
)
# fmt: on
