"""Seeded chance in columns: the same seed and calls give the same values."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import TypeVar

import polars as pl

T = TypeVar("T")


class Dice:
    """A seeded source of whole columns. ``seed`` is any text; give each place its own."""

    def __init__(self, seed: str) -> None:
        self._random = random.Random(seed)

    def ids(self, count: int) -> pl.Series:
        """``count`` ids in the form of a uuid."""
        digits = self._random.randbytes(16 * count).hex()
        ids = (digits[start : start + 32] for start in range(0, 32 * count, 32))
        return pl.Series([f"{d[:8]}-{d[8:12]}-{d[12:16]}-{d[16:20]}-{d[20:]}" for d in ids], dtype=pl.String)

    def fractions(self, count: int) -> pl.Series:
        """Numbers from 0 up to 1."""
        draw = self._random.random
        return pl.Series([draw() for _ in range(count)], dtype=pl.Float64)

    def whole(self, count: int, low: int, high: int) -> pl.Series:
        """Whole numbers from ``low`` to ``high``, both possible."""
        return (self.fractions(count) * (high - low + 1)).floor().cast(pl.Int64) + low

    def picks(self, count: int, values: Sequence[T], weights: Sequence[float] | None = None) -> list[T]:
        """Values drawn one by one, any of them again."""
        return self._random.choices(values, weights, k=count)

    def sample(self, values: Sequence[T], count: int) -> list[T]:
        """At most ``count`` different values, in the order they had."""
        chosen = self._random.sample(range(len(values)), min(count, len(values)))
        return [values[place] for place in sorted(chosen)]

    def number(self, low: int, high: int) -> int:
        """One whole number from ``low`` to ``high``."""
        return self._random.randint(low, high)

    def happens(self, chance: float) -> bool:
        """Whether something of that chance happens."""
        return self._random.random() < chance
