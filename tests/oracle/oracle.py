"""The whole network as dictionaries: what every site and the warehouse must hold after each cycle.

Written from the specification, one record at a time, and slow on purpose. It imports nothing of the
system it judges, and knows no sequence, no positions and no scopes: central holds numbered versions of
records, and each site knows which version it has.
"""

from __future__ import annotations

from collections.abc import Collection

from tests.oracle.audience import Audience
from tests.oracle.batch import ADMITTED, Batch, Record, verdict
from tests.oracle.homes import PEOPLE
from tests.oracle.judgement import Bench
from tests.oracle.merges import Merged, collapsed, group, moved
from tests.oracle.moves import Moves
from tests.oracle.repeats import Repeats
from tests.oracle.sites import SWITCH_KEYS, Change, SiteState
from tests.oracle.tables import ALWAYS_LEAVES, DOCUMENTS, MERGES, OWNED, TABLES, Key, parents_first
from tests.oracle.topology import Row, Stores, Wanted, WantedSite, WantedStore

UNKNOWN_VERSION = 0
REFERRED = {parent for table in TABLES.values() for parent in table.refers.values()} - DOCUMENTS.keys()


class Oracle:
    """The sites, central's records, and the changes that were not admitted."""

    def __init__(self, wanted: Wanted, engines: dict[int, str]) -> None:
        self.wanted = wanted
        self.sites = {site.id: SiteState(site.id, site.code, engines[site.id]) for site in wanted.sites}
        self.records: dict[Key, Record] = {}
        self.held_back: dict[tuple[int, Key], Change] = {}
        self.versions = 0
        self.sent = 0  # records that the last cycle gave to sites or took from them
        self.kept: set[tuple[str, bool]] = set()
        self.deleted: dict[Key, int] = {}  # and at which version
        self.withdrawn: dict[Key, tuple[int, int | None]] = {}  # and which site has the record still
        self.merged = Merged()
        self.repeats = Repeats()
        self.bound: dict[str, str] = {}  # by which code the file placed each store (T10)
        self.merged_at: dict[Key, set[int]] = {}  # merged people, and the sites where they belonged
        self.moves = Moves()
        self.rehomes: list[
            tuple[Key, str]
        ] = []  # people whom an operator gave another home store, in the order of that

    # -- a cycle

    def cycle(self, only: Collection[int] | None = None, moves: Moves | None = None) -> None:
        """Pull, admit, merge, route, deliver, for the enabled sites that can be reached, or those of ``only``.

        ``moves``: what is on its way once sites were asked, if it is not as before.
        """
        pulled = self._pull(only)
        self._follow(moves or self.moves)
        first = [one for one in (self.wanted.central_id, self.wanted.primary_id) if one]
        last = []
        for sites in (list(dict.fromkeys(first)), sorted(self.sites.keys() - set(first))):
            changes = self._changes(sites, pulled)
            last += [change for change in changes if self._hangs_on_all(change)]
            self._decide([change for change in changes if not self._hangs_on_all(change)])
        self._decide(last)
        stores = self.stores()
        self._forget_what_stays(stores)
        self._rehome(stores, pulled)
        for site in self.sites.values():
            site.kept_before |= self.kept  # what the warehouse gave up is known of no site
        for site_id, changes in pulled.items():
            site = self.sites[site_id]
            if changes:  # what could not be removed is tried again once something changed there
                site.known |= dict.fromkeys(site.lingering, UNKNOWN_VERSION)
                site.lingering.clear()
        self._write_topology(stores)
        self.bound = {store_id: store.code for store_id, store in self.stores().placed.items()}
        self.sent = 0
        for site_id in pulled:
            self._deliver(self.sites[site_id])
            self.repeats.count_off(self.sites[site_id], self.records, self.stores())
        for site in self.sites.values():
            site.seen = (set() if site.id in pulled else site.seen) | (self.belongs(site) if site.was_pulled else set())

    def _follow(self, moves: Moves) -> None:
        self.moves = moves
        self.wanted.holder = None if moves.primary is None else moves.primary.editor or 0

    def stores(self) -> Stores:
        """The stores, from the records that central holds."""
        return self._placed(self.rows("store"))

    def _placed(self, records: dict[str, Row]) -> Stores:
        return self.moves.placed(self.wanted, records, self.bound)

    def rows(self, table: str) -> dict[str, Row]:
        """Central's rows of a table: what the warehouse must show."""
        return {record_id: record.row for (name, record_id), record in self.records.items() if name == table}

    def _row(self, key: Key) -> Row | None:
        return self.records[key].row if key in self.records else None

    def _pull(self, only: Collection[int] | None) -> dict[int, list[Change]]:
        """The changes of each site that is reached; the site that keeps store records says first what stays where."""
        reached = [
            self.sites[site.id]
            for site in self.wanted.sites
            if site.enabled and self.sites[site.id].is_up and (only is None or site.id in only)
        ]
        needed = {self.wanted.central_id, self.wanted.primary_id, self.wanted.store_keeper_id} - {0}
        reached.sort(key=lambda site: (site.id != self.wanted.store_keeper_id, site.id not in needed, site.id))
        pulled: dict[int, list[Change]] = {}
        stores = self.stores()
        for site in reached:
            if site.id not in needed and not all(self.sites[one].was_pulled for one in needed):
                continue  # B4
            is_keeper = site.id == self.wanted.store_keeper_id
            here = self._placed(site.rows["store"]) if is_keeper else stores
            pulled[site.id] = site.pull(here, set(self.rows("preference")), self._refused_people(site.id))
            if site.id == self.wanted.store_keeper_id:
                stores = self._placed(self._with_stores_of(pulled[site.id]))
        return pulled

    def _refused_people(self, site_id: int) -> set[Key]:
        """Whom the site sent, and central rejected and does not hold, or holds as somebody else's."""
        return {
            key
            for (where, key), change in self.held_back.items()
            if where == site_id
            and key[0] in PEOPLE
            and verdict(change.reason) == "rejected"
            and (key not in self.records or (change.reason == "takes_over" and self.records[key].maker != site_id))
        }

    def _with_stores_of(self, changes: list[Change]) -> dict[str, Row]:
        rows = self.rows("store")
        for change in changes:
            if change.table == "store":
                rows.pop(change.key[1], None)
                rows |= {change.key[1]: change.row} if change.row else {}
        return rows

    # -- admission

    @staticmethod
    def _hangs_on_all(change: Change) -> bool:
        """B61: what others may refer to is deleted, and names are merged, when all else of the cycle is known."""
        is_delete = change.row is None and not change.is_withdrawal
        return change.table == "name_merge" or (is_delete and change.table in REFERRED)

    def _changes(self, site_ids: list[int], pulled: dict[int, list[Change]]) -> list[Change]:
        """The changes of some sites, and those of theirs that wait: what is judged together."""
        changes = []
        for site_id in site_ids:
            new = pulled.get(site_id, [])
            keys = {change.key for change in new}
            waiting = [
                change
                for (where, key), change in self.held_back.items()
                if where == site_id and key not in keys and self._is_tried_again(change)
            ]
            changes += [*sorted(waiting, key=lambda change: change.key), *(self._as_early(change) for change in new)]
        return changes

    def _as_early(self, change: Change) -> Change:
        """B37: what is held back and was written before a switch is from before when it is edited, too."""
        before = self.held_back.get((change.site_id, change.key))
        change.is_early |= before is not None and before.is_early
        return change

    def _is_tried_again(self, change: Change) -> bool:
        """What waits, a malformed new row, which holds its document until it is mended (A4), and a word that is none
        of its list: the list may become another one."""
        is_malformed = change.reason == "malformed_value" and (change.is_new or change.is_misspelt)
        return is_malformed or verdict(change.reason) == "waiting"

    def _keep_placed_stores(self, changes: list[Change]) -> None:
        """B18: the record of a store that the file places is not deleted, and no second one has its code."""
        placed = {store_id: store.code for store_id, store in self.stores().placed.items()}
        records = [one for one in changes if one.table == "store" and one.reason == "authorised"]
        first: dict[str, str] = {}  # of several newcomers with one code, the lowest id is meant
        for store_id, row in sorted((one.key[1], one.row) for one in records if one.row and one.key[1] not in placed):
            first.setdefault(row["code"], store_id)
        for change in records:
            store_id, code = change.key[1], change.row["code"] if change.row else None
            others = {other for one, other in placed.items() if one != store_id}
            is_new = store_id not in placed
            is_second = is_new and code is not None and first[code] != store_id
            if (not is_new and change.row is None) or code in others or is_second:
                change.reason = "store_is_placed"

    def _decide(self, changes: list[Change], *, is_late: bool = False) -> None:
        """Judges changes together and does what the verdicts say. Stores come to life with their records (T10); a
        row read whole whose record another site brings at the same time is judged once that is here (B4)."""
        for change in changes:
            change.is_new = change.key not in self.records
            change.fill(self._row(change.key))
        changes = [change for change in changes if is_late or not self._is_old_copy(change)]
        before = self.stores()
        self._bench(before, changes).judge()
        self._keep_placed_stores(changes)
        arrived = self.rows("store")
        for change in changes:
            if change.table == "store" and change.reason == "authorised":
                arrived.pop(change.key[1], None)
                arrived |= {change.key[1]: change.row} if change.row else {}
        self._bench(self._placed(arrived), changes, placed=before.placed).judge()
        self._keep_placed_stores(changes)
        coming = {change.key for change in changes if change.reason == "authorised" and change.row is not None}
        late = [
            change
            for change in changes
            if change.is_snapshot
            and change.key in coming - self.records.keys()
            and verdict(change.reason) == "rejected"
        ]
        for change in changes:  # a copy is one of what was held before this
            if change.reason in ("adopted", "unchanged"):
                self.sites[change.site_id].known[change.key] = self.records[change.key].version
        moot = [change for change in changes if self._is_withdrawn_copy(change)]
        moot += self._withdraw(changes)
        done = [change for change in changes if change not in late and change not in moot]
        people = [change.key for change in done if change.table == "patient" and change.key in self.records]
        homes = {key[1]: self.records[key].row["home_store_id"] for key in people}
        lines = [change.key for change in done if change.table == "prescription_line" and change.key in self.records]
        documents = {key[1]: self.records[key].row["prescription_id"] for key in lines}
        for change in done:
            self._settle(change)
        authorised = [change for change in done if change.reason == "authorised"]
        admitted = [change for change in authorised if change.row is not None]
        self._close_copies(admitted)
        self.repeats.take(self.records, self.stores(), authorised, homes, documents)
        self._merge(admitted)
        self._fill_homes(admitted)
        if late:
            self._decide(late, is_late=True)

    def _withdraw(self, changes: list[Change]) -> list[Change]:
        """B59: what leaves its site no longer, and is the site's to withdraw, is nowhere else. Returns those."""
        done = [
            change
            for change in changes
            if change.is_withdrawal and change.reason in ("authorised", "still_referenced", "nothing_to_delete")
        ]
        for change in done:
            self.held_back.pop((change.site_id, change.key), None)
            if change.key in self.records:
                del self.records[change.key]
                self.sites[change.site_id].known.pop(change.key, None)
                self._gave_up(change.key, change.site_id)
        return done

    def _close_copies(self, admitted: list[Change]) -> None:
        """A rejected row that was merely read whole is no matter once central holds the very same."""
        came = {change.key for change in admitted}
        for (site_id, key), held in list(self.held_back.items()):
            is_copy = held.is_snapshot and held.row is not None and verdict(held.reason) == "rejected"
            if key in came and is_copy:
                held.fill(self._row(key))
                if held.sent == self.records[key].row:
                    del self.held_back[site_id, key]
                    self.sites[site_id].known[key] = self.records[key].version

    def _is_old_copy(self, change: Change) -> bool:
        """A row read whole of a record that others changed or deleted since the site was delivered to: no edit (P9)."""
        site, held = self.sites[change.site_id], self.records.get(change.key)
        if not self._is_read_again(change):
            return False
        if change.key in site.lingering:
            return held is None or change.row != held.row  # it could not be removed there
        if held is None:
            return self.deleted.get(change.key, 0) > site.position and change.key not in self.merged.kept
        is_put_right = site.known.get(change.key) == UNKNOWN_VERSION
        is_newer = held.version > max(site.position, held.edits.get(site.id, 0))
        is_concerned = change.key in site.known or change.key in self.belongs(site)
        return (is_newer or is_put_right) and is_concerned and change.row != held.row

    def _is_withdrawn_copy(self, change: Change) -> bool:
        """A copy of what central gave up since the site was delivered to: it is about to be removed, but for the
        last."""
        version, keeper = self.withdrawn.get(change.key, (0, None))
        is_withdrawn = version > self.sites[change.site_id].position and keeper != change.site_id
        is_refused = verdict(change.reason) == "rejected" and change.reason != "merged_away"
        return self._is_read_again(change) and is_withdrawn and is_refused

    def _is_read_again(self, change: Change) -> bool:
        """Read whole in this cycle, and not at the first contact."""
        is_new = self.held_back.get((change.site_id, change.key)) is not change
        return is_new and change.is_snapshot and not change.is_first

    def _deleted(self, key: Key) -> None:
        """Remembers when a record was deleted."""
        self.versions += 1
        self.deleted[key] = self.versions

    def _gave_up(self, key: Key, keeper: int | None) -> None:
        """Remembers when a record was withdrawn, and where it is still."""
        self.versions += 1
        self.withdrawn[key] = (self.versions, keeper)

    def _bench(self, stores: Stores, changes: list[Change], placed: dict[str, WantedStore] | None = None) -> Bench:
        positions = {site.id: site.position for site in self.sites.values()}
        return Bench(self.records, stores, changes, placed, self.merged, positions, self.moves)

    def _settle(self, change: Change) -> None:
        """What a verdict does: to central's records, and to what is known of the site's copy."""
        site = self.sites[change.site_id]
        is_held = change.key in self.records
        if change.reason in ADMITTED:
            self.held_back.pop((change.site_id, change.key), None)
        else:
            self.held_back[change.site_id, change.key] = change
        if change.reason == "authorised" and change.row is not None:
            site.known[change.key] = self._put(change.key, change.row, site.id)
        elif change.reason == "authorised":
            if self.records.pop(change.key, None):
                self._deleted(change.key)
            site.known.pop(change.key, None)
        elif verdict(change.reason) == "rejected" and is_held and change.reason != "malformed_value":
            self._put_right(site, change.key)
        elif change.reason in ("written_by_topology", "merged_away"):
            site.known[change.key] = UNKNOWN_VERSION  # nobody's row: it goes again
        is_altered = change.row != change.sent or (change.table in MERGES and change.reason == "authorised")
        # what central wrote differently comes back, and so does a merge
        if is_altered and change.reason in ADMITTED and change.key in site.known:
            site.known[change.key] = UNKNOWN_VERSION

    def _put(self, key: Key, row: Row, maker: int | None) -> int:
        self.versions += 1
        held = self.records.get(key)
        edits = {**(held.edits if held else {})}
        if maker is not None:
            edits[maker] = self.versions
        self.records[key] = Record(dict(row), held.maker if held else maker, self.versions, edits)
        return self.versions

    # -- what central does by itself with what was admitted

    def _fill_homes(self, admitted: list[Change]) -> None:
        """B33: a person without a home store is at home where the last prescription was written."""
        for change in reversed([one for one in admitted if one.table == "prescription"]):
            row = self.records[change.key].row
            for kind in PEOPLE:
                key = (kind, row[f"{kind}_id"])
                held = self.records.get(key)
                if held and held.row["home_store_id"] is None:
                    self._put(key, {**held.row, "home_store_id": row["store_id"]}, None)

    def _rehome(self, stores: Stores, pulled: Collection[int]) -> None:
        """O8: people get their other home store once the site that edits them was pulled; who is nobody's, at once."""
        given, waiting = dict[Key, str](), list[tuple[Key, str]]()
        for key, store_id in self.rehomes:
            held = self._row(key)
            home = stores.home_site(held["home_store_id"]) if held else None
            if held and home and (home in pulled or held["home_store_id"] is None or home not in self.sites):
                given[key] = store_id
            else:
                waiting.append((key, store_id))
        for key, store_id in given.items():
            self._put(key, {**self.records[key].row, "home_store_id": store_id}, None)
        self.rehomes = waiting

    def _merge(self, admitted: list[Change]) -> None:
        """References move to the records that are kept, the merged ones go, equal rows of join tables collapse."""
        touched = {change.key for change in admitted if change.renamed != change.sent}
        for change in admitted:
            table, row = MERGES.get(change.table), change.row
            if table is None or row is None or (table, row["merged_id"]) in self.merged.kept:
                continue
            gone = (table, row["merged_id"])
            if table in PEOPLE:
                left = [one for one in self.sites.values() if gone in one.lingering]  # what named it there moves now
                self.merged_at[gone] = {one.id for one in self.sites.values() if gone in one.seen or one in left}
                for site in left:
                    site.lingering.discard(gone)
                    site.known[gone] = UNKNOWN_VERSION
            self.merged.add(*gone, row["kept_id"])
            for key, new in moved(self._held(), *gone, row["kept_id"]).items():
                if TABLES[change.table].policy == "central" and not self._is_told(key):
                    self.records[key].row = new  # every site has the merge and does it itself
                else:
                    self._put(key, new, None)
                touched.add(key)
            self.records.pop(gone, None)
        self._collapse(touched)

    @staticmethod
    def _is_told(key: Key) -> bool:
        """Merges that chain, and rows that may collapse."""
        return key[0] in MERGES or bool(TABLES[key[0]].same)

    def _held(self) -> list[tuple[Key, Row]]:
        return [(key, record.row) for key, record in self.records.items()]

    def _collapse(self, touched: Collection[Key]) -> None:
        """Of the rows that say the same of one store or record, the lowest id's stays."""
        groups = (group(key, self.records[key].row) for key in sorted(touched) if key in self.records)
        for one in dict.fromkeys(one for one in groups if one is not None):
            rows = {key: row for key, row in self._held() if group(key, row) == one}
            first, *others = sorted(rows)
            if others:
                self._put(first, collapsed(rows), None)
            for key in others:
                del self.records[key]
                self._deleted(key)

    def _put_right(self, site: SiteState, key: Key) -> None:
        """A3: the site's copy is some other version now; if the site should have the record it gets it."""
        if key in site.known and TABLES[key[0]].policy != "new_user":
            site.known[key] = UNKNOWN_VERSION

    def _forget_what_stays(self, stores: Stores) -> None:
        """B26: what no longer leaves its site leaves the warehouse; the site itself keeps it."""
        kept = {
            (store_id, stock)
            for store_id in stores.records
            for stock in (True, False)
            if stores.keeps(store_id, is_stock=stock)
        }
        batch = Batch(self.records, stores, [])
        newly = kept - self.kept
        self.kept = kept
        gone = [
            (key, batch.owner_held(key))
            for key in self.records
            if TABLES[key[0]].policy in OWNED
            and key[0] not in ALWAYS_LEAVES
            and (batch.owner_held(key), TABLES[key[0]].is_stock) in newly
            if not (batch.document_held(key) or {}).get("is_centralised")
        ]
        for key, owner in gone:
            del self.records[key]
            active = stores.active_site(owner)
            self._gave_up(key, active)
            if active is not None:
                self.sites[active].known.pop(key, None)

    # -- the network's own rows

    def _write_topology(self, stores: Stores) -> None:
        """T7, B15: each site's own row, and a row for each instance on it, as the topology wants them."""
        wanted: dict[Key, Row] = {}
        ends = self.moves.ends(self.wanted, stores.records, self.bound)
        seen = [end.seen(self.rows("name_store_join")) for end in ends]
        primaries = self.moves.told_primary(self.wanted)
        for site in self.wanted.sites:
            code = site.code
            for name in SWITCH_KEYS:
                is_own = name == "centralised_procurement" and site.local_procurement
                value = str(getattr(self.wanted, name) and not is_own).lower()
                record_id = f"{name}:{site.id}"
                wanted["preference", record_id] = {"id": record_id, "key": name, "value": value}
            if site.id in primaries:
                value, record_id = str(primaries[site.id]).lower(), f"is_primary:{site.id}"
                wanted["preference", record_id] = {"id": record_id, "key": "is_primary", "value": value}
            wanted["site", str(site.id)] = {"id": str(site.id), "code": code, "name": code, "kind": site.kind}
            for store_id in stores.records:
                found = [end.instance(site, store_id, one) for end, one in zip(ends, seen, strict=True)]
                sync_type = self.moves.told(store_id, site.id) or found[-1] or found[0]
                if sync_type:
                    row = self._store_site(stores, site, store_id, sync_type)
                    wanted["store_site", row["id"]] = row
        told = tuple(f"{name}:" for name in ("is_primary", *SWITCH_KEYS))
        ours = [key for key in self.records if key[0] in ("site", "store_site") or key[1].startswith(told)]
        for key in [key for key in ours if key not in wanted]:
            del self.records[key]
        for key, row in wanted.items():
            if key not in self.records or self.records[key].row != row:
                self._put(key, row, None)

    @staticmethod
    def _store_site(stores: Stores, site: WantedSite, store_id: str, sync_type: str) -> Row:
        placed = stores.placed.get(store_id)
        return {
            "id": f"{site.id}:{store_id}",
            "site_id": str(site.id),
            "store_id": store_id,
            "sync_type": sync_type,
            "include_transactions": placed.include_transactions if placed else True,
            "resync_patients_on_save": placed.resyncs_patients if placed else False,
        }

    # -- delivery

    def belongs(self, site: SiteState) -> set[Key]:
        """The records of central that belong on a site (spec section 3: receives)."""
        kept = self.merged.kept
        named = {(key[0], kept[key]) for key, sites in self.merged_at.items() if site.id in sites}
        wanted = self.wanted.site(site.id)
        ends = self.moves.ends(self.wanted, self.rows("store"), self.bound)
        found = [Audience(Batch(self.records, end, []), wanted, set(site.known), named).belongs() for end in ends]
        return set[Key]().union(*found)

    def _never_belonged(self, site: SiteState, key: Key) -> bool:
        """The preferences of a store without a record belong nowhere yet; whoever wrote them keeps them (R7)."""
        is_own = key in self.records and self.records[key].maker == site.id
        return is_own and TABLES[key[0]].policy == "store_record" and ("store", key[1]) not in site.had

    def _deliver(self, site: SiteState) -> None:
        """The site gets what it lacks of what belongs there, and loses what no longer does."""
        belongs = self.belongs(site)
        site.position = self.versions
        merges = [key for key in belongs if key[0] in MERGES and site.known.get(key) != self.records[key].version]
        for key in sorted(belongs):
            record = self.records[key]
            if site.known.get(key) != record.version:
                self.sent += 1
                kept = site.rows[key[0]].get(key[1], {})
                secrets = {name: kept.get(name) for name in TABLES[key[0]].secret}
                lacking = dict.fromkeys(site.lacking.get(key[0], ()))
                site.rows[key[0]][key[1]] = {**record.row, **secrets, **lacking}
                site.bad.pop(key, None)
                site.lingering.discard(key)
                site.known[key] = record.version
                if key[0] == "preference" and key[1] in {f"{name}:{site.id}" for name in SWITCH_KEYS}:
                    site.switches[record.row["key"]] = record.row["value"] == "true"
        for key in merges:
            site.move(MERGES[key[0]], self.records[key].row["merged_id"], self.records[key].row["kept_id"])
        going = [key for key in site.known if key not in belongs and not self._never_belonged(site, key)]
        site.had = belongs
        for key in sorted(going, key=lambda key: parents_first().index(key[0]), reverse=True):
            del site.known[key]
            self.sent += 1
            if key[1] in site.rows[key[0]] and site.referring(key):
                site.lingering.add(key)  # R7: rows of the site's own refer to it
            else:
                site.rows[key[0]].pop(key[1], None)
                site.bad.pop(key, None)
