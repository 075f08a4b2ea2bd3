"""Patients, prescribers and what belongs to them: edited on their home site (B33), repeats elsewhere too (B34)."""

from __future__ import annotations

from dataclasses import replace

from sync_rules.verdicts.cases.case import ALWAYS, Case, Cases
from sync_rules.verdicts.facts.frame import Facts

_is_homeless = Facts.new_home.is_null() & ~Facts.may_edit_new


def _of_people(where: str) -> Cases:
    """The cases of what is edited ``where``: on the home site, or where somebody is visible too."""
    # fmt: off
    return Cases(
        held=(
            Case("differs_at_first_contact", "B4",  ~Facts.may_edit_held & Facts.is_snapshot, "another site's row, read whole, differs from central's"),
            Case("takes_over",               "R2",  ~Facts.may_edit_held & Facts.may_edit_new, "a site that may not edit it makes itself one that may"),
            Case("not_home_site",            "B33", ~Facts.may_edit_held, f"another site than {where} edits it"),
        ),
        edit=(
            Case("authorised",        "A1", Facts.may_edit_new, f"{where} edits it, as it was and as it will be"),
            Case("reference_missing", "A1", ~Facts.is_known, "whom it will be about is not here yet"),
            Case("gives_away",        "R2", ALWAYS, "another site would edit it from then on"),
        ),
        delete=(
            Case("not_home_site", "B33", ~Facts.may_edit_held, f"another site than {where} deletes it"),
            Case("authorised",    "R6",  ALWAYS, f"{where} deletes it"),
        ),
        new=(
            Case("reference_missing", "A1",  ~Facts.is_known, "whom it is about is not here yet"),
            Case("store_not_placed",  "B28", _is_homeless & Facts.is_home_known, "`topology.toml` does not say where the home store is active"),
            Case("store_unknown",     "T10", _is_homeless, "central has no record of the home store"),
            Case("authorised",        "A1",  Facts.may_edit_new, f"{where} makes it"),
            Case("not_home_site",     "B33", ALWAYS, f"another site than {where} makes it"),
        ),
    )
    # fmt: on


# fmt: off
_MERGE = Case("authorised", "B35", Facts.merges.is_not_null(), "a merge: the homes of both people decide (see below)")
_UNSEEN = Case("edited_elsewhere", "R8", Facts.may_edit_held & Facts.is_stale, "another site changed it, and this one had not been sent that")
# fmt: on

_AT_HOME = _of_people("the home site")
HOME = replace(_AT_HOME, new=(_MERGE, *_AT_HOME.new))

_SEEN = _of_people("the home site (or one where the patient is visible, with `repeats_anywhere`)")
HOME_OR_VISIBLE = replace(_SEEN, held=(_UNSEEN, *_SEEN.held), delete=(_UNSEEN, *_SEEN.delete))
