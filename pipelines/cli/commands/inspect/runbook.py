"""`runbook`: what to do, page by page, wherever supplysync is installed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import click

from pipelines.cli.speech.command import command
from pipelines.cli.speech.output import as_json, bold, data, show_json, show_table
from sync_rules.for_people.runbooks import page_about
from sync_rules.texts.likeness import guessed

_Parts = Sequence[tuple[str, str, str]]


@command()
@click.argument("what", required=False)
@as_json
def runbook(what: str | None, as_json: bool) -> None:
    """What to do about WHAT: a page, or the code, status, alarm or check that it is about; without, the list of pages.

    The dashboard has the same pages.

    \b
    Example: supplysync runbook
             supplysync runbook a-site-is-silent
             supplysync runbook not_primary
    """
    from dashboard.pages.runbooks import page_names, read_page, title_of  # what serves pages takes long to load

    names = page_names()
    if what is None:
        rows = [{"page": name, "title": title_of(read_page(name))} for name in names if name != "README"]
        if as_json:
            show_json({"pages": rows})
        else:
            show_table("Runbooks: `supplysync runbook PAGE` shows one", {"page": "page", "title": "about"}, rows)
        return
    name = what if what in names else page_about(what)
    if name is None:
        said = f"there is no runbook about `{what}`; {guessed(what, names)}".rstrip()
        raise click.UsageError(f"{said} `supplysync runbook` lists them")
    text = read_page(name)
    if as_json:
        show_json({"page": name, "title": title_of(text), "text": text})
    else:
        _show(text, names)


def _show(text: str, names: Sequence[str]) -> None:
    """A page as text: commands to copy stand on lines of their own."""
    from dashboard.pages.runbooks import blocks_of

    for place, block in enumerate(blocks_of(text)):
        if place:
            data.print()
        if block.kind in ("title", "heading"):
            data.print(bold("".join(_shown(block.lines[0], names))))
        elif block.kind == "example":
            data.print("\n".join(f"    {line}".rstrip() for line in block.lines[0].split("\n")), soft_wrap=True)
        elif block.kind == "row":
            head, *rows = [["".join(_shown(cell, names)) for cell in line] for line in block.lines]
            keys = [str(number) for number in range(len(head))]
            show_table("", dict(zip(keys, head, strict=True)), [dict(zip(keys, row, strict=True)) for row in rows])
        else:
            mark = "- " if block.kind == "item" else ""
            for line in block.lines:
                data.print(f"{mark}{''.join(_shown(line, names))}")


def _shown(parts: _Parts, names: Sequence[str]) -> Iterator[str]:
    """The pieces of a line: a link to a page as the command that shows it."""
    for kind, text, target in parts:
        page = target.partition("#")[0].rpartition("/")[2].removesuffix(".md")
        if kind == "code":
            yield f"`{text}`"
        elif kind == "link" and page in names:
            yield f"{text} (`supplysync runbook {page}`)"
        else:
            yield text
