"""Patients, prescribers and what belongs to them: edited on their home site (B33), repeats elsewhere too (B34)."""

from __future__ import annotations

from dataclasses import replace

from sync_rules.verdicts.cases.case import ALWAYS, Case, Cases
from sync_rules.verdicts.facts.frame import Facts

_is_homeless = Facts.new_home.is_null() & ~Facts.may_edit_new

# fmt: off
HOME = Cases(
    held=(
        Case("differs_at_first_contact", "B4",  ~Facts.may_edit_held & Facts.is_snapshot, "another site's row, read whole, differs from central's"),
        Case("takes_over",               "R2",  ~Facts.may_edit_held & Facts.may_edit_new, "a site writes itself into it as the home"),
        Case("not_home_site",            "B33", ~Facts.may_edit_held, "another site than the home site edits it"),
    ),
    edit=(
        Case("authorised",        "A1", Facts.may_edit_new, "the home site edits it, as it was and as it will be"),
        Case("reference_missing", "A1", ~Facts.is_known, "whom it will be about is not here yet"),
        Case("gives_away",        "R2", ALWAYS, "the home will be on another site"),
    ),
    delete=(
        Case("not_home_site", "B33", ~Facts.may_edit_held, "another site than the home site deletes it"),
        Case("authorised",    "R6",  ALWAYS, "the home site deletes it"),
    ),
    new=(
        Case("authorised",        "B35", Facts.merges.is_not_null(), "a merge: the homes of both people decide"),
        Case("reference_missing", "A1",  ~Facts.is_known, "whom it is about is not here yet"),
        Case("store_not_placed",  "B28", _is_homeless & Facts.is_home_known, "`topology.toml` does not say where the home store is active"),
        Case("store_unknown",     "T10", _is_homeless, "central has no record of the home store"),
        Case("authorised",        "A1",  Facts.may_edit_new, "the home site makes it"),
        Case("not_home_site",     "B33", ALWAYS, "another site than the home site makes it"),
    ),
)

_UNSEEN = Case("edited_elsewhere", "R8", Facts.may_edit_held & Facts.is_stale, "another site changed it, and this one had not been sent that")
# fmt: on

HOME_OR_VISIBLE = replace(HOME, held=(_UNSEEN, *HOME.held), delete=(_UNSEEN, *HOME.delete))
