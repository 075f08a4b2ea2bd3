"""Declared frames: what a class says of its columns holds for the frame, to Polars and to mypy."""

from __future__ import annotations

import polars as pl
import pytest

from sync_rules.frame import Frame, flag, integer, text, texts


class Line(Frame):
    """A line: ``l-1, 3, [a]``."""

    id = text("what names it")
    packs = integer()
    tags = texts()


class KeptLine(Line):
    """The same with a mark: ``l-1, 3, [a], true``."""

    is_kept = flag("somebody keeps it")


def test_columns_are_those_of_the_class_after_those_of_its_bases() -> None:
    assert KeptLine.names() == ["id", "packs", "tags", "is_kept"]
    assert KeptLine.schema == {
        "id": pl.String(),
        "packs": pl.Int64(),
        "tags": pl.List(pl.String()),
        "is_kept": pl.Boolean(),
    }
    assert KeptLine.meanings == {"id": "what names it", "packs": "", "tags": "", "is_kept": "somebody keeps it"}


def test_a_frame_is_made_of_rows_by_place_or_by_name() -> None:
    assert Line.of([("a", 1, ["x"])]).rows() == Line.of([{"packs": 1, "id": "a", "tags": ["x"]}]).rows()
    assert Line.of([]).schema == Line.empty().schema == Line.schema


def test_a_column_is_an_expression() -> None:
    assert Line.of([("a", 1, []), ("b", 2, [])]).filter(Line.packs > 1)["id"].to_list() == ["b"]


def test_what_comes_in_is_cast_and_cut_to_the_columns() -> None:
    given = pl.DataFrame({"packs": ["3"], "other": [1], "id": ["a"], "tags": [[1]]})
    assert Line.take(given).rows() == [("a", 3, ["1"])]


def test_a_frame_that_is_another_is_told_how() -> None:
    good = Line.of([("a", 1, ["x"])])
    assert Line.check(good) is good
    wrong = good.select(pl.col("packs").cast(pl.String), "tags", extra=pl.lit(1))
    with pytest.raises(
        TypeError, match="no frame of Line: id is missing, not String, packs is String, not Int64, extra is"
    ):
        Line.check(wrong)
    with pytest.raises(TypeError, match="columns in another order"):
        Line.check(good.select("tags", "packs", "id"))
