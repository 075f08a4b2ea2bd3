"""The files of the demo's project folder: topology.toml, .env and .env.example."""

from __future__ import annotations

from pathlib import Path
from textwrap import fill

from demo.reference.lists import TRACERS
from demo.reference.places import (
    CENTRAL_TRANSFER,
    COLLECTOR_ON,
    SITES,
    STORES,
    WITHOUT_TRANSACTIONS,
    DemoStore,
    ReferenceSite,
)

POSTGRES_SITE = "eastern"
POSTGRES_VARIABLE = "SUPPLYSYNC_DEMO_POSTGRES"

_HEAD = """\
# The wanted state of the demo network. `supplysync check` reads it and says what it finds.

[network]
central = "central"            # site codes
primary = "central"            # another site: mirrored sync
time_zone = "Pacific/Auckland"
currency = "NZD"

[options]                      # defaults shown
store_records_on = "central"   # or "primary"
centralised_procurement = false
centralised_payments = false
prescriptions_follow_patient = false
repeats_anywhere = false
transfer_age_limit_months = 3
overdue_after = "1 month"
late_after = "7 days"

[tracer]                       # items that the network looks at first
items = [
    TRACERS
]

# Sites: a database each, SQLite or PostgreSQL. ${NAME} in a URL comes from the environment or .env.
"""

_STORES = """
# Stores: where each is active. Their records are data, kept on central.
# A to F are the worked example of the documentation.
"""


def write_files(folder: Path, *, postgres_url: str | None) -> None:
    """Write the three files; the PostgreSQL URL goes only into .env, which nobody else may read (S2)."""
    site = "\n".join(_site(each, has_postgres=postgres_url is not None) for each in SITES)
    store = "\n".join(_store(each) for each in STORES)
    (folder / "topology.toml").write_text(_head() + site + _STORES + store, encoding="utf-8")
    (folder / ".env.example").write_text(
        "# Copy to .env and fill in; .env is never committed.\n"
        f"{POSTGRES_VARIABLE}=postgresql://USER:PASSWORD@HOST:5432/DATABASE\n",
        encoding="utf-8",
    )
    if postgres_url is not None:
        secret = folder / ".env"
        secret.touch(mode=0o600)
        secret.write_text(f"{POSTGRES_VARIABLE}={postgres_url}\n", encoding="utf-8")


def _head() -> str:
    named = ", ".join(f'"{code}"' for code in TRACERS)
    return _HEAD.replace("    TRACERS\n", fill(named, 110, initial_indent="    ", subsequent_indent="    ") + "\n")


def _site(site: ReferenceSite, *, has_postgres: bool) -> str:
    database, note = site.database, ""
    if site.code == POSTGRES_SITE and has_postgres:
        database = f"${{{POSTGRES_VARIABLE}}}"
    elif site.code == POSTGRES_SITE:
        note = "# This site would be PostgreSQL; without a server it is SQLite like the rest.\n"
    return f"""{note}[[site]]
id = {site.id}
code = "{site.code}"
name = "{site.name}"
kind = "{site.kind}"
database = "{database}"
schedule = "{site.schedule}"
"""


def _store(store: DemoStore) -> str:
    lines = [f'\n[[store]]  # {store.name}\ncode = "{store.code}"\nactive_on = "{store.site}"']
    if store.code in CENTRAL_TRANSFER:
        lines.append('central_instance = "transfer"    # sends nothing but its transfers; not in the warehouse')
    if store.code in COLLECTOR_ON:
        sites = ", ".join(f'"{code}"' for code in COLLECTOR_ON[store.code])
        lines.append(f"collector_on = [{sites}]    # also keeps a full read-only copy")
    if store.code in WITHOUT_TRANSACTIONS:
        lines.append("include_transactions = false    # a dispensary that keeps its transactions to itself")
    return "\n".join(lines)
