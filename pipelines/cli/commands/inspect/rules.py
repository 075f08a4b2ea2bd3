"""`rules`: the 70 data types."""

from __future__ import annotations

import click

from pipelines.cli.speech.command import command
from pipelines.cli.speech.output import as_json, show_json, show_table
from sync_rules.for_people.data_types import data_types_page, rule_rows

_COLUMNS = {
    "number": "n",
    "data_type": "data",
    "tables": "tables",
    "policy": "policy",
    "condition": "where",
    "may_edit": "may edit",
    "receives": "receives",
    "options": "options",
}


@command()
@click.option("--markdown", is_flag=True, help="As the page docs/data_types.md.")
@as_json
def rules(markdown: bool, as_json: bool) -> None:
    """The 70 data types and their policies.

    \b
    Example: supplysync rules
    """
    if markdown:
        click.echo(data_types_page(), nl=False)
    elif as_json:
        show_json({"rules": rule_rows()})
    else:
        show_table("Data types", _COLUMNS, rule_rows())
