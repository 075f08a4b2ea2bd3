"""Where to look when the demo is over."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pipelines.cli.demo_network.transfers import ExampleTransfer
from pipelines.cli.speech.options import PAGES_PORT
from pipelines.cli.speech.output import bold, talk


def say_where(folder: Path, patient: str, told: Sequence[ExampleTransfer]) -> None:
    """The pages to open and the commands to try, with a patient and a transfer of this very network."""
    of_transfer = "".join(
        f"""
  supplysync explain -C {folder} {story.table} {story.record_id}
                                                               the story of that {story.kind}, from either document"""
        for story in told[:1]
    )
    pages = f""", after: supplysync dashboard -C {folder}
  http://127.0.0.1:{PAGES_PORT}/                                       what needs action; every number leads to its list
  http://127.0.0.1:{PAGES_PORT}/stock                                  months of stock, every item at every store
  http://127.0.0.1:{PAGES_PORT}/sync                                   each site, the longest silence first
  http://127.0.0.1:{PAGES_PORT}/expiry                                 what expires, and how much of it nobody will use
  http://127.0.0.1:{PAGES_PORT}/transfers                              what is under way between stores
"""
    talk.print(bold("Pages to open", pages, before="\n"))
    commands = f"""
  supplysync dev -C {folder}                                   Dagster: runs, assets, one partition a site
  supplysync status -C {folder}                                the sync report
  supplysync rejected list -C {folder}                         changes that were not admitted
  supplysync explain -C {folder} patient {patient}
                                                               where a patient's record is, why, and who may edit it
  supplysync moves show 1 -C {folder}                          how store D came to another site
  supplysync transfers list -C {folder}                        what is under way between stores, and why{of_transfer}
  supplysync report stock_on_hand -C {folder} --store A        a report; -o stock.xlsx writes it as a file
  {folder}/published/current.duckdb                            for SQL, Python, R, Power BI: docs/analysts.md
  supplysync warehouse sql -C {folder} "from replica.item"     any read-only query
(`supplysync` is in .venv/bin)"""
    talk.print(bold("Where to look", commands, before="\n"))
