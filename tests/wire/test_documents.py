"""Documents that carry the hash of what is in them: the bytes are one form, and what was altered is seen (B8, B54)."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from wire import documents
from wire.file_errors import FileUnusable

FACTS: dict[str, dict[str, Any]] = {
    "nothing": {},
    "keys before": {"a": 1, "b": {"content_hash": "x", "z": [1, 2]}},
    "keys behind": {"d": None, "z": 'a\n "content_hash": "0",\u2028é'},
    "both": {"a": [{"content_hash": "y"}], "z": {"content_hash": "x", "d": 1}},
}


def written(content: dict[str, Any]) -> bytes:
    return (json.dumps(content, sort_keys=True, indent=1, ensure_ascii=False) + "\n").encode()


@pytest.mark.parametrize("name", FACTS)
def test_b8_a_document_carries_the_hash_of_what_is_in_it(name: str, tmp_path: Path) -> None:
    facts = FACTS[name]
    told = hashlib.sha256(written(facts)).hexdigest()
    whole = {**facts, "content_hash": told}
    assert documents.hashed(facts) == (written(whole), told)
    assert (documents.to_bytes(facts), documents.content_hash(facts)) == (written(whole), told)
    file = tmp_path / "one.json"
    for text in (written(whole), json.dumps(whole).encode(), written(whole).replace(b"\n", b"\r\n")):
        file.write_bytes(text)  # as it was written, and as an editor may have put it
        assert documents.read(file) == whole
    assert documents.read_unchecked(file) == (facts, told)


@pytest.mark.parametrize("name", FACTS)
def test_b54_any_change_of_what_a_document_says_is_seen(name: str, tmp_path: Path) -> None:
    whole = documents.to_bytes(FACTS[name])
    file, told = tmp_path / "one.json", json.loads(whole)["content_hash"]
    others = [{**FACTS[name], "content_hash": told, "y": 1}, {**FACTS[name], "content_hash": "0" * 64}, FACTS[name], []]
    twice = whole.replace(b'"content_hash": "', b'"content_hash": "0",\n "content_hash": "', 1)
    for text in [*(json.dumps(one, indent=1).encode() for one in others), whole[:-3], twice.replace(b" 1", b" 2")]:
        if text != twice:  # which says the same as `whole`
            file.write_bytes(text)
            with pytest.raises(FileUnusable, match=r"one\.json"):
                documents.read(file)
