"""Documents that say what they must be: JSON that carries the hash of what is in it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from wire.file_errors import altered, naming

_HASH = "content_hash"


def content_hash(facts: Mapping[str, Any]) -> str:
    """The sha256 of ``facts``, which say nothing of their hash."""
    return hashlib.sha256(_json(facts)).hexdigest()


def to_bytes(facts: Mapping[str, Any], *, told: str | None = None) -> bytes:
    """``facts`` with their hash, as they are written; ``told``: another hash than that of all of them."""
    return _json({**facts, _HASH: told or content_hash(facts)})


def read(file: Path) -> dict[str, Any]:
    """What the document says, its hash too. Raises FileUnusable where it is not there or not as it was written."""
    facts, told = read_unchecked(file)
    if told != content_hash(facts):
        raise altered(file)
    return {**facts, _HASH: told}


def read_unchecked(file: Path) -> tuple[dict[str, Any], str | None]:
    """What the document says, and the hash that it carries, if any: the caller knows what that is of. Raises
    FileUnusable where the file is not there or no such document."""
    try:
        with naming(file):
            facts = json.loads(file.read_bytes())
    except ValueError:
        facts = None
    if not isinstance(facts, dict):
        raise altered(file)
    return facts, facts.pop(_HASH, None)


def _json(content: Mapping[str, Any]) -> bytes:
    return (json.dumps(content, sort_keys=True, indent=1, ensure_ascii=False) + "\n").encode()
