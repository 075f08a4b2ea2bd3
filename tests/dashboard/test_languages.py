"""The pages in each language: catalogues that say all of it, figures and days as it writes them, and nothing else
changed."""

from __future__ import annotations

import ast
import re
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from dashboard import formats
from dashboard.answers import DEFAULTS, PAGES, answer
from dashboard.app import make_app
from dashboard.languages.catalogue import PLURALS, SPEAKERS, catalogue, file_of, renewed
from dashboard.languages.choice import preferred
from dashboard.languages.language import speaking
from dashboard.links import FileLinks
from sync_rules.topology.topology import LANGUAGES
from tests.dashboard.client import TestClient
from tests.dashboard.test_pages import RECORDS, VARIANTS, thirds, words

OTHERS = [code for code in LANGUAGES if code != "en"]
SHOWN = [*PAGES, *RECORDS, *VARIANTS, "/nope", "/stock?band=nope", "/transfers/of/t1"]
REFUSALS = ("BadFilter", "NotThere", "NotAllowed", "TooManyDownloads", "CannotExport")
KEPT = re.compile(r"%\(\w+\)s|%%|</?[a-z]+[^>]*>|`[^`]*`|&\w+;")


@pytest.mark.parametrize("code", OTHERS)
def test_a_catalogue_has_all_that_pages_say_and_nothing_more(code):
    """`make catalogues` writes it so; what it lacks then is for people."""
    assert file_of(code).read_text(encoding="utf-8") == renewed(code), "make catalogues"
    lacking = [message.id for message in catalogue(code) if not all(forms(message.string))]
    assert lacking == []
    assert [message.id for message in catalogue(code) if message.fuzzy and message.id] == []


@pytest.mark.parametrize("code", OTHERS)
def test_a_translation_keeps_values_links_and_commands(code):
    differing = []
    for message in filter(lambda message: message.id, catalogue(code)):
        wanted = sorted(KEPT.findall(forms(message.id)[-1]))
        differing += [message.id for form in forms(message.string) if sorted(KEPT.findall(form)) != wanted]
    assert differing == []


def forms(message):
    return message if isinstance(message, (tuple, list)) else [message]


def test_no_text_of_a_template_is_without_a_translation():
    """But for names, and words of the machine."""
    machine = re.compile(r"supplysync|reports/\.sql|p-\w+|none|parquet|Parquet|warn|mild|good|items|stores|a|#\w+")
    found = [(path.name, one) for path in sorted((SPEAKERS / "templates").glob("*.html")) for one in untold(path)]
    assert [one for one in found if not machine.fullmatch(one[1].strip(" ·"))] == []


def untold(path):
    text = path.read_text(encoding="utf-8")
    text = re.sub(r"\{%-?\s*trans\b.*?endtrans\s*-?%\}|\{#.*?#\}", "", text, flags=re.DOTALL)
    for said in re.findall(r"\{\{.*?\}\}|\{%.*?%\}", text, re.DOTALL):
        plain = re.sub(r'(_|pgettext)\(("[^"]*",? ?)+', "", said)
        yield from re.findall(r'(?:else|or|~) "([A-Za-z][^"]*)"', plain)
        yield from re.findall(r'"([A-Z][a-z]+ [^"]*)"', plain)
    markup = re.sub(r"\{\{.*?\}\}|\{%.*?%\}", "", text, flags=re.DOTALL)
    yield from re.findall(r'(?:title|aria-label|alt|placeholder)="([^"]*[A-Za-z][^"]*)"', markup)
    yield from re.findall(r">([^<>]*[A-Za-z][^<>]*)<", re.sub(r"&\w+;", "", markup))


def test_no_refusal_is_without_a_translation():
    found = []
    for path in sorted(SPEAKERS.rglob("*.py")):
        raised = [node.exc for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.Raise)]
        for call in raised:
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id in REFUSALS:
                plain = [said for said in call.args if isinstance(said, ast.Constant | ast.JoinedStr)]
                found += [f"{path.name}:{said.lineno}" for said in plain]
    assert found == []


def in_language(client, path, code):
    return client.get(path, headers={"accept-language": code})


def test_french_titles_and_filters_have_a_space_before_their_colon(client):
    text = in_language(client, "/reorder?store=S02", "fr").text
    assert re.findall(r"<h1>À commander([^&\w]+)", text) == ["\N{NO-BREAK SPACE}: "]
    assert "dépôt\N{NO-BREAK SPACE}: S02" in text


@pytest.mark.parametrize("path", thirds(SHOWN))
@pytest.mark.parametrize("code", ["fr", *(pytest.param(code, marks=pytest.mark.long) for code in ("es", "pt"))])
def test_a_page_in_another_language_is_the_same_page(client, path, code):
    """Links, classes, values and what is asked for are of the machine; only words differ."""
    english, other = client.get(path), in_language(client, path, code)
    assert english.status_code == other.status_code
    assert f'<html lang="{code}">' in other.text
    assert '<html lang="en">' in english.text
    for name in ("href", "name", "value", "id", "aria-current", "scope", r"data-\w+"):
        assert re.findall(rf' {name}="([^"]*)"', other.text) == re.findall(rf' {name}="([^"]*)"', english.text)
    noted = re.sub(r'<p class="note">[^<]*</p>', "", other.text)
    assert [one for one in re.findall(r' class="([^"]*)"', noted) if one != "note"] == [
        one for one in re.findall(r' class="([^"]*)"', english.text) if one != "note"
    ]
    assert "%(" not in other.text


