"""Documents that say what they must be: JSON that carries the hash of what is in it."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from wire.file_errors import altered, naming

_HASH = "content_hash"
_LINE = re.compile(rb'\n "content_hash": "([0-9a-f]{64})",')


def content_hash(facts: Mapping[str, Any]) -> str:
    """The sha256 of ``facts``, which say nothing of their hash."""
    return _hash(_json(facts))


def to_bytes(facts: Mapping[str, Any], *, told: str | None = None) -> bytes:
    """``facts`` with their hash, as they are written; ``told``: another hash than that of all of them."""
    return _json({**facts, _HASH: told}) if told else hashed(facts)[0]


def hashed(facts: Mapping[str, Any]) -> tuple[bytes, str]:
    """``facts`` with their hash, as they are written, and the hash."""
    blank = _json({**facts, _HASH: "0" * 64})
    without = _without_hash(blank)
    if without is None:
        told = content_hash(facts)
        return _json({**facts, _HASH: told}), told
    told = _hash(without)
    return _LINE.sub(f'\n "{_HASH}": "{told}",'.encode(), blank), told


def read(file: Path) -> dict[str, Any]:
    """What the document says, its hash too. Raises FileUnusable where it is not there or not as it was written."""
    raw = bytes_of(file)
    facts, told = unchecked(raw, file)
    # as it was written is the common case; what stands otherwise on its lines and says the same is whole too
    without = _without_hash(raw)
    if (without is None or told != _hash(without)) and told != content_hash(facts):
        raise altered(file)
    return {**facts, _HASH: told}


def read_unchecked(file: Path) -> tuple[dict[str, Any], str | None]:
    """What the document says, and the hash that it carries, if any: the caller knows what that is of. Raises
    FileUnusable where the file is not there or no such document."""
    return unchecked(bytes_of(file), file)


def unchecked(raw: bytes, file: Path) -> tuple[dict[str, Any], str | None]:
    """What the bytes of ``file`` say, and the hash that they carry, if any. Raises FileUnusable where they are no such
    document."""
    try:
        facts = json.loads(raw)
    except ValueError:
        facts = None
    if not isinstance(facts, dict):
        raise altered(file)
    return facts, facts.pop(_HASH, None)


def bytes_of(file: Path) -> bytes:
    """What stands in ``file``. Raises FileUnusable where it cannot be read."""
    with naming(file):
        return file.read_bytes()


def _without_hash(raw: bytes) -> bytes | None:
    """The bytes that the hash is of: those of a document as it was written, without the line of the hash. None where it
    has no such line before others. A line's beginning tells it: within a text no line ends, and what is deeper is
    indented deeper."""
    found, times = _LINE.subn(b"", raw)
    return found if times == 1 else None


def _hash(raw: bytes) -> str:
    return hashlib.sha256(raw).hexdigest()


def _json(content: Mapping[str, Any]) -> bytes:
    return (json.dumps(content, sort_keys=True, indent=1, ensure_ascii=False) + "\n").encode()
