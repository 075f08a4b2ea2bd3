"""Small answers of queries, kept as long as their snapshot is read: it never changes, so they hold."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Any

_MOST_ROWS = 64
"""An answer of more rows is a list: it is asked for again."""

_KEPT_ROWS = 4_000
"""So many rows are kept, some megabytes; those asked for least lately go first."""

Answer = tuple[Sequence[str], Sequence[tuple[Any, ...]]]
"""Names of columns, and rows."""


class SmallAnswers:
    """What one snapshot was asked: sums over millions of rows that every reader of a page asks for."""

    def __init__(self) -> None:
        """Nothing was asked."""
        self._lock = threading.Lock()
        self._kept: OrderedDict[tuple[str, str], Answer] = OrderedDict()
        self._rows = 0

    def of(self, sql: str, values: Sequence[object], ask: Callable[[], Answer]) -> Answer:
        """The answer that is kept, or else what ``ask`` finds."""
        key = (sql, repr(values))
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
        answer = ask()
        if len(answer[1]) <= _MOST_ROWS:
            self._keep(key, answer)
        return answer

    def _keep(self, key: tuple[str, str], answer: Answer) -> None:
        """With it; an answer without rows takes the room of one."""
        with self._lock:
            if key in self._kept:
                return
            self._kept[key] = answer
            self._rows += len(answer[1]) + 1
            while self._rows > _KEPT_ROWS:
                self._rows -= len(self._kept.popitem(last=False)[1][1]) + 1
