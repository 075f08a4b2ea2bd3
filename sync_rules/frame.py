"""What a declared frame is: columns with their types and what they mean, for Polars, for mypy and for readers.

A frame that passes between modules is a class: one line a column, an example row in its docstring. ``FrameOf[Change]``
is the type of a frame that has them; ``Change.owner`` is the column as an expression, so that a name that is not
declared is an error before anything runs.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar, Generic, Self, TypeVar, cast

import polars as pl

F_co = TypeVar("F_co", bound="Frame", covariant=True)


class FrameOf(pl.DataFrame, Generic[F_co]):
    """A frame that has the columns of ``F_co``, to the checker of types: what is made from it is a frame like any."""


class Field:
    """A column of a declared frame: its type, and what is in it."""

    def __init__(self, kind: pl.DataType, what: str = "") -> None:
        self.kind, self.what, self.name = kind, what, ""

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    def __get__(self, instance: object, owner: type) -> pl.Expr:
        return pl.col(self.name)


def text(what: str = "") -> Field:
    """A column of text."""
    return Field(pl.String(), what)


def integer(what: str = "") -> Field:
    """A column of whole numbers."""
    return Field(pl.Int64(), what)


def number(what: str = "") -> Field:
    """A column of the numbers that a batch or list gives its rows."""
    return Field(pl.UInt32(), what)


def flag(what: str = "") -> Field:
    """A column of true and false."""
    return Field(pl.Boolean(), what)


def moment(what: str = "") -> Field:
    """A column of moments in UTC, to the microsecond."""
    return Field(pl.Datetime("us", "UTC"), what)


def decimal(what: str = "") -> Field:
    """A column of floating-point numbers: seconds and the like."""
    return Field(pl.Float64(), what)


def texts(what: str = "") -> Field:
    """A column of lists of text."""
    return Field(pl.List(pl.String()), what)


class Frame:
    """The columns of a frame, in their order; a subclass adds to those of its bases."""

    schema: ClassVar[pl.Schema] = pl.Schema()
    _empty: ClassVar[pl.DataFrame] = pl.DataFrame()
    meanings: ClassVar[Mapping[str, str]] = {}

    def __init_subclass__(cls) -> None:
        found = {
            name: one for base in reversed(cls.__mro__) for name, one in vars(base).items() if isinstance(one, Field)
        }
        cls.schema = pl.Schema({name: one.kind for name, one in found.items()})
        cls.meanings = {name: one.what for name, one in found.items()}
        cls._empty = pl.DataFrame(schema=cls.schema)

    @classmethod
    def names(cls) -> list[str]:
        """The names of the columns."""
        return list(cls.schema)

    @classmethod
    def empty(cls) -> FrameOf[Self]:
        """The frame without rows."""
        return cast("FrameOf[Self]", cls._empty)

    @classmethod
    def of(cls, rows: Iterable[Sequence[Any] | Mapping[str, Any]]) -> FrameOf[Self]:
        """A frame of rows, each with its values in the order of the columns, or by name."""
        return cast("FrameOf[Self]", pl.DataFrame(list(rows), schema=cls.schema, orient="row"))

    @classmethod
    def take(cls, frame: pl.DataFrame) -> FrameOf[Self]:
        """These columns of ``frame``, in their order and of their types: for what comes from a file or a database."""
        if frame.schema == cls.schema:
            return cast("FrameOf[Self]", frame)
        return cast("FrameOf[Self]", frame.select(pl.col(name).cast(kind) for name, kind in cls.schema.items()))

    @classmethod
    def check(cls, frame: pl.DataFrame) -> FrameOf[Self]:
        """``frame``, which has these columns and no others. Raises TypeError naming those that it lacks, those that are
        of another type, and those that are too many."""
        if frame.schema != cls.schema:
            told = [f"{name} is {frame.schema.get(name, 'missing')}, not {kind}" for name, kind in cls.schema.items()
                    if frame.schema.get(name) != kind]  # fmt: skip
            told += [f"{name} is too many" for name in frame.schema if name not in cls.schema]
            raise TypeError(f"no frame of {cls.__name__}: {', '.join(told) or 'columns in another order'}")
        return cast("FrameOf[Self]", frame)
