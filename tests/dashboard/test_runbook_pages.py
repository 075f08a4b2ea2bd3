"""The runbooks on the pages: whole, linked from what they are about, and nothing else of the disk."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path

import pytest

from dashboard.pages.runbooks import blocks_of
from sync_rules.for_people.runbooks import FOLDER
from tests.dashboard.client import TestClient

RUNBOOKS = sorted((Path(__file__).parents[2] / FOLDER).glob("*.md"))
_MARKS = re.compile(r"^```\w*$|`|\*\*|\]\([^)]*\)|\[|^#+ |^- |^\|[-|]+\|$", re.MULTILINE)


def words_of(text: str) -> list[str]:
    return re.findall(r"[\w.$<>'-]+", text)


@pytest.mark.parametrize("page", RUNBOOKS, ids=lambda page: page.stem)
def test_a_runbook_is_shown_word_for_word(client: TestClient, page: Path) -> None:
    answer = client.get(f"/runbook/{page.stem}")
    assert answer.status_code == 200
    main = answer.text.partition("<main")[2].partition("</main>")[0].partition(">")[2]
    shown = unescape(re.sub(r"<[^>]*>", " ", main))
    written = _MARKS.sub(" ", page.read_text(encoding="utf-8"))
    assert words_of(shown) == words_of(written)
    for target in re.findall(r'href="/runbook/([^"]+)"', main):
        assert (page.parent / f"{target}.md").is_file()


def test_a_code_leads_to_its_runbook_and_a_site_that_failed_too(client: TestClient) -> None:
    rows = re.findall(r"<code>(\w+)</code></a>.*?href=\"(/runbook/[\w-]+)\"", client.get("/rejected").text)
    assert rows
    assert dict(rows)["not_primary"] == "/runbook/edited-in-the-wrong-place"
    assert "/runbook/a-site-failed" in client.get("/sync").text
    assert "/runbook/a-site-failed" in client.get("/sync/site_5").text


def test_runbooks_about_one_site_are_told_apart_by_their_words(client: TestClient) -> None:
    cells = re.findall(r'<td class="text">(.*?)</td>', client.get("/sync").text, re.DOTALL)
    texts = [re.findall(r"<a [^>]*/runbook/[^>]*>(.*?)</a>", cell) for cell in cells]
    assert max(map(len, texts)) > 1
    assert all(len(set(found)) == len(found) for found in texts)


@pytest.mark.parametrize("name", ["none", "../decisions/0001-sites-is-a-package", "%2e%2e%2fREADME", "a.b", ""])
def test_what_is_no_runbook_is_not_there(client: TestClient, name: str) -> None:
    assert client.get(f"/runbook/{name}").status_code == 404


def test_a_table_an_example_and_a_list_are_read_as_such() -> None:
    text = "# A `b`\n\nOne\ntwo.\n\n- **x**: [y](z.md)\n  more\n\n| a | b |\n|---|---|\n| `c d` | e |\n\n"
    text += "```sh\nrun it\n```\n"
    found = [(block.kind, list(block.lines)) for block in blocks_of(text)]
    assert found == [
        ("title", [[("text", "A ", ""), ("code", "b", "")]]),
        ("paragraph", [[("text", "One two.", "")]]),
        ("item", [[("strong", "x", ""), ("text", ": ", ""), ("link", "y", "z.md"), ("text", " more", "")]]),
        ("row", [[[("text", "a", "")], [("text", "b", "")]], [[("code", "c d", "")], [("text", "e", "")]]]),
        ("example", ["run it"]),
    ]
