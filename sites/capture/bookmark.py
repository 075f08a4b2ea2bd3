"""How far a log has been read, and whether it is still the same log (P2, P6)."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, replace

from sites.capture.identity import read_identity
from sites.engines.engine import SiteDatabase
from sites.engines.errors import SiteFailed
from sites.engines.sql import SqlCondition

_NOW = """
select {place}, c.log_id, coalesce(l.seq, 0), coalesce({mark}, '')
from supplysync_control as c
left join supplysync_change_log as l on l.seq = (select max(seq) from supplysync_change_log)
"""


@dataclass(frozen=True)
class Bookmark:
    """A place in a log: everything up to it has been read.

    ``seq`` decides where numbers are given under a write lock. ``snapshot`` decides where they
    become visible out of order: what it does not see is still to be read; an engine that has no
    need of it leaves it empty, like ``cluster``, which names a server and its database. ``mark``
    stands for the last entry seen, which a restored database does not have; it does not tell what
    that was, since it may be about local data (P3). ``floor``: entries up to that number were written in another
    cluster, whose transaction numbers mean nothing in this one.
    """

    snapshot: str
    cluster: str
    log_id: str
    seq: int
    mark: str
    floor: int = 0

    def to_text(self) -> str:
        """The bookmark as JSON, opaque to everyone else."""
        return json.dumps({name: value for name, value in asdict(self).items() if value not in ("", 0)}, sort_keys=True)

    @staticmethod
    def of_text(text: str) -> Bookmark:
        """The bookmark that ``to_text`` wrote. Raises ValueError for anything else."""
        given = {"snapshot": "", "cluster": "", "log_id": "", "seq": 0, "mark": "", "floor": 0} | json.loads(text)
        return Bookmark(**given)

    def entries_after(self, db: SiteDatabase) -> SqlCondition:
        """The condition for log entries past this place, with its parameters; where the database is in another cluster
        than it was then, the snapshot says nothing."""
        if self.cluster and bookmark_now(db).cluster != self.cluster:
            return "seq > ?", (self.seq,)
        past, parameters = db.entries_after(self.seq, self.snapshot)
        return (f"{past} and seq > ?", (*parameters, self.floor)) if self.floor else (past, parameters)


def bookmark_now(db: SiteDatabase) -> Bookmark:
    """The place of the current transaction's snapshot. Raises SiteFailed where there is no log."""
    rows = db.execute(_NOW.format(place=db.place_sql, mark=db.mark_sql))
    if not rows:
        raise SiteFailed("capture missing: the change log has no control row; run `supplysync capture install`")
    place, cluster, log_id, seq, entry = rows[0]
    return Bookmark(place, cluster, log_id, seq, _mark(entry))


def _mark(entry: str) -> str:
    return hashlib.sha256(entry.encode()).hexdigest()[:16] if entry else ""


def is_in_log(db: SiteDatabase, earlier: Bookmark) -> bool:
    """Whether the log has a place, and went on from there (B50)."""
    try:
        require_same_log(db, earlier, bookmark_now(db))
    except SiteFailed:
        return False
    return bool(earlier.mark or earlier.log_id)


def restored(sign: str, site_code: str) -> SiteFailed:
    """The refusal of a database that was put back from a backup, or is a copy, by what shows it: ``the log ends at 3``.
    Which of two copies is the right one nobody can tell by that."""
    return SiteFailed(f"restored from a backup: {sign}. {_way_out(site_code)}")


def _way_out(site_code: str) -> str:
    """What can be done where a database is not the one that went on from the last exchange (P6)."""
    return (
        "Nothing is read or written there; its rows, and what central holds, stay as they are. It may be a copy, too: "
        "which of two is the right one nobody can tell by this. Let `database` in topology.toml name the other, or "
        f"let this one in: `supplysync readmit {site_code}` shows first what becomes of both"
    )


def _site_code(db: SiteDatabase) -> str:
    own = read_identity(db)
    return own.site_code if own else ""


def require_same_log(db: SiteDatabase, earlier: Bookmark, now: Bookmark) -> Bookmark:
    """``now`` as the place to go on from, if ``earlier`` is a place in its log (P6).

    The same log may be in another cluster, after a dump or an upgrade of the server (precision 20). Raises SiteFailed,
    its text starting with ``restored from a backup``, or ``capture installed anew`` where the log is another one;
    installing capture again is no way out of either.
    """
    is_elsewhere = earlier.cluster != now.cluster
    if earlier.log_id and earlier.log_id != now.log_id:
        raise SiteFailed(f"capture installed anew: changes in between were not logged. {_way_out(_site_code(db))}")
    if earlier.seq > now.seq or (not is_elsewhere and db.is_ahead(earlier.snapshot, now.snapshot)):
        raise restored(f"the log ends at {now.seq}, and was read up to {earlier.seq} before", _site_code(db))
    if is_elsewhere and not earlier.log_id:
        raise restored("the database is in another PostgreSQL cluster than before", _site_code(db))
    if earlier.mark and earlier != now:
        mark = db.execute(f"select {db.mark_sql} from supplysync_change_log where seq = ?", (earlier.seq,))
        if len(mark) != 1 or earlier.mark not in (_mark(mark[0][0]), mark[0][0]):  # it was written out once
            raise restored(f"entry {earlier.seq} of the log is not the one read before", _site_code(db))
    return replace(now, floor=earlier.seq if is_elsewhere else earlier.floor)
