"""Whether there is anything to judge: what is refused, or passes, whoever made the change."""

from __future__ import annotations

from sync_rules.table.policies import Authority
from sync_rules.table.rules import PARTS, is_only_local
from sync_rules.verdicts.cases.case import Case
from sync_rules.verdicts.facts.frame import Facts
from sync_rules.verdicts.facts.rights import AT_HOME

# a delete does not tell which of the rules of its table held for the row
_ONLY_LOCAL = [name for name in PARTS if is_only_local(name)]
_is_upsert = Facts.op == "upsert"
_is_local = Facts.new_authority == str(Authority.LOCAL)
_is_topologys = (Facts.new_authority == str(Authority.TOPOLOGY)) | (Facts.held_authority == str(Authority.TOPOLOGY))
# what another site may not edit is refused for that; of their own, people keep what they wrote
_is_editors = ~Facts.is_held | (Facts.may_edit_held & Facts.merges.is_null())
_is_somebodys = Facts.held_authority.is_in([str(Authority.OWNER), *AT_HOME])

# fmt: off
JUDGEABLE = (
    Case("unknown_table",       "S1",  Facts.new_authority.is_null(), "the table is not declared"),
    Case("local_data",          "P3",  _is_local & (_is_upsert | Facts.table_name.is_in(_ONLY_LOCAL)), "data of this kind never leaves its site"),
    Case("malformed_value",     "B9",  Facts.malformed.is_not_null() & _is_editors, "a value of a new record, or of one that the site may edit, is outside what its column may hold"),
    Case("merged_away",         "B35", Facts.is_merged_away & _is_upsert & ~Facts.is_held, "the record was merged into another one"),
    Case("adopted",             "B4",  Facts.is_same & Facts.is_snapshot, "the row was read whole, and central has the same"),
    Case("unchanged",           "A1",  Facts.is_same, "the row says what central has"),
    Case("nothing_to_delete",   "B11", ~_is_upsert & ~Facts.is_held, "a delete of what central does not hold"),
    Case("written_by_topology", "B15", _is_topologys, "`topology.toml` says this, and nobody else"),
    Case("moved_away",          "B47", Facts.is_moved_away, "its store, or primary with its data, moved to another site, and this one has handed it over"),
    Case("store_moving",        "B47", Facts.is_moving, "its store is on its way to another site: nobody may edit it until it is there"),
    Case("store_not_placed",    "B28", _is_somebodys & Facts.is_held & Facts.held_site.is_null(), "an edit or delete of what belongs to a store that is active nowhere"),
)
# fmt: on
