"""Saved questions: SQL files of people's own, each a report of the snapshot."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from markupsafe import Markup

from dashboard import formats
from dashboard.languages.text import translated
from dashboard.view import NotThere, View

_FIGURES = (int, float, Decimal)


def questions(view: View) -> dict[str, Any]:
    """All of them, also those that are no reports, with why."""
    view.only()
    return {
        "rows": view.reading.rows("from reports.saved_questions order by question_name") if view.reading.saved else []
    }


def question(view: View, code: str) -> dict[str, Any]:
    """One of them: its rows, or why there are none. Raises NotThere."""
    if code not in view.reading.saved:
        raise NotThere(translated("there is no saved question `%(code)s`", code=code))
    row = view.reading.one("from reports.saved_questions where question_name = ?", [code])
    if row["error"] is not None:
        view.only()
        return {"row": row, "found": None, "columns": [], "held": (), "filters": ()}
    words = view.reading.rows(
        "select column_name as name, meaning, unit from reports.dictionary where table_name = ? and kind = 'report' "
        "order by position",
        [code],
    )
    found = view.paged(view.where(code))
    columns = [{**one, "is_figure": _is_figure([line[one["name"]] for line in found.rows])} for one in words]
    cells = [[_shown(line[one["name"]], view) for one in columns] for line in found.rows]
    return {"row": row, "found": found, "columns": columns, "cells": cells, "held": [one["name"] for one in words]}


def _is_figure(values: list[object]) -> bool:
    known = [value for value in values if value is not None]
    return bool(known) and all(isinstance(value, _FIGURES) and not isinstance(value, bool) for value in known)


def _shown(value: Any, view: View) -> str | Markup:
    """A value of any kind as pages show it."""
    ways: list[tuple[type | tuple[type, ...], Callable[[Any], str]]] = [
        (bool, lambda held: translated("yes") if held else translated("no")),
        (datetime, lambda held: _moment(held, view)),
        (date, formats.day),
        (_FIGURES, formats.figure),
    ]
    if value is None:
        return formats.NONE
    return next((show(value) for kind, show in ways if isinstance(value, kind)), str(value))


def _moment(value: datetime, view: View) -> str:
    """A moment where the network is; one without a zone as it stands."""
    if value.tzinfo is None:
        return f"{formats.day(value.date())} {value:%H:%M}"
    return formats.moment(value, view.reading.zone)
