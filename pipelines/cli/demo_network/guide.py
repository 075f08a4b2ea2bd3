"""Where to look when the demo is over."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path

from pipelines.cli.demo_network.transfers import ExampleTransfer
from pipelines.cli.speech.options import PAGES_PORT
from pipelines.cli.speech.output import bold, talk

_PAGES = {
    "": "what needs action; every number leads to its list",
    "stock": "months of stock, every item at every store",
    "sync": "each site, the longest silence first",
    "expiry": "what expires, and how much of it nobody will use",
    "transfers": "what is under way between stores",
}


def say_where(folder: Path, patient: str, told: Sequence[ExampleTransfer]) -> None:
    """The pages to open and the commands to try, with a patient and a transfer of this very network: what it is, and
    below it a line to copy, so that any window has room."""
    place = shlex.quote(str(folder))
    stories = {f"explain {one.table} {one.record_id}": f"a {one.kind}, from either document" for one in told[:1]}
    commands = {
        "dev": "Dagster: runs, assets, one partition a site",
        "status": "the sync report",
        "rejected list": "changes that were not admitted",
        f"explain patient {patient}": "where a patient's record is, why, and who may edit it",
        "moves show 1": "how store D came to another site",
        "transfers list": "what is under way between stores, and why",
        **stories,
        "report stock_on_hand --store A": "a report; -o stock.xlsx writes it as a file",
        'warehouse sql "from replica.item"': "any read-only query",
        "runbook": "what to do about each alarm and reason code",
    }
    pages = {f"http://127.0.0.1:{PAGES_PORT}/{page}": words for page, words in _PAGES.items()}
    _tell("Pages to open, while `supplysync dashboard` runs", pages)
    _tell("Where to look", {f"supplysync {one}{_in(place, one)}": words for one, words in commands.items()})
    talk.print(f"\nFor SQL, Python, R and Power BI: {folder}/published/current.duckdb (docs/analysts.md)")
    talk.print("`supplysync` is in .venv/bin: source .venv/bin/activate")


def _in(place: str, command: str) -> str:
    return "" if command == "runbook" else f" -C {place}"


def _tell(title: str, lines: dict[str, str]) -> None:
    talk.print(bold(title, before="\n"))
    for line, words in lines.items():
        talk.print(f"  {words}")
        talk.print(bold("", f"    {line}"), soft_wrap=True)
