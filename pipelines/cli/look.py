"""`rules`, `report`, `warehouse sql`: looking, changing nothing."""

from __future__ import annotations

from pathlib import Path

import click

from pipelines.cli.options import in_folder, project
from pipelines.cli.output import as_json, rows_of, show_json, show_table
from sync_rules.describe import as_markdown, rule_rows
from warehouse import views
from warehouse.connection import open_warehouse

_RULES = {
    "number": "n",
    "data_type": "data",
    "tables": "tables",
    "policy": "policy",
    "condition": "where",
    "may_edit": "may edit",
    "receives": "receives",
    "options": "options",
}


@click.command()
@click.option("--markdown", is_flag=True, help="As the page docs/data_types.md.")
@as_json
def rules(markdown: bool, as_json: bool) -> None:
    """The 70 data types and their policies.

    \b
    Example: supplysync rules
    """
    if markdown:
        click.echo(as_markdown(), nl=False)
    elif as_json:
        show_json({"rules": rule_rows()})
    else:
        show_table("Data types", _RULES, rule_rows())


@click.command()
@click.argument("name", type=click.Choice(sorted(views.NAMES)))
@click.option("--store", help="Only this store, by code.")
@click.option("--item", help="Only this item, by code.")
@click.option("--format", "as_format", type=click.Choice(["table", "csv", "json"]), default="table", show_default=True)
@in_folder
@as_json
def report(name: str, store: str | None, item: str | None, as_format: str, folder: Path, as_json: bool) -> None:
    """Show a report: any view of the schema `reports`.

    \b
    Example: supplysync report stock_on_hand --store A
             supplysync report stock_on_hand --item PARA0101 --format csv
    """
    with project(folder) as loaded, open_warehouse(loaded.warehouse, loaded.schema) as con:
        frame = views.read(con, name, store=store, item=item)
    if as_format == "csv":
        click.echo(frame.write_csv(), nl=False)
    elif as_json or as_format == "json":
        show_json({"report": name, "rows": rows_of(frame)})
    else:
        shown = [column for column in frame.columns if frame[column].null_count() < frame.height or not frame.height]
        show_table(name, {column: column for column in shown}, rows_of(frame))


@click.group("warehouse")
def warehouse_group() -> None:
    """The DuckDB warehouse."""


@warehouse_group.command("sql")
@click.argument("query")
@in_folder
@as_json
def sql(query: str, folder: Path, as_json: bool) -> None:
    """Run one read-only QUERY. Replicas are in schema `replica`, reports in `reports`, history in `ledger`.

    \b
    Example: supplysync warehouse sql "select count(*) from replica.stock_line"
    """
    with project(folder) as loaded:
        frame = views.run_read_only(loaded.warehouse, loaded.schema, query)
    if as_json:
        show_json({"rows": rows_of(frame)})
    else:
        show_table("", {column: column for column in frame.columns}, rows_of(frame))


COMMANDS = [rules, report, warehouse_group]
