"""B33: what was dispensed of repeats away from their homes, and what is to be counted off there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from tests.oracle.batch import Record
from tests.oracle.sites import Change, SiteState
from tests.oracle.tables import Key
from tests.oracle.topology import Row, Stores


@dataclass
class Repeats:
    """``counted``: the repeats that each line was counted off, or should not be as people counted it or it came with a
    first contact;
    ``due``: how often each repeat is to be counted off still."""

    counted: dict[tuple[str, str], int] = field(default_factory=dict)
    due: dict[str, int] = field(default_factory=dict)

    def take(
        self,
        records: Mapping[Key, Record],
        stores: Stores,
        admitted: list[Change],
        homes: Mapping[str, str | None],
        documents: Mapping[str, str | None],
    ) -> None:
        """Looks at the prescriptions that ``admitted`` changes are about. ``homes``: what the home stores of the
        patients were that came with them, by which they were judged; ``documents``: what the lines were of before."""
        touched: dict[str | None, list[bool]] = {}
        lines = set()
        for change in admitted:
            named: set[str | None] = {change.key[1]} if change.table == "prescription" else set()
            if change.table == "prescription_line":
                lines.add(change.key[1])
                named = {documents.get(change.key[1]), (change.row or {}).get("prescription_id")} - {None}
            for one in named:
                touched.setdefault(one, []).append(change.is_snapshot)
        of: dict[str, str | None] = {}
        for table, line in records:
            if table == "prescription_line":
                of[line] = records[table, line].row.get("prescription_id")
        lines |= {line for line, one in of.items() if one in touched}
        counting = self._counting(records, of, lines)
        for line in sorted(lines):
            self._take_back(line, counting.get(line))
        for line, repeat in sorted(counting.items()):
            self._look(records, stores, homes, line, repeat, is_history=all(touched.get(of[line], [False])))

    def _counting(self, records: Mapping[Key, Record], of: Mapping[str, str | None], lines: set[str]) -> dict[str, str]:
        """The line that counts of those of a prescription that name one repeat, and that repeat."""
        found: dict[tuple[str | None, str], list[str]] = {}
        for line in lines:
            repeat = _dispensed(records, line)
            if repeat is not None:
                found.setdefault((of[line], repeat), []).append(line)
        return {
            min(some, key=lambda line: ((line, repeat) not in self.counted, line)): repeat
            for (_, repeat), some in found.items()
        }

    def _take_back(self, line: str, now: str | None) -> None:
        for one, repeat in [key for key in self.counted if key[0] == line and key[1] != now]:
            if self.counted[one, repeat] == 1:
                self.due[repeat] = self.due.get(repeat, 0) - 1
                del self.counted[one, repeat]

    def _look(
        self,
        records: Mapping[Key, Record],
        stores: Stores,
        homes: Mapping[str, str | None],
        line: str,
        now: str,
        *,
        is_history: bool,
    ) -> None:
        if (line, now) in self.counted:
            return
        patient = _patient_of(records, now)
        home = stores.home_site(homes.get(patient["id"], patient["home_store_id"]))
        store = records["prescription", records["prescription_line", line].row["prescription_id"]].row["store_id"]
        where = stores.active_site(store)
        is_known = home is not None and where is not None
        is_at_home = stores.wanted.repeats_anywhere or (is_known and home == where)
        if is_at_home or is_known:
            self.counted[line, now] = 0 if is_history or is_at_home else 1
            self.due[now] = self.due.get(now, 0) + self.counted[line, now]

    def count_off(self, site: SiteState, records: Mapping[Key, Record], stores: Stores) -> None:
        """What is due is counted at the site where the repeat is edited, as its own edit."""
        for repeat, times in sorted(self.due.items()):
            if ("repeat", repeat) not in records or not times:
                continue
            if stores.home_site(_patient_of(records, repeat)["home_store_id"]) != site.id:
                continue
            self.due[repeat] = 0
            here = site.rows["repeat"].get(repeat)
            is_number = site.bad.get(("repeat", repeat)) != "remaining"
            if here is not None and here["remaining"] is not None and is_number:
                site.update("repeat", repeat, {"remaining": here["remaining"] - times})


def _dispensed(records: Mapping[Key, Record], line: str) -> str | None:
    """The repeat that a line dispensed of, where central has both and all that they are of."""
    held = records.get(("prescription_line", line))
    document = records.get(("prescription", held.row["prescription_id"])) if held else None
    repeat = held.row["repeat_id"] if held else None
    if repeat is None:
        return None
    is_known = ("repeat", repeat) in records and ("patient", records["repeat", repeat].row["patient_id"]) in records
    return repeat if document and document.row["status"] == "finalised" and is_known else None


def _patient_of(records: Mapping[Key, Record], repeat: str) -> Row:
    return records["patient", records["repeat", repeat].row["patient_id"]].row
