"""`report-pack`: a month of the network as one workbook."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pipelines.cli.speech.command import command
from pipelines.cli.speech.export_file import refuse_to_terminal, stream_out
from pipelines.cli.speech.options import in_folder, project
from pipelines.cli.speech.output import talk
from pipelines.cli.speech.reports import of_groups
from sync_rules.topology.topology import LANGUAGES

if TYPE_CHECKING:
    from dashboard.downloads.pack import PackDownload
    from dashboard.reader import Reading


@command()
@click.option("--month", help="As YYYY-MM; the last whole month if left out.")
@click.option("--store", multiple=True, help="Only this store, by code; like those below, may be given more than once.")
@click.option("--item", multiple=True, help="Only this item, by code.")
@of_groups
@click.option(
    "--language",
    type=click.Choice(list(LANGUAGES)),
    help="Of the cover and of the names of sheets; the network's own if not said. Columns have their own names.",
)
@click.option(
    "-o", "--output", type=click.Path(path_type=Path, dir_okay=False), help="Write to this file, whole or not at all."
)
@in_folder
def report_pack(
    month: str | None, language: str | None, output: Path | None, folder: Path, **asked: tuple[str, ...]
) -> None:
    """Write a month as one workbook: stock, stock-outs, consumption, orders, expiry, losses, counts, reporting.

    It is made from the published snapshot. What has a month is of that month; what has none is as of the
    snapshot, and the cover says which is which, how complete it all is, and what figures add up to. A
    report that cannot be filtered as asked is left out, and named on the cover.

    \b
    Example: supplysync report-pack --month 2026-10 -o october.xlsx
             supplysync report-pack --region North --language fr -o north.xlsx
    """
    from dashboard.reader import Reader  # few commands need the pages

    refuse_to_terminal("xlsx", output)
    with project(folder) as loaded:
        spoken = language or loaded.topology.language
        published = loaded.published
    reader = Reader(published)
    try:
        with reader.current() as reading:
            made = _made(reading, month, asked, spoken)
            stream_out(lambda out: made.write_to(out, reading.con), output)
    finally:
        reader.close()
    talk.print(f"{made.month}: {len(made.parts)} sheets, snapshot {int(Path(made.path).stem)}")


def _made(reading: Reading, month: str | None, asked: Mapping[str, Sequence[str]], language: str) -> PackDownload:
    """Raises UsageError for a month, a filter or a value that there is not."""
    from dashboard.conditions import SEVERAL, BadFilter
    from dashboard.downloads.pack import last_whole_month, pack

    chosen = {name: SEVERAL.join(values) for name, values in asked.items() if values}
    try:
        return pack(reading, month or last_whole_month(reading), chosen, language)
    except BadFilter as error:
        raise click.UsageError(str(error)) from None
