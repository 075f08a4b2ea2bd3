"""Which runbook says what to do about a code, an alarm, a check or a status: pages of docs/runbooks, one a way out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from sync_rules.codes import FAILURES, REASONS, SKIPS, WAITS
from sync_rules.for_people.states import word_of
from sync_rules.topology.alerts import Alarm

FOLDER = "docs/runbooks"

CODES: Mapping[str, tuple[str, ...]] = {
    "nothing-to-do": (
        "authorised", "adopted", "unchanged", "kept_at_site", "nothing_to_delete", "stays_at_site",
    ),
    "edited-in-the-wrong-place": (
        "unknown_table", "local_data", "written_by_topology", "not_primary", "not_central", "not_owner", "takes_over",
        "gives_away", "not_home_site", "edited_elsewhere", "immutable", "centralised_procurement",
        "centralised_payments", "local_procurement", "differs_at_first_contact", "store_is_placed",
    ),
    "a-record-is-wrong": ("malformed_value", "no_owner", "parent_rejected", "other_half_rejected"),
    "a-record-is-still-in-use": ("still_referenced",),
    "a-merge-was-refused": (
        "merged_away", "merged_already", "merge_incomplete", "merge_in_circle", "merge_across_stores",
        "merge_of_stores", "own_customer",
    ),
    "a-change-waits": (
        "parent_missing", "reference_missing", "waits_for_receiver", "document_waits", "other_half_waits",
    ),
    "a-store-is-not-placed": ("store_unknown", "store_not_placed"),
    "move-a-store": ("store_moving",),
    "a-site-is-lost": ("moved_away",),
    "a-site-was-restored": ("changed_on_both_lines",),
    "a-transfer-waits": (
        "taken_in_already", "too_old_to_begin", "store_disabled", "site_not_contacted", "half_missing", "at_its_site",
        "id_taken", "receiver_corrected", "party_was_no_store",
    ),
    "a-row-was-not-taken": ("edited_since_pull", "refused_by_site", "altered_by_site"),
    "back-up-and-restore-the-server": ("site_is_ahead", "another_central", "central_superseded"),
}  # fmt: skip
"""The codes of each page: a code has one page, whatever it is said of."""

ALARMS: Mapping[Alarm, str] = {
    Alarm.OVERDUE: "a-site-is-silent",
    Alarm.FAILURE: "a-site-failed",
    Alarm.REJECTED: "edited-in-the-wrong-place",
    Alarm.UNAPPLIED: "topology-waits-for-apply",
    Alarm.HELD: "something-is-held",
}
"""The page of each alarm."""

CYCLE_FAILED = "a-cycle-failed"
"""The page where not a site failed but a cycle as a whole."""

STATUSES: Mapping[str, str] = {
    "never": "a-site-is-silent",
    "blocked": "a-site-is-silent",
    "unreachable": "a-site-is-silent",
    "late": "a-site-is-silent",
    "overdue": "a-site-is-silent",
    "error": "a-site-failed",
}
"""The page of each status of a site that somebody has to do something about."""

COLUMNS: Mapping[str, str] = {
    "held_removals": "something-is-held",
    "held_changes": "something-is-held",
    "rejected": "edited-in-the-wrong-place",
    "waiting": "a-change-waits",
    "not_taken": "a-row-was-not-taken",
}
"""The page about each column of the sync report that counts what somebody has to look at."""

CHECKS: Mapping[str, str] = {
    "every_change_has_a_verdict": "a-check-is-red",
    "replicas_refer_to_what_is_there": "a-check-is-red",
    "every_record_has_one_owner": "a-check-is-red",
    "no_patient_data_in_the_snapshot": "a-check-is-red",
    "sites_have_what_central_has": "a-site-differs",
    "every_due_site_was_reached": "a-site-is-silent",
}
"""The page of each of Dagster's checks."""

