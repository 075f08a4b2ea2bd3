"""The frames that the table of data types is joined as: a class each, with an example row."""

from __future__ import annotations

from sync_rules.frame import Frame, flag, text, texts


class TableParent(Frame):
    """A table of lines, and the table of their documents: ``invoice_line, invoice``."""

    table_name = text()
    parent_table = text()


class Audience(Frame):
    """The scope templates of a part, and which places of a record they name.

    ``location, otherwise, [store:{owner}], true, false, false``
    """

    table_name = text()
    part = text()
    template = texts()
    names_owner = flag()
    names_about = flag()
    names_maker = flag()
