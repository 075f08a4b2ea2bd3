"""Where in topology.toml a mistake is: its line, and the site or store that it is about."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from sync_rules.topology.mistakes import Mistake

_KEY = re.compile(r"(\w+)(?:\[(\d+)\])?(?:\.(\w+))?")


def mistake_line(text: str, data: Mapping[str, Any], mistake: Mistake) -> str:
    """``topology.toml, line 12, site "clinic", code: ...``; the line of the key, else of its table. ``data``: what the
    file says, as TOML is read."""
    number = _line_number(text, mistake.key)
    where = f"topology.toml, line {number}" if number else "topology.toml"
    return f"{where}, {_called(data, mistake.key)}: {mistake.message} ({mistake.rule})"


def without(data: Mapping[str, Any], mistakes: list[Mistake]) -> dict[str, Any]:
    """``data`` without the keys that are mistaken, so that the rest can be looked at."""
    rest: dict[str, Any] = {name: [*value] if isinstance(value, list) else value for name, value in data.items()}
    for mistake in mistakes:
        table, number, key = _parts(mistake.key)
        found = rest.get(table)
        if key is None or found is None:
            rest.pop(table, None)
        elif number is None:
            rest[table] = {name: value for name, value in found.items() if name != key}
        else:
            found[number] = {name: value for name, value in found[number].items() if name != key}
    return rest


def _parts(key: str) -> tuple[str, int | None, str | None]:
    match = _KEY.fullmatch(key)
    if match is None:
        return key, None, None
    return match.group(1), int(match.group(2)) if match.group(2) else None, match.group(3)


def _called(data: Mapping[str, Any], key: str) -> str:
    """``site "clinic", code`` for ``site[1].code``, where that site has a code."""
    table, number, name = _parts(key)
    if number is None:
        return key
    found = data[table][number]
    code = found.get("code") if isinstance(found, dict) else None
    if not isinstance(code, str):
        return key
    return f'{table} "{code}", {name}' if name else f'{table} "{code}"'


def _line_number(text: str, key: str) -> int | None:
    match = re.fullmatch(r"(\w+)(?:\[(\d+)\])?(?:\.(\w+))?", key)
    if not match:
        return None
    table, index, name = match.group(1), int(match.group(2) or 0), match.group(3)
    count, inside, header = -1, False, None
    for number, line in enumerate(text.splitlines(), start=1):
        heading = re.match(r"\s*\[\[?\s*(\w+)", line)
        if heading:
            count += heading.group(1) == table
            inside = heading.group(1) == table and count == index
            header = number if inside else header
        elif (inside and name and re.match(rf"\s*{name}\s*=", line)) or (
            not table.startswith("[") and re.match(rf"\s*{table}\s*=", line) and not name
        ):
            return number
    return header