FIGURES: Mapping[str, str] = dict.fromkeys(
    ("site_tables", "is_incomplete", "missing_tables", "stores_incomplete", "completeness"), "a-figure-is-unknown"
)
"""The page about reports and columns that say that figures lack something."""

_PAGE_OF: Mapping[str, str] = {code: page for page, codes in CODES.items() for code in codes}

_HEAD = """\
# Runbooks

What to do when something is asked of whoever runs the network: a page each way out. `supplysync explain CODE` says what
a code means and names its page; so do `rejected show`, `status`, `check` and the alerts, and `supplysync runbook PAGE`
shows one in a terminal. Rendered from
`sync_rules/for_people/runbooks.py` by `supplysync explain runbooks`; a test compares the two.

## What one sets out to do

- [Add a site](add-a-site.md)
- [Move a store to another site](move-a-store.md)
- [Another site becomes primary](change-primary.md)
- [Back up the server, and make it again](back-up-and-restore-the-server.md)
- [Be told: alerts](alerts.md)
- [Disk space](disk-space.md)

## What happened

- [A site was restored from its own backup, or copied](a-site-was-restored.md)
- [A site lost its database and goes on](a-database-is-lost.md)
- [A site is lost](a-site-is-lost.md)
- [A figure is unknown, or lacks something](a-figure-is-unknown.md)"""


MOVING = "move-a-store"
"""The page about stores that are on their way."""


def pages_about(site: Mapping[str, object]) -> list[str]:
    """The pages about a row of the sync report: what `status` and the page of all sites lead to."""
    pages = {STATUSES.get(str(site["status"])), *(page for column, page in COLUMNS.items() if site[column])}
    return sorted(page for page in pages if page)


def page_of(code: str) -> str | None:
    """The name of the page about a code; None for a code of another version."""
    return _PAGE_OF.get(code)


def runbook_of(code: str) -> str | None:
    """The page about a code, as a path below the project's root; None for a code of another version."""
    page = page_of(code)
    return page_path(page) if page else None


def page_about(what: str) -> str | None:
    """The name of the page about a code, an alarm, the status of a site, a check, or what says that figures lack
    something; None where none is about that."""
    statuses = {word_of(code): page for code, page in STATUSES.items()}
    others = {**{str(alarm): page for alarm, page in ALARMS.items()}, **STATUSES, **statuses, **CHECKS, **FIGURES}
    return page_of(what) or others.get(what)


def to_read(page: str) -> str:
    """The command that shows a page: it works where supplysync is installed, as no path does."""
    return f"`supplysync runbook {page}`"


def page_path(page: str) -> str:
    """Where a page is, from the project's root."""
    return f"{FOLDER}/{page}.md"


def runbooks_page() -> str:
    """The page docs/runbooks/README.md: every alarm, status, check and code with its page."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    yield _HEAD
    alarms = [(str(alarm), page) for alarm, page in ALARMS.items()]
    alarms.insert(2, ("failure of a cycle", CYCLE_FAILED))
    states = [(word_of(code), page) for code, page in STATUSES.items()]
    for title, rows in (("Alarms", alarms), ("Statuses of sites", states), ("Checks", CHECKS.items())):
        yield from ("", f"## {title}", "", "| what | page |", "|---|---|")
        yield from (f"| `{what}` | [{page}]({page}.md) |" for what, page in rows)
    registers = {
        "Reasons of verdicts": {code: (str(one.verdict), one.explanation) for code, one in REASONS.items()},
        "What a transfer waits for": {code: ("waits", one.explanation) for code, one in WAITS.items()},
        "Why a site has not got a row": {code: ("not taken", one.explanation) for code, one in SKIPS.items()},
        "Why a site fails": {code: ("failed", one.explanation) for code, one in FAILURES.items()},
    }
    for title, codes in registers.items():
        yield from ("", f"## {title}", "", "| code | what | means | page |", "|---|---|---|---|")
        for code, (what, means) in codes.items():
            page = _PAGE_OF[code]
            yield f"| `{code}` | {what} | {means} | [{page}]({page}.md) |"
