"""A site's database as dictionaries, with the edits of people and what a pull brings of them (P1 to P4)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from uuid import NAMESPACE_OID, uuid5

from tests.oracle.merges import moved
from tests.oracle.tables import ALWAYS_LEAVES, OWNED, TABLES, Key
from tests.oracle.topology import Row, Stores

TRANSFERRED = {"invoice", "requisition", "goods_received"}
SWITCH_KEYS = {"centralised_procurement", "centralised_payments"}
TOPOLOGY_KEYS = SWITCH_KEYS | {"is_primary"}
SYNCED_KEYS = {"near_expiry_days", "stock_rounding", "patient_code_prefix"}


class Refused(Exception):
    """The database would not let a person do this."""


WRONG_WORD = "FINAL"
"""A status that is on no list."""


@dataclass(eq=False)
class Change:
    """What one site did to one record since its last pull: ``row`` is None for a delete.

    ``is_snapshot``: read whole; ``is_first``: at the first contact; ``is_misspelt``: malformed, by a word that is not
    of its list; ``is_early``: done before a switch of procurement reached the site; ``is_withdrawal``: the row is there
    and leaves no longer (B59); ``is_new``: of no record that central held when it was judged last. ``raw`` is the row
    as the site has it, which has no columns ``lacking``, ``sent`` that with what central holds of these, ``renamed``
    that with what was merged since, ``row`` as central takes it.
    """

    site_id: int
    key: Key
    row: Row | None
    is_snapshot: bool = False
    is_first: bool = False
    malformed: bool = False
    is_misspelt: bool = False
    is_withdrawal: bool = False
    is_new: bool = False
    reason: str = ""
    lacking: frozenset[str] = frozenset()
    is_early: bool = False
    raw: Row | None = None
    sent: Row | None = None
    renamed: Row | None = None

    def __post_init__(self) -> None:
        self.raw = self.sent = self.renamed = self.row

    def fill(self, held: Row | None) -> None:
        """Of what the site has no column for it says nothing: that is as central has it (precision 33)."""
        if self.raw is not None:
            known = {name: held[name] for name in self.lacking} if held else {}
            self.row = self.sent = self.renamed = {**self.raw, **known}

    @property
    def table(self) -> str:
        return self.key[0]


@dataclass
class SiteState:
    """One site.

    ``log``: the first thing done to each record since the last pull (I, U or D), in the order of
    the last. ``known``: the version of central's record that the site has, 0 where it has some
    other; a record central never gave it or took from it is not there. ``had``: what belonged
    there at the last delivery. ``lingering``: records that it should have lost but could not.
    ``bad``: the column of a record that holds no value of its kind. ``kept_before``: stores whose
    records, stock or other, stayed here at the last pull. ``position``: central's last version
    when the site was last delivered to. ``seen``: what belonged there then or since. ``lacking``: the columns that
    the site's version of the program has not got, by table. ``switches``: those of procurement, as they reached
    the site; ``early``: whether what was done to a record was done before its switch did.
    """

    id: int
    code: str
    engine: str
    rows: dict[str, dict[str, Row]] = field(default_factory=lambda: {name: {} for name in TABLES})
    log: dict[Key, str] = field(default_factory=dict)
    bad: dict[Key, str] = field(default_factory=dict)
    known: dict[Key, int] = field(default_factory=dict)
    lingering: set[Key] = field(default_factory=set)
    had: set[Key] = field(default_factory=set)
    was_pulled: bool = False
    is_up: bool = True
    kept_before: set[tuple[str, bool]] = field(default_factory=set)
    position: int = 0
    seen: set[Key] = field(default_factory=set)
    lacking: dict[str, frozenset[str]] = field(default_factory=dict)
    switches: dict[str, bool] = field(default_factory=dict)
    early: dict[Key, bool] = field(default_factory=dict)

    def without_lacking(self, table: str, row: Row) -> Row:
        """A row of a table without the columns that the site has not got."""
        return {name: value for name, value in row.items() if name not in self.lacking.get(table, ())}

    def referring(self, key: Key) -> list[Key]:
        """The site's own rows that refer to a record."""
        return [
            (name, record_id)
            for name, table in TABLES.items()
            for column, parent in table.refers.items()
            if parent == key[0]
            for record_id, row in self.rows[name].items()
            if row[column] == key[1]
        ]

    def insert(self, table: str, row: Row) -> None:
        """A person adds a row; columns not named are empty."""
        if row["id"] in self.rows[table]:
            raise Refused(f"{table} {row['id']} is there")
        self._require_parents(table, row)
        there = self.without_lacking(table, row)
        self.rows[table][row["id"]] = {"id": row["id"], **dict.fromkeys(TABLES[table].columns), **there}
        self._log((table, row["id"]), "I")
        self._look_at_word(table, row["id"])

    def update(self, table: str, record_id: str, new: dict[str, Any]) -> None:
        """A person changes some columns of a row."""
        if record_id not in self.rows[table]:
            raise Refused(f"{table} {record_id} is not there")
        new = self.without_lacking(table, new)
        if not new:
            raise Refused(f"{table} {record_id} has no such columns here")
        self._require_parents(table, new)
        self.rows[table][record_id] = {**self.rows[table][record_id], **new}
        self._log((table, record_id), "U")
        if self.bad.get((table, record_id)) in new:
            del self.bad[table, record_id]
            self._look_at_word(table, record_id)

    def spoil(self, table: str, record_id: str, column: str) -> None:
        """A program writes something into a cell that is no value of its kind."""
        self.update(table, record_id, {column: None})
        self.bad[table, record_id] = column

    def misspell(self, table: str, record_id: str, column: str, word: str) -> None:
        """A program writes a word that is not of its list."""
        self.update(table, record_id, {column: word})
        self.bad[table, record_id] = column

    def delete(self, table: str, record_id: str) -> None:
        """A person deletes a row that nothing refers to."""
        if record_id not in self.rows[table] or self.referring((table, record_id)):
            raise Refused(f"{table} {record_id} cannot go")
        del self.rows[table][record_id]
        self._log((table, record_id), "D")
        self.bad.pop((table, record_id), None)

    def replace(self, table: str, row: Row) -> None:
        """Insert or replace: SQLite takes the old row away first, PostgreSQL updates it."""
        there = row["id"] in self.rows[table]
        self._require_parents(table, row)
        kept = self.without_lacking(table, row)
        self.rows[table][row["id"]] = {"id": row["id"], **dict.fromkeys(TABLES[table].columns), **kept}
        self._log((table, row["id"]), "I" if not there else "D" if self.engine == "sqlite" else "U")
        self.bad.pop((table, row["id"]), None)
        self._look_at_word(table, row["id"])

    def change_id(self, table: str, old: str, new: str) -> None:
        """A person gives a row that nothing refers to another id: the old record goes, a new one comes."""
        row = self.rows[table].get(old)
        if row is None or new in self.rows[table] or self.referring((table, old)):
            raise Refused(f"{table} {old} cannot become {new}")
        del self.rows[table][old]
        self.rows[table][new] = {**row, "id": new}
        self._log((table, old), "D")
        self._log((table, new), "I")
        if (table, old) in self.bad:
            self.bad[table, new] = self.bad.pop((table, old))

    def _look_at_word(self, table: str, record_id: str) -> None:
        """A row that is written again with its wrong word, whole, is wrong still."""
        if self.rows[table][record_id].get("status") == WRONG_WORD:
            self.bad[table, record_id] = "status"

    def _log(self, key: Key, op: str) -> None:
        """Keeps what was done first, in the order of what was done last."""
        if not (key in self.log and self.log[key] == "I"):
            self.early[key] = self._is_early(key)
        self.log[key] = self.log.pop(key, op)

    def _is_early(self, key: Key) -> bool:
        """B37: the switch for such records has not reached the site."""
        kind = TABLES[key[0]].lines_of or key[0]
        return not self.switches.get("centralised_payments" if kind == "payment" else "centralised_procurement", False)

    def _require_parents(self, table: str, row: Row) -> None:
        for column in TABLES[table].required:
            if row.get(column, "") is None:
                raise Refused(f"{table}.{column} is empty")
        for column, parent in TABLES[table].refers.items():
            if row.get(column) is not None and row[column] not in self.rows[parent]:
                raise Refused(f"{table}.{column}: no {parent} {row[column]}")

    # -- what a pull brings

    def owner(self, table: str, row: Row) -> str | None:
        """The store that the row here says it belongs to; a line's is its document's."""
        parent = TABLES[table].lines_of
        if parent is None:
            return row.get("store_id")
        document = self.rows[parent].get(row[f"{parent}_id"])
        return document["store_id"] if document else None

    def stays(self, table: str, row: Row, stores: Stores) -> bool:
        """P3: the row does not leave, because of the store it belongs to."""
        if TABLES[table].policy not in OWNED or table in ALWAYS_LEAVES or self._is_centralised(table, row):
            return False
        owner = self.owner(table, row)
        return stores.active_site(owner) == self.id and stores.keeps(owner, is_stock=TABLES[table].is_stock)

    def _is_centralised(self, table: str, row: Row) -> bool:
        parent = TABLES[table].lines_of
        document = self.rows[parent].get(row[f"{parent}_id"]) if parent else row
        return bool(document and document.get("is_centralised"))

    def show_new_patients(self, stores: Stores, refused: set[Key]) -> None:
        """B24: patients made here since the last pull become visible in the other dispensaries of the site; so those
        that were ``refused`` when they were new, if they are sent again."""
        self.fill_homes(stores, refused)
        here = [one for one, site in sorted(stores.active.items()) if site == self.id]
        new = [key[1] for key, first in self.log.items() if key[0] == "patient" and (first == "I" or key in refused)]
        for patient in sorted(one for one in new if one in self.rows["patient"]):
            home = self.rows["patient"][patient]["home_store_id"] or self._implied_home(patient, here)
            joins = self.rows["patient_store_join"].values()
            seen = {row["store_id"] for row in joins if row["patient_id"] == patient}
            for store in here if home in here else ():
                wish = self.rows["store_preference"].get(store, {}).get("show_new_patients")
                if store not in (home, *seen) and stores.is_dispensary(store) and wish is not False:
                    identity = _shown_id(patient, store)
                    touched = ("patient_store_join", identity) in self.log
                    if identity not in self.rows["patient_store_join"] and not touched:
                        self.insert("patient_store_join", {"id": identity, "patient_id": patient, "store_id": store})

    def fill_homes(self, stores: Stores, refused: set[Key]) -> None:
        """B33: the home of those made here, where central could not tell it from what leaves, and of those whom central
        ``refused`` before, as nobody could tell it then."""
        for kind in ("patient", "prescriber"):
            new = {key for key, first in self.log.items() if key[0] == kind and first == "I"}
            for key in sorted(new | {one for one in refused if one[0] == kind}):
                row = self.rows[kind].get(key[1])
                column = f"{kind}_id"
                shown = sorted(
                    (one_id, str(one["store_id"]))
                    for one_id, one in self.rows[f"{kind}_store_join"].items()
                    if one[column] == key[1] and one_id != _shown_id(key[1], one["store_id"])
                )
                own = [(one_id, one) for one_id, one in self.rows["prescription"].items() if one[column] == key[1]]
                own.sort(key=lambda one: (one[1].get("created_at") is not None, one[1].get("created_at"), one[0]))
                used = [one["store_id"] for _, one in own]
                seen_here = [store for _, store in shown if stores.active_site(store) == self.id]
                used_here = [store for store in used if stores.active_site(store) == self.id]
                is_lost = (
                    shown[0][1] not in seen_here
                    if shown
                    else all(stores.keeps(one, is_stock=TABLES["prescription"].is_stock) for one in used)
                )
                implied = [*seen_here[:1], *used_here[-1:]]
                is_lost = is_lost or key not in new
                if row is not None and row["home_store_id"] is None and implied and is_lost:
                    self.update(kind, key[1], {"home_store_id": implied[0]})

    def _implied_home(self, patient: str, here: list[str]) -> str | None:
        """Where a patient without a home store was registered here: B33."""
        for table in ("patient_store_join", "prescription"):
            rows = sorted(self.rows[table].items())
            stores = [row["store_id"] for _, row in rows if row["patient_id"] == patient and row["store_id"] in here]
            if stores:
                return str(stores[0])
        return None

    def move(self, table: str, merged_id: str, kept_id: str) -> None:
        """A merge reaches the site: all its rows name the record that is kept, if that is here."""
        if kept_id not in self.rows[table]:
            return
        rows = [((name, one), row) for name, some in self.rows.items() for one, row in some.items()]
        for (name, record_id), row in moved(rows, table, merged_id, kept_id).items():
            self.rows[name][record_id] = row

    def pull(self, stores: Stores, preferences: set[str], refused: set[Key]) -> list[Change]:
        """All that is new since the last pull and leaves the site; at first contact all that leaves.

        ``preferences``: those that central holds, whose deletes are told; ``refused``: people whom it did not take.
        """
        if self.was_pulled:
            self.show_new_patients(stores, refused)
            found = self._logged(preferences)
        else:
            every = [(name, one) for name in TABLES for one in sorted(self.rows[name])]
            found = {key: self._change(key, is_snapshot=True) for key in every}
        for key in self._newly_leaving(stores):
            found.setdefault(key, self._change(key, is_snapshot=True))
        withdrawn = self._turned(found, stores) if self.was_pulled else []
        self.log.clear()
        self.early.clear()
        self.was_pulled = True
        return [*(change for change in found.values() if self._leaves(change, stores)), *withdrawn]

    def _logged(self, preferences: set[str]) -> dict[Key, Change]:
        found = {}
        for key, first in self.log.items():
            there = key[1] in self.rows[key[0]]
            if not there and (first == "I" or (key[0] == "preference" and key[1] not in preferences)):
                continue
            if TABLES[key[0]].policy == "new_user" and (first != "I" or not there):
                continue
            found[key] = self._change(key)
            if self._lost_its_key(key) and first != "I" and key[1] in preferences:
                found[key] = Change(self.id, key, None)  # gone for everybody else
        return found

    def _turned(self, found: dict[Key, Change], stores: Stores) -> list[Change]:
        """B59: what is withdrawn; lines that come with their document, though nobody touched them, are found too."""
        withdrawn = [self._withdrawn(key) for key in found if self._stays_now(key, stores)]
        for key, document in self._lines_of_touched(stores):
            if not self.stays(key[0], self.rows[key[0]][key[1]], stores):
                found.setdefault(key, self._change(key, is_snapshot=True))
            elif self.log[document] != "I":
                withdrawn.append(self._withdrawn(key))
        return withdrawn

    def _withdrawn(self, key: Key) -> Change:
        return Change(self.id, key, None, is_withdrawal=True)

    def _may_turn(self, table: str, stores: Stores) -> bool:
        """B59: rows of the table may have left before and stay now: by another store, a flag, or a transfer."""
        here = [store_id for store_id, site in stores.active.items() if site == self.id]
        stay = [one for one in here if stores.keeps(one, is_stock=TABLES[table].is_stock)]
        kind = TABLES[table].lines_of or table
        is_flagged = "is_centralised" in TABLES[kind].columns or kind in TRANSFERRED
        return bool(stay) and (len(stay) < len(here) or is_flagged)

    def _stays_now(self, key: Key, stores: Stores) -> bool:
        """The log names the row, which is older than that, and it stays."""
        row = self.rows[key[0]].get(key[1])
        is_older = row is not None and self.log.get(key, "I") != "I"
        return is_older and row is not None and self.stays(key[0], row, stores) and self._may_turn(key[0], stores)

    def _lines_of_touched(self, stores: Stores) -> list[tuple[Key, Key]]:
        """The lines that the log does not name, of documents that it names, where those may turn what leaves."""
        return [
            ((name, line), (table.lines_of, row[f"{table.lines_of}_id"]))
            for name, table in TABLES.items()
            if table.lines_of and table.policy in OWNED and self._may_turn(name, stores)
            for line, row in sorted(self.rows[name].items())
            if (table.lines_of, row[f"{table.lines_of}_id"]) in self.log and (name, line) not in self.log
        ]

    def _lost_its_key(self, key: Key) -> bool:
        """A preference that no site sends by its key."""
        row = self.rows[key[0]].get(key[1]) if key[0] == "preference" else None
        return row is not None and row["key"] not in TOPOLOGY_KEYS | SYNCED_KEYS

    def _change(self, key: Key, *, is_snapshot: bool = False) -> Change:
        row = self.rows[key[0]].get(key[1])
        lacking, bad = self.lacking.get(key[0], frozenset()), self.bad.get(key)
        return Change(
            self.id,
            key,
            dict(row) if row else None,
            is_snapshot,
            is_first=not self.was_pulled,
            malformed=bad is not None,
            is_misspelt=bool(bad and row and row[bad] is not None),
            lacking=lacking,
            is_early=self._is_early(key) if is_snapshot else self.early.get(key, False),
        )

    def _leaves(self, change: Change, stores: Stores) -> bool:
        table = TABLES[change.table]
        if change.table == "preference":
            synced = SYNCED_KEYS if self.id == stores.wanted.primary_id else set()
            return change.row is None or change.row["key"] in TOPOLOGY_KEYS | synced
        if table.policy == "local":
            return False
        for secret in table.secret if change.row else ():
            change.raw = change.row = change.sent = {**change.row, secret: None} if change.row else None
        return change.row is None or not self.stays(change.table, change.row, stores)

    def _newly_leaving(self, stores: Stores) -> list[Key]:
        """P9: rows of stores whose records stayed here when the site was last pulled, and now leave."""
        kept = {(store_id, stock) for store_id in stores.records for stock in (True, False)
                if stores.keeps(store_id, is_stock=stock)}  # fmt: skip
        grown, self.kept_before = self.kept_before - kept, kept
        return [
            (name, record_id)
            for name, table in TABLES.items()
            if table.policy in OWNED and name not in ALWAYS_LEAVES
            for record_id, row in sorted(self.rows[name].items())
            if (self.owner(name, row), table.is_stock) in grown and stores.active_site(self.owner(name, row)) == self.id
        ]


def _shown_id(patient: str, store: str | None) -> str:
    """The id of the row that shows a new patient in another dispensary (B24)."""
    return str(uuid5(NAMESPACE_OID, f"supplysync:patient_store_join:{patient}:{store}"))
