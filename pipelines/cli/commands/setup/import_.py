"""`import`: a catalogue and opening stock from CSV files."""

from __future__ import annotations

import shlex
from pathlib import Path

import click

from central.asker import now
from central.imports.file_import import FileImport, plan_import, write_import
from central.imports.kinds import KINDS
from pipelines.cli.speech.command import command
from pipelines.cli.speech.options import in_folder, project
from pipelines.cli.speech.output import as_json, show_json, show_table, talk
from pipelines.cli.what_ran import then


@command(name="import")
@click.argument("what", type=click.Choice(list(KINDS)))
@click.option("--from", "file", required=True, type=click.Path(path_type=Path, dir_okay=False, exists=True),
              help="The CSV file; its first line names the columns.")  # fmt: skip
@click.option("--dry-run", is_flag=True, help="Say what would be written, and write nothing.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@in_folder
@as_json
def import_(what: str, file: Path, dry_run: bool, yes: bool, folder: Path, as_json: bool) -> None:
    """Write the rows of a CSV file where they may be edited: a catalogue, who sees what, or opening stock.

    \b
    Example: supplysync import items --from items.csv --dry-run
             supplysync import stock --from stock.csv --yes
    \b
    The columns, those in capitals required:
    items          CODE, NAME, unit, category, default_pack_size,
                   ven_category, is_vaccine, is_active
    names          CODE, NAME, TYPE, is_customer, is_supplier, region,
                   category, phone, email, address
    stores         CODE, NAME (the code of its name), mode, is_disabled
    visible-names  STORE, NAME, is_customer, is_supplier
    visible-items  STORE, ITEM, ignore_for_orders
    stock          STORE, ITEM, PACK_SIZE, TOTAL_PACKS, batch, expiry_date,
                   cost_price_per_pack, sell_price_per_pack, supplier
    \b
    Records are known by their codes: a file that is imported again changes what
    it says otherwise, and makes nothing twice. Stock that is there stays.
    """
    with project(folder) as loaded:
        planned = plan_import(loaded, what, file)
        if as_json:
            show_json({"file": str(file), "is_written": bool(yes and not dry_run), "tables": _rows(planned)})
        else:
            columns = {"site": "site", "table": "table", "new": "new", "changed": "changed", "unchanged": "unchanged"}
            show_table(f"In {file.name}", columns, _rows(planned))
        if not planned.records:
            talk.print(f"nothing new in `{file.name}`: all of it is there already, and nothing was written")
            return
        if dry_run:
            then(f"import {what} --from {shlex.quote(str(file))} --yes")
            return
        if not yes:
            click.confirm(f"Write these {planned.records:,} records?", abort=True, err=True)
        write_import(loaded, planned, now=now())
    talk.print(f"{planned.records:,} record{' is' if planned.records == 1 else 's are'} written")
    then("sync")


def _rows(planned: FileImport) -> list[dict[str, object]]:
    return [
        {
            "site": site.code,
            "table": table,
            "new": one.new.height,
            "changed": one.changed.height,
            "unchanged": one.unchanged,
        }
        for site, tables in planned.tables.items()
        for table, one in tables.items()
    ]
