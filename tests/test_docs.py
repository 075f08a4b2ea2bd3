"""The pages people read say what is so: links lead somewhere, commands exist, dependencies have reasons."""

import re
import subprocess
import sys
import tomllib
from functools import cache
from pathlib import Path

import pytest

from sites.schema import SCHEMA
from sync_rules.codes import REASONS
from tests.test_architecture import PACKAGES, ROOT, for_each
from warehouse.connection import open_warehouse, query
from warehouse.reports.dictionary import as_markdown

PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
DECISIONS = sorted((ROOT / "docs/decisions").glob("*.md"))
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
LOCK = (ROOT / "requirements.lock").read_text(encoding="utf-8")


def package_of(requirement: str) -> str:
    return re.split(r"[\[<>=!~; ]", requirement, maxsplit=1)[0].lower()


def dependencies() -> set[str]:
    project = PROJECT["project"]
    groups = [project["dependencies"], *project["optional-dependencies"].values()]
    return {package_of(requirement) for group in groups for requirement in group}


def make_targets() -> set[str]:
    return set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))


@cache
def commands_of_the_program() -> set[str]:
    """What `supplysync --help` lists."""
    program = Path(sys.executable).with_name("supplysync")
    shown = subprocess.run([program, "--help"], capture_output=True, text=True, check=True, timeout=60).stdout
    return set(re.findall(r"^  ([a-z-]+)  ", shown.partition("Commands:")[2], re.MULTILINE))


@for_each(PAGES)
def test_links_lead_somewhere(page):
    for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text(encoding="utf-8")):
        if "://" not in target:
            assert (page.parent / target).exists(), f"{target} is not there"


@for_each(PAGES)
def test_make_targets_named_are_there(page):
    named = set(re.findall(r"(?:^|`)make ([a-z-]+)", page.read_text(encoding="utf-8"), re.MULTILINE))
    assert named <= make_targets()


@for_each(PAGES)
def test_files_and_folders_named_are_there(page):
    """Paths in backticks that start with one of our folders."""
    folders = "|".join([*PACKAGES, "docs", "tests"])
    named = set(re.findall(rf"`((?:{folders})/[\w./-]*)`", page.read_text(encoding="utf-8")))
    assert [path for path in sorted(named) if not (ROOT / path).exists()] == []


def test_every_make_target_has_a_help_line():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert set(re.findall(r"^([a-z-]+):.*  ## \S", makefile, re.MULTILINE)) == make_targets()


def test_readme_lists_the_commands_there_are():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    listed = re.findall(r"^\| `([a-z-]+)` \|", readme, re.MULTILINE)
    assert set(listed) == commands_of_the_program()


@for_each(PAGES)
def test_commands_named_are_there(page):
    named = set(re.findall(r"(?:^|`)supplysync ([a-z]+)", page.read_text(encoding="utf-8"), re.MULTILINE))
    assert named <= commands_of_the_program()


@pytest.mark.parametrize("reason", REASONS.values(), ids=lambda reason: reason.code)
def test_the_rule_behind_a_reason_is_on_the_page_of_rules(reason):
    assert f"| **{reason.rule}** |" in (ROOT / "docs/rules.md").read_text(encoding="utf-8")


def test_rules_cited_in_code_are_on_the_page_of_rules():
    """Code cites rules in brackets: (P3), (T1 to T4), (R3, M2)."""
    known = set(re.findall(r"^\| \*\*([A-Z]\d+)\*\* \|", (ROOT / "docs/rules.md").read_text("utf-8"), re.MULTILINE))
    files = [path for package in PACKAGES for path in (ROOT / package).rglob("*") if path.suffix in {".py", ".sql"}]
    brackets = [text for path in files for text in re.findall(r"\(([^()]*)\)", path.read_text("utf-8"))]
    cited = {
        rule
        for text in brackets
        if re.fullmatch(r"[A-Z]\d{1,2}((, | to | and )[A-Z]\d{1,2})*", text)
        for rule in re.findall(r"[A-Z]\d+", text)
    }
    assert sorted(cited - known) == []


def test_decisions_are_numbered_without_a_gap():
    assert [int(page.name[:4]) for page in DECISIONS] == list(range(1, len(DECISIONS) + 1))


@pytest.mark.parametrize("page", DECISIONS, ids=lambda page: page.stem)
def test_a_decision_has_its_parts(page):
    text = page.read_text(encoding="utf-8")
    assert text.startswith(f"# {int(page.name[:4])}. ")
    assert re.search(r"^Date: \d{4}-\d{2}-\d{2}\. Status: (accepted|superseded by \d{4})\.$", text, re.MULTILINE)
    assert "\n## Context\n" in text
    assert "\n## Outcome\n" in text


def test_every_dependency_has_a_reason():
    text = (ROOT / "docs/decisions/0013-dependencies.md").read_text(encoding="utf-8")
    reasons = {
        package_of(name) for row in re.findall(r"^\| (`.+?) \|", text, re.MULTILINE) for name in row.split("`")[1::2]
    }
    assert reasons == dependencies()


def test_the_lock_has_every_dependency_by_version_and_hash():
    entries = re.findall(r"^(\S+)==(\S+)([^\n]*)\n((?:    --hash=sha256:[0-9a-f]{64}(?: \\)?\n)+)", LOCK, re.MULTILINE)
    assert dependencies() <= {package_of(name) for name, *_ in entries}
    assert len(entries) == LOCK.count("==") - LOCK.count(" == ")


def test_the_lock_names_no_place_to_get_packages_from():
    assert "://" not in LOCK
    assert not re.search(r"^-", LOCK, re.MULTILINE)


def test_changelog_has_a_place_for_what_comes():
    assert "\n## [Unreleased]\n" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def test_the_data_dictionary_is_up_to_date(new_warehouse, tmp_path):
    """W2: `supplysync warehouse dictionary --markdown -C a-project > docs/data_dictionary.md` writes it."""
    with open_warehouse(new_warehouse(tmp_path / "working.duckdb"), SCHEMA) as con:
        page = as_markdown(query(con, "from reports.dictionary"))
    assert page == (ROOT / "docs/data_dictionary.md").read_text(encoding="utf-8")