def test_words_figures_days_and_refusals_are_of_the_language(client):
    text = words(in_language(client, "/stockouts", "fr").text)
    assert "Ruptures de stock" in text
    assert "Besoin mensuel (demande)" in text
    assert "45 jours" in text
    assert "16 oct. 2026" in text
    assert "desabastecimiento" in words(in_language(client, "/", "es").text)
    assert "ruptura de stock" in words(in_language(client, "/", "pt").text)
    assert "Il n’y a pas de page `/nope`." in words(in_language(client, "/nope", "fr").text)
    assert "`nope` no está entre stocked_out" in words(in_language(client, "/stock?band=nope", "es-MX").text)


@pytest.mark.parametrize(
    ("code", "figure", "money", "day", "month"),
    [
        ("en", "1,234,567.5", "1,234.50", "4 Sep 2026", "Sep 26"),
        ("fr", "1 234 567,5", "1 234,50", "4 sept. 2026", "sept. 26"),
        ("es", "1.234.567,5", "1.234,50", "4 sept 2026", "sept 26"),
        ("pt", "1 234 567,5", "1 234,50", "4 set. 2026", "set. 26"),
    ],
)
def test_figures_and_days(code, figure, money, day, month):
    with speaking(code):
        assert formats.figure(Decimal("1234567.50")).replace("\u00a0", " ") == figure
        assert formats.money(1234.5).replace("\u00a0", " ") == money
        assert formats.day(date(2026, 9, 4)) == day
        assert formats.month(date(2026, 9, 4)) == month


def test_one_and_many():
    said = {}
    for code in LANGUAGES:
        with speaking(code):
            said[code] = [formats.counted(number, "batches") for number in (0, 1, 2)]
    assert said == {
        "en": ["0 batches", "1 batch", "2 batches"],
        "fr": ["0 lot", "1 lot", "2 lots"],
        "es": ["0 lotes", "1 lote", "2 lotes"],
        "pt": ["0 lotes", "1 lote", "2 lotes"],
    }
    assert set(PLURALS) == set(OTHERS)


@pytest.mark.parametrize(
    ("accepted", "code"),
    [("", "pt"), ("fr", "fr"), ("fr-CD, en;q=0.8", "fr"), ("de, es;q=0.5, en;q=0.4", "es"),
     ("en;q=0.4, es;q=0.5", "es"),
     ("de, ja", "pt"), ("fr;q=0, es;q=0.1", "es"), ("fr;q=x", "pt"), (",;q=,;;", "pt"), ("FR-ca", "fr"), ("*", "pt"),
     ("en;q=0.5, fr;q=0.5", "en")],
)  # fmt: skip
def test_what_a_browser_asks_for(accepted, code):
    assert preferred(accepted, "pt") == code


def test_a_reader_chooses_by_a_link_and_keeps_the_choice_without_script(published):
    with TestClient(make_app(published, language="es"), base_url="http://localhost") as reader:
        first = reader.get("/stock/list?band=below_min")
        assert '<html lang="es">' in first.text
        assert 'href="?band=below_min&amp;language=pt"' in first.text
        led = reader.get("/stock/list?band=below_min&language=pt", follow_redirects=False)
        assert (led.status_code, led.headers["location"]) == (303, "./list?band=below_min")
        assert all(one in led.headers["set-cookie"] for one in ("language=pt", "HttpOnly", "SameSite=lax", "Path=/"))
        then = reader.get("/stock/list?band=below_min", headers={"accept-language": "fr"})
        assert '<html lang="pt">' in then.text
        assert then.headers["etag"] != first.headers["etag"]
        assert {"Accept-Language", "Cookie"} <= set(then.headers["vary"].split(", "))
        assert reader.get("/?language=xx").status_code == 400
        for path, place in (("/", "./"), ("//elsewhere.example/", "./"), ("/stock/item/a%2Fb", "./a%2Fb")):
            led = reader.get(f"http://localhost{path}?language=fr", follow_redirects=False)
            assert led.headers["location"] == place


def test_exports_keep_the_names_of_columns_and_their_figures(client):
    """What reads a file reads it in any language."""
    for report in ("stock_on_hand.csv", "amc.json"):
        english = client.get(f"/export/{report}")
        assert in_language(client, f"/export/{report}", "fr").content == english.content
    assert client.get("/export/stock_on_hand.csv").text.lstrip("\ufeff").startswith("store_code,")


def test_pages_as_files_are_in_one_language(reading):
    asked = []
    with speaking("fr"):
        body = answer(reading, FileLinks(lambda *one: asked.append(one), DEFAULTS), "/expiry", {}).body.decode()
    assert '<html lang="fr">' in body
    assert "Péremption" in body
    assert "language=" not in body
    assert ("index.html", "/") in [one[:2] for one in asked]


def test_catalogues_are_text():
    assert [path for path in Path(SPEAKERS, "languages").iterdir() if path.suffix == ".mo"] == []


@pytest.mark.parametrize("path", ["/quality", "/rejected", "/waiting", "/dictionary"])
def test_pages_say_above_their_tables_what_stays_english(client, path):
    text = client.get(path, headers={"Accept-Language": "fr"}).text
    assert text.index("en anglais") < text.index("<table")
    assert "in English" not in client.get(path).text
