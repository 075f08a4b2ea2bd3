"""In which stores patients and prescribers are visible: new ones by the home site, everything else by primary (B32)."""

from __future__ import annotations

from sync_rules.verdicts.cases.case import ALWAYS, Case, Cases
from sync_rules.verdicts.cases.one_site import ON_PRIMARY
from sync_rules.verdicts.facts.frame import Facts

_is_homeless = Facts.new_home.is_null()

# fmt: off
VISIBILITY = Cases(
    held=ON_PRIMARY.held,
    edit=ON_PRIMARY.edit,
    delete=ON_PRIMARY.delete,
    new=(
        Case("authorised",        "B32", Facts.may_edit_new, "primary makes somebody visible"),
        Case("reference_missing", "A1",  ~Facts.is_known, "who becomes visible is not here yet"),
        Case("store_not_placed",  "B28", _is_homeless & Facts.is_home_known, "`topology.toml` does not say where the home store is active"),
        Case("store_unknown",     "T10", _is_homeless, "central has no record of the home store"),
        Case("not_home_site",     "B32", Facts.new_home != Facts.site_id, "a site makes somebody visible whose home is elsewhere"),
        Case("no_owner",          "R1",  Facts.new_owner.is_null(), "it names no store"),
        Case("store_unknown",     "T10", ~Facts.is_owner_known, "central has no record of the store"),
        Case("store_not_placed",  "B28", Facts.new_active.is_null(), "`topology.toml` does not say where the store is active"),
        Case("authorised",        "B32", Facts.new_active == Facts.site_id, "the home site makes somebody visible in a store of its own"),
        Case("not_home_site",     "B32", ALWAYS, "the home site makes somebody visible in a store of another site"),
    ),
)
# fmt: on
