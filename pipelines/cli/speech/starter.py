"""What `supplysync init` writes into a new project folder."""

from __future__ import annotations

from pathlib import Path

TOPOLOGY = """\
# The wanted state of the network. `supplysync check` reads it and says what it finds.

[network]
central = "central"            # the sync server's own site
primary = "central"            # where central data is edited; another site: mirrored sync
time_zone = "UTC"              # for example "Pacific/Auckland"
currency = "USD"

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
# webhook = "${ALERT_WEBHOOK}"   # or: command = ["/usr/local/bin/page-me"]
# events = ["overdue", "failure", "rejected", "unapplied", "held"]
# timeout_seconds = 10

[[site]]
id = 1
code = "central"
kind = "desktop"               # or "mobile": at most one active store
database = "sqlite:///sites/central.sqlite"   # or postgresql://user:${CENTRAL_PASSWORD}@host/database
schedule = "*/15 * * * *"      # cron: when the site is due
enabled = true                 # false: paused
local_procurement = false

[[site]]
id = 2
code = "clinic"
database = "sqlite:///sites/clinic.sqlite"

# [[store]]                    # store records themselves are data, kept on central
# code = "CLINIC"
# active_on = "clinic"
# central_instance = "collector"   # or "transfer": its data stays at its site
# collector_on = []                # other sites that keep a full copy
# include_transactions = true      # dispensaries only
# resync_patients_on_save = false
"""

ENVIRONMENT = "# Copy to .env and fill in; .env is never committed.\n# CENTRAL_PASSWORD=\n"


def write_starter(folder: Path) -> None:
    """Writes a commented topology.toml, .env.example and .gitignore."""
    (folder / "sites").mkdir(exist_ok=True)
    (folder / "topology.toml").write_text(TOPOLOGY, encoding="utf-8")
    (folder / ".env.example").write_text(ENVIRONMENT, encoding="utf-8")
    (folder / ".gitignore").write_text(".env\ndata/\ndagster/\npublished/\nsites/\npostgres/\n", encoding="utf-8")
