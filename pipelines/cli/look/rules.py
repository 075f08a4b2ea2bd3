"""`rules`, `warehouse sql`: looking, changing nothing."""

from __future__ import annotations

from pathlib import Path

import click

from pipelines.cli.speech.options import in_folder, project
from pipelines.cli.speech.output import as_json, rows_of, show_json, show_table
from sync_rules.for_people.data_types import as_markdown, rule_rows
from warehouse.exports import views

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


COMMANDS = [rules, warehouse_group]
