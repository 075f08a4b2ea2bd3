"""What `supplysync init` writes into a new project folder."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sync_rules.topology.file import parse

_TOPOLOGY = """\
# The wanted state of the network. `supplysync check` reads it and says what it finds.

[network]
central = {central:<20} # the sync server's own site
primary = {central:<20} # where central data is edited; another site: mirrored sync
time_zone = {time_zone:<18} # for example "Pacific/Auckland"
currency = {currency}
# language = "fr"              # of the pages, for who asks for none: en, fr, es, pt

[options]                      # defaults shown
store_records_on = "central"   # or "primary"
centralised_procurement = false
centralised_payments = false
prescriptions_follow_patient = false
repeats_anywhere = false
transfer_age_limit_months = 3
overdue_after = "1 month"
late_after = "7 days"

[retention]                    # in days; defaults shown
pulls_days = 400               # what central keeps of cycles: pulls, change sets, the sequence
site_log_days = 60             # the log of changes in each site's database
site_answers_days = 400        # what each site keeps of what it answered
closed_days = 800              # entries of `rejected list` that are dealt with
bookmarks_days = 60            # each place up to which a site was read; after that, one a day
away_days = 400                # a site that was not reached for longer holds nothing back
runs_days = 30                 # runs in Dagster's pages
failed_runs_days = 90          # of these, those that failed
idle_runs_days = 2             # and those in which nothing changed

# [tracer]                     # items that are looked at first: of a master list, by code, or both
# master_list = "TRACER"
# items = ["AMOX250", "ORS"]

# [alerts]                     # who is told what begins and what is over; `supplysync alerts test` tries it
# webhook = "${{ALERT_WEBHOOK}}"   # or: command = ["/usr/local/bin/page-me"]
# events = ["overdue", "failure", "rejected", "unapplied", "held"]
# timeout_seconds = 10

[[site]]
id = 1
code = {central}
kind = "desktop"               # or "mobile": at most one active store
database = {database}   # or postgresql://user:${{CENTRAL_PASSWORD}}@host/database
schedule = "*/15 * * * *"      # cron: when the site is due
enabled = true                 # false: paused
local_procurement = false
{sites}
{stores}"""
_SITE = """
[[site]]
id = {number}
code = {code}
database = {database}
"""
_STORE = """\
[[store]]
code = {code}
active_on = {site}

"""
_STORE_OPTIONS = """\
# [[store]]                    # store records themselves are data, kept on central
# code = "CLINIC"
# active_on = "clinic"
# central_instance = "collector"   # or "transfer": its data stays at its site
# collector_on = []                # other sites that keep a full copy
# include_transactions = true      # dispensaries only
# resync_patients_on_save = false
"""

ENVIRONMENT = "# Copy to .env and fill in; .env is never committed.\n# CENTRAL_PASSWORD=\n"


@dataclass(frozen=True)
class Starter:
    """What a new network begins with: its ``sites`` besides central as code and database, a file where none is said;
    its ``stores`` as code and the code of the site where each is active."""

    central: str = "central"
    sites: Sequence[tuple[str, str]] = (("clinic", ""),)
    stores: Sequence[tuple[str, str]] = ()
    time_zone: str = "UTC"
    currency: str = "USD"

    @property
    def toml(self) -> str:
        """topology.toml, with comments."""
        others = [
            _SITE.format(number=number, code=_text(code), database=_text(database or _file_of(code)))
            for number, (code, database) in enumerate(self.sites, start=2)
        ]
        stores = [_STORE.format(code=_text(code), site=_text(site)) for code, site in self.stores]
        return _TOPOLOGY.format(
            central=_text(self.central), time_zone=_text(self.time_zone), currency=_text(self.currency),
            database=_text(_file_of(self.central)), sites="".join(others), stores="".join([*stores, _STORE_OPTIONS]),
        )  # fmt: skip


def write_starter(folder: Path, starter: Starter) -> None:
    """Writes a commented topology.toml, .env.example and .gitignore. Raises TopologyError before, where what is wanted
    is no network."""
    parse(starter.toml)
    (folder / "sites").mkdir(parents=True, exist_ok=True)
    (folder / "topology.toml").write_text(starter.toml, encoding="utf-8")
    (folder / ".env.example").write_text(ENVIRONMENT, encoding="utf-8")
    (folder / ".gitignore").write_text(
        ".env\ndata/\ndagster/\npublished/\nsites/\npostgres/\ndashboard-users.json\n", encoding="utf-8"
    )


def _file_of(code: str) -> str:
    return f"sqlite:///sites/{code}.sqlite"


def _text(value: str) -> str:
    """As TOML has it: a JSON string is one."""
    return json.dumps(value, ensure_ascii=False)
