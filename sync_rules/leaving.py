"""What leaves a site (P3): per table, which rows stay because of their owner.

Local data has no entry and never crosses the wire. Rows of a store that is a transfer instance on
central stay (T6); stock records of a dispensary with ``include_transactions`` off stay (B22). Halves of
transfers leave all the same, with their lines and their log messages.
When what leaves grows, the rows that newly leave are read whole in the next pull (P9, B26).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import polars as pl

from sync_rules.data_types import PARTS, RULES, SYNCED_KEYS, TOPOLOGY_KEYS, Condition
from sync_rules.policies import Authority
from sync_rules.scopes import is_quiet
from sync_rules.transfers import HALVES, LOG_TABLE
from sync_rules.words import Leaving, SyncType


@dataclass(frozen=True)
class Withheld:
    """Stores, by id, whose data (``everything``) or whose stock records only (``stock``) stay."""

    everything: frozenset[str]
    stock: frozenset[str]

    def of(self, table: str) -> frozenset[str]:
        """The stores whose rows of this table stay at their site."""
        if not is_kept_by_owner(table):
            return frozenset()
        return self.everything | self.stock if RULES[table].table.is_stock else self.everything


def is_kept_by_owner(table: str) -> bool:
    """Whether rows of the table may stay at their site because of the store that owns them; messages about transfers
    never do (T6)."""
    return RULES[table].authority is Authority.OWNER and table != LOG_TABLE


NOTHING = Withheld(frozenset(), frozenset())


def withheld(placed: pl.DataFrame) -> Withheld:
    """The stores whose data stays at their site; ``placed`` is a PLACEMENT frame."""
    transfer = placed.filter(pl.col("central_type") == str(SyncType.TRANSFER))["store_id"]
    quiet = placed.filter(is_quiet())["store_id"]
    return Withheld(frozenset(transfer), frozenset(quiet))


def leaving(
    now: Withheld,
    before: Withheld,
    *,
    from_primary: bool,
    preferences: frozenset[str] = frozenset(),
    parties: frozenset[str] = frozenset(),
) -> Mapping[str, Leaving]:
    """For each table that may leave a site: which rows do.

    ``before`` is what was withheld at the site's last admitted pull: a store that was withheld
    then and is not now has its rows read whole. Synced preferences leave from primary only;
    ``preferences`` are the ids of those that central holds, ``parties`` the names of the stores that it knows.
    """
    return {
        name: replace(
            _leaving(name, now.of(name), before.of(name) - now.of(name), from_primary, preferences),
            parties=parties if now.of(name) else frozenset(),
        )
        for name, rules in PARTS.items()
        if any(rule.authority is not Authority.LOCAL for rule in rules)
    }


def _leaving(
    name: str, stays: frozenset[str], whole: frozenset[str], from_primary: bool, preferences: frozenset[str]
) -> Leaving:
    rule = RULES[name]
    table = rule.table
    parent = RULES[table.parent].table if table.parent else None
    has_centralised = any(one.condition is Condition.IS_CENTRALISED for one in PARTS[name])
    keys = TOPOLOGY_KEYS | SYNCED_KEYS if from_primary else TOPOLOGY_KEYS
    return Leaving(
        table.name,
        path=((table.parent_column, parent.name),) if parent and table.parent_column else (),
        owner_column=(parent or table).owner if is_kept_by_owner(name) else None,
        withheld=stays,
        whole=whole,
        only_inserts=rule.authority is Authority.MAKER,
        only_keys=keys if rule.authority is Authority.LOCAL else None,
        all_keys=TOPOLOGY_KEYS | SYNCED_KEYS if rule.authority is Authority.LOCAL else None,
        only_deletes=preferences if rule.authority is Authority.LOCAL else None,
        exempt_column="is_centralised" if has_centralised else None,
        halves=HALVES.get((parent or table).name, ()),
    )
