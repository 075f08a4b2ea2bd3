"""What leaves a site (P3): per table, which rows stay because of their owner.

Local data has no entry and never crosses the wire. Rows of a store that is a transfer instance on
central stay (T6); stock records of a dispensary with ``include_transactions`` off stay (B22). Halves of
transfers leave all the same, with their lines and their log messages.
When what leaves grows, the rows that newly leave are read whole in the next pull (P9, B26).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache, lru_cache

from sync_rules.frame import FrameOf
from sync_rules.scopes import is_quiet
from sync_rules.table.data_types import SYNCED_KEYS, TOPOLOGY_KEYS, Condition
from sync_rules.table.policies import Authority
from sync_rules.table.rules import PARTS, RULES, is_only_local
from sync_rules.topology.frames import Placement
from sync_rules.transfers.kinds import HALVES, LOG_TABLE, HalfCondition
from sync_rules.words import SyncType


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

    def also(self, other: Withheld) -> Withheld:
        """Those, and those of ``other``."""
        return Withheld(self.everything | other.everything, self.stock | other.stock)

    def at(self, stores: frozenset[str]) -> Withheld:
        """Those among ``stores``."""
        return Withheld(self.everything & stores, self.stock & stores)


def is_kept_by_owner(table: str) -> bool:
    """Whether rows of the table may stay at their site because of the store that owns them; messages about transfers
    never do (T6)."""
    return RULES[table].authority is Authority.OWNER and table != LOG_TABLE


READING_REVISION = 1
"""Rises when the code that reads what leaves (not the tables of rules) comes to read otherwise; a test remembers it."""

NOTHING = Withheld(frozenset(), frozenset())


def withheld(placed: FrameOf[Placement]) -> Withheld:
    """The stores whose data stays at their site."""
    # columns are compared as they are: a frame that is asked takes longer than so few rows
    transfer = placed["store_id"].filter(placed["central_type"] == str(SyncType.TRANSFER))
    quiet = placed.filter(is_quiet())["store_id"] if not placed["includes_transactions"].all() else transfer.clear()
    return Withheld(frozenset(transfer), frozenset(quiet))


def stores_at(placed: FrameOf[Placement], site_id: int) -> frozenset[str]:
    """The stores that are active at a site."""
    return frozenset(placed["store_id"].filter(placed["active_site"] == site_id))


def leaving(
    now: Withheld,
    before: Withheld,
    *,
    from_primary: bool,
    preferences: frozenset[str] = frozenset(),
    parties: frozenset[str] = frozenset(),
    unread: frozenset[str] = frozenset(),
    here: frozenset[str],
) -> Mapping[str, Leaving]:
    """For each table that may leave a site: which rows do.

    ``before`` is what was withheld at the site's last admitted pull: a store that was withheld
    then and is not now has its rows read whole, and so has each table of ``unread``. Synced preferences leave from
    primary only; ``preferences`` are the ids of those that central holds, ``parties`` the names of the stores that it
    knows, ``here`` the stores that are active at the site: data of others does not stay there, and who gives a record
    to one of them is judged.
    """
    own, own_before = now.at(here), before.at(here)
    is_plain = own == own_before == NOTHING  # which stores are there is nothing to it then
    return each_leaving(
        own,
        own_before,
        from_primary,
        preferences,
        parties if own != NOTHING else frozenset(),
        unread,
        frozenset() if is_plain else here,
    )


@lru_cache(maxsize=256)
def each_leaving(
    now: Withheld,
    before: Withheld,
    from_primary: bool,
    preferences: frozenset[str],
    parties: frozenset[str],
    unread: frozenset[str],
    here: frozenset[str],
) -> Mapping[str, Leaving]:
    """The same of the stores at a site alone: most sites of a network come to the same, cycle after cycle."""
    stays = {name: now.of(name) for name in PARTS if not is_only_local(name)}
    found = {
        name: _leaving(name, kept, before.of(name) - kept, from_primary, preferences) for name, kept in stays.items()
    }
    return {
        name: replace(
            rule,
            parties=parties if stays[name] else frozenset(),
            is_unread=name in unread,
            may_turn=_may_turn(rule, here),
        )
        for name, rule in found.items()
    }


def _may_turn(rule: Leaving, here: frozenset[str]) -> bool:
    """Whether a row may have left the site before and stay there now, or the other way round (B59): it may pass from
    one of its stores to another, become part of a centralised document, or of a transfer."""
    stays = here & rule.withheld
    return bool(stays) and (bool(here - stays) or rule.exempt_column is not None or bool(rule.halves))


@cache
def signatures() -> Mapping[str, str]:
    """For each table that may leave a site, a short hash of the rule by which its rows do: ``{"item": "0f3a91c2"}``.

    A site was read by the signatures of its last admitted pull; a table with another one now is read whole (P9).
    """
    return {name: hashlib.sha256(_as_text(name).encode()).hexdigest()[:8] for name in PARTS if not is_only_local(name)}


def _as_text(name: str) -> str:
    """What decides which rows of a table leave, whatever the state of the network; equal in every process."""
    rules = [_leaving(name, frozenset(), frozenset(), from_primary, frozenset()) for from_primary in (False, True)]
    keys = [sorted(rule.only_keys or ()) for rule in rules]
    rule = rules[0]
    halves = [(one.filled, sorted(one.values.items())) for one in rule.halves]
    is_stock = is_kept_by_owner(name) and RULES[name].table.is_stock
    local = sorted(part for part, of_part in PARTS[name].items() if of_part.authority is Authority.LOCAL)
    found = (
        READING_REVISION,
        rule.path,
        rule.owner_column,
        rule.only_inserts,
        keys,
        rule.exempt_column,
        halves,
        is_stock,
        local,
    )
    return repr(found)


def _leaving(
    name: str, stays: frozenset[str], whole: frozenset[str], from_primary: bool, preferences: frozenset[str]
) -> Leaving:
    rule = RULES[name]
    table = rule.table
    parent = RULES[table.parent].table if table.parent else None
    has_centralised = str(Condition.IS_CENTRALISED) in PARTS[name]
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


@dataclass(frozen=True)
class Leaving:
    """Which rows of one table leave a site (P3).

    ``path`` leads from a row to the row that names its owner: pairs of (foreign key column,
    parent table). ``owner_column`` is the column there that holds the owning store's id, or
    None where every row leaves. Rows whose owner is in ``withheld`` stay at the site, unless
    the boolean ``exempt_column`` of the row that names the owner is true, or that row is half of a
    transfer: its other party is a store, and one of the conditions ``halves`` holds (B22, T6); ``parties`` are
    the names of stores that central knows, for the site may not have them all.
    ``whole`` names stores whose rows are read whole in this pull, changed or not (P9); of a table that ``is_unread``
    all rows are: the rule by which it leaves is another one now.
    ``may_turn``: a row may stay though it left before, or leave though it stayed, by an edit of it or of its document.
    ``only_inserts``: later edits and deletes stay (new users). ``only_keys``: only rows whose
    ``key`` column is one of these leave (preferences); of an empty set none does. ``all_keys``:
    the keys that leave any site; a row that loses its one is gone for the others. ``only_deletes``: only
    the deletes of these ids leave.
    """

    table: str
    path: tuple[tuple[str, str], ...] = ()
    owner_column: str | None = None
    withheld: frozenset[str] = frozenset()
    whole: frozenset[str] = frozenset()
    is_unread: bool = False
    may_turn: bool = False
    only_inserts: bool = False
    only_keys: frozenset[str] | None = None
    all_keys: frozenset[str] | None = None
    only_deletes: frozenset[str] | None = None
    exempt_column: str | None = None
    halves: tuple[HalfCondition, ...] = ()
    parties: frozenset[str] = frozenset()
