"""The names of the tables that supplysync keeps in a site's database, the same on every engine."""

from __future__ import annotations

CHANGE_LOG_TABLE = "supplysync_change_log"
"""One row a change of a record: seq, table_name, record_id, op (I, U or D), logged_at."""

CONTROL_TABLE = "supplysync_control"
"""One row: what tells this log from one that was installed before or after."""

CAPTURED_TABLE = "supplysync_captured"
"""One row a table: how it is captured, and how often that was interrupted (B57)."""

APPLIED_TABLE = "supplysync_applied"
"""One row a change set that was applied here, with the answer that the site gave."""

LINE_TABLE = "supplysync_line"
"""One row a server that the site has met: its line, and from which number on change sets are its (B53)."""

NOTICE_TABLE = "supplysync_notice"
"""One row a change of this site that central did not take: for the site's own program to show."""

STATUS_TABLE = "supplysync_status"
"""One row: when central was here last, and what waits."""

IDENTITY_TABLE = "supplysync_identity"
"""One row: the site whose database this is."""

SWITCH_TABLE = "supplysync_switch"
"""One row each time that a switch of procurement reached the site: name, seq (the end of the log then), is_on."""

PREFIX = "supplysync_"
"""What the names of all of them begin with."""
