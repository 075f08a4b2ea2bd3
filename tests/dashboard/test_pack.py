"""A month as one workbook: its sheets are the reports, its cover says what they are, of when, and how complete (W4)."""

from __future__ import annotations

import io
import re
import shutil
import subprocess

import pytest
from openpyxl.reader.excel import load_workbook

from dashboard.conditions import SEVERAL, BadFilter
from dashboard.downloads.pack import REPORTS, PackDownload, pack
from tests.dashboard.test_pages import links

MONTH = "2026-10"


def made(reading, month=MONTH, asked=(), language="en"):
    out = io.BytesIO()
    pack(reading, month, dict(asked), language).write_to(out, reading.con)
    return out.getvalue()


def read(content):
    return load_workbook(io.BytesIO(content))


@pytest.fixture(scope="module")
def whole(reading):
    return made(reading)


def lines(book):
    return {row[0]: row for row in book.worksheets[0].iter_rows(values_only=True) if row[0]}


def test_w4_the_cover_says_of_which_month_as_of_when_and_how_complete(whole):
    said = lines(read(whole))
    assert said["Medical supplies in Oct 26"]
    assert said["Month"][2] == MONTH
    assert said["Snapshot"][2] == "1"
    assert "4 of 6 stores current" in said["Complete?"][2]
    assert said["Stock on hand"][2].startswith("As of the snapshot, not of the month.")
    assert said["Stock by month"][2].startswith("Of the month.")


def test_each_sheet_is_the_report_of_the_month(whole, reading):
    book = read(whole)
    assert book.sheetnames == ["What it is", *(title for title, _ in REPORTS.values())]
    for report, (title, is_monthly) in REPORTS.items():
        where = f"where month = date '{MONTH}-01'" if is_monthly else ""
        assert book[title].max_row - 1 == reading.one(f"select count(*) as n from reports.{report} {where}")["n"]
        assert [cell.value for cell in book[title][1]] == list(reading.columns(report))


def test_what_it_adds_up_to_is_what_the_report_says(whole, reading):
    said = lines(read(whole))
    closing = f"select sum(closing_value) as n from reports.stock_monthly where month = date '{MONTH}-01'"
    assert said["stock_monthly: closing_value"][1] == pytest.approx(float(reading.one(closing)["n"]))
    assert said["stock_on_hand: stores"][1] == reading.one("select count(distinct store_code) as n "
                                                           "from reports.stock_on_hand")["n"]  # fmt: skip


def test_w4_the_cover_adds_up_what_was_supplied_and_says_of_how_many_pairs_nothing_is_known(whole, reading):
    said = lines(read(whole))
    [month] = reading.rows(
        "select count(*) filter (stock_out_days is null and is_in_use) as days, "
        f"count(*) filter (closing_units is null) as closing from reports.stock_monthly where month = date '{MONTH}-01'"
    )
    assert said["stock_monthly: days_unknown_pairs"][1] == month["days"] > 0
    assert said["stock_monthly: closing_unknown_pairs"][1] == month["closing"]
    for name in ("order_fill_monthly: pct_orders_in_full", "item_fill_monthly: pct_lines_in_full",
                 "stock_bands_monthly: pct_adequate_of_plan"):  # fmt: skip
        assert name in said


def test_whole_numbers_of_the_cover_have_no_point(whole):
    """`#,##0.##` is 2,475. in a spreadsheet."""
    cover = read(whole).worksheets[0]
    shown = {cell.value: cell.number_format for row in cover for cell in row if isinstance(cell.value, int | float)}
    assert {*shown.values()} == {"#,##0", "#,##0.00"}
    assert all((number_format == "#,##0") == float(value).is_integer() for value, number_format in shown.items())


def test_the_same_asked_twice_is_the_same_file(whole, reading):
    assert made(reading) == whole


def test_of_a_region_the_stores_by_band_are_those_of_the_region(reading):
    book = read(made(reading, asked={"region": "Region 2"}))
    said = lines(book)
    assert "Left out: they know no such filter" not in said
    heads, *rows = book["Stores by band"].iter_rows(values_only=True)
    assert list(heads) == list(reading.columns("stock_bands_monthly"))
    judged = reading.rows(
        "select item_code, count(*) filter (stock_status = 'adequate') as adequate, count(*) filter (stock_status in "
        "('stocked_out', 'below_min', 'adequate', 'overstocked')) as judged from reports.stock_monthly "
        f"where month = date '{MONTH}-01' and stock_status is not null and store_code in (select store_code "
        "from reports.stores where region_name = 'Region 2') group by item_code order by item_code"
    )
    place = {name: heads.index(name) for name in ("item_code", "stores_adequate", "stores_judged")}
    found = [tuple(row[one] for one in place.values()) for row in rows]
    assert found == [(one["item_code"], one["adequate"], one["judged"]) for one in judged]
    assert judged
    of = "(select store_code from reports.stores where region_name = 'Region 2' and is_reporting)"
    codes = {cell.value for cell in book["Stock on hand"]["A"][1:]}
    assert codes == {row["store_code"] for row in reading.rows(f"from {of}")}
    [whole] = reading.rows(f"select count(*) as n, count(*) filter (is_current) as now from {of}".replace(
        "store_code", "*"))  # fmt: skip
    assert f"{whole['now']} of {whole['n']} stores current" in said["Complete?"][2]


def test_of_a_ven_category_orders_as_a_whole_are_left_out_and_named_and_lines_are_there(reading):
    book = read(made(reading, asked={"ven": "V"}))
    assert lines(book)["Left out: they know no such filter"][2] == "order fill monthly, reporting monthly"
    assert book["Supplied, by item"].max_row - 1 == reading.one(
        f"select count(*) as n from reports.item_fill_monthly where month = date '{MONTH}-01' and item_code in "
        "(select item_code from reports.items where ven_category = 'V')"
    )["n"]  # fmt: skip


def test_w3_the_pack_of_a_region_has_the_stock_outs_of_its_stores(reading):
    book = read(made(reading, asked={"region": SEVERAL.join(("Region 2", "Region 3"))}))
    heads, *rows = book["Stock-outs"].iter_rows(values_only=True)
    assert list(heads) == list(reading.columns("stock_out_monthly"))
    by_store = reading.rows(
        "select item_code, sum(stock_out_days) as days, count(*) filter (stock_out_days is not null) as known "
        f"from reports.stock_monthly where month = date '{MONTH}-01' and store_code in (select store_code "
        "from reports.stores where region_name in ('Region 2', 'Region 3')) group by item_code order by item_code"
    )
    place = {name: heads.index(name) for name in ("item_code", "days_out", "stores_known")}
    found = [(row[place["item_code"]], row[place["days_out"]], row[place["stores_known"]]) for row in rows]
    assert found == [(one["item_code"], one["days"] or 0, one["known"]) for one in by_store]
    assert lines(book)["stock_out_monthly: days_out"][1] == sum(one["days"] or 0 for one in by_store)


def test_in_another_language_sheets_and_cover_are_in_it_and_columns_are_not(whole, reading):
    french, english = read(made(reading, language="fr")), read(whole)
    assert french.sheetnames[:3] == ["Contenu", "Stock disponible", "Stock par mois"]
    assert [[cell.value for cell in sheet[1]] for sheet in french.worksheets[1:]] == [
        [cell.value for cell in sheet[1]] for sheet in english.worksheets[1:]
    ]


def test_w4_the_cover_says_in_the_language_what_was_chosen_and_how_complete_that_is(reading, monkeypatch):
    monkeypatch.setattr("dashboard.downloads.pack.lacking_at_stores", lambda *_: {"stock_line": 1, "rows that wait": 2})
    asked = {"region": SEVERAL.join(("Region 2", "Region 3")), "ven": "V"}
    french, english = (lines(read(made(reading, asked=asked, language=code))) for code in ("fr", "en"))
    [complete] = [row[2] for name, row in french.items() if str(name).startswith("Complet")]
    assert french["Filtres"][2] == "région: Region 2, Region 3, VEN: V"
    assert english["Filters"][2] == "region: Region 2, Region 3, VEN: V"
    found = re.fullmatch(r"as of (.*), (2 of 2) stores current; (.*)", english["Complete?"][2])
    assert found, english["Complete?"][2]
    assert complete.replace("\N{NO-BREAK SPACE}", " ") == (
        f"au {found[1]}, 2 dépôts à jour sur 2 ; ce qui en dépend est inconnu ou incomplet : ligne de stock (1 dépôt), "
        "lignes en attente (2 dépôts) ; davantage : `supplysync report site_tables`"
    )


def test_a_share_of_all_that_the_pack_has_is_no_figure_of_it(whole):
    """It is always 100."""
    assert not [name for name in lines(read(whole)) if str(name).endswith((": pct_of_lost", ": pct_of_value"))]


@pytest.mark.parametrize(
    ("month", "asked", "said"),
    [("2026-13", {}, "`2026-13` is no month of this snapshot"), ("1999-01", {}, "`1999-01` is no month"),
     (MONTH, {"region": "Nowhere"}, "there is no region `Nowhere`"), (MONTH, {"store": "X"}, "there is no store"),
     (MONTH, {"band": "adequate"}, "there is no filter `band` here"), (MONTH, {"list": "X"}, "no item belongs to `X`")],
)  # fmt: skip
def test_s3_what_there_is_not_is_refused(reading, month, asked, said):
    with pytest.raises(BadFilter, match=re.escape(said)):
        pack(reading, month, asked)


def test_the_overview_leads_to_it_with_its_filters(client):
    [link] = [one for one in links(client.get("/?region=Region+2").text) if f"month-{MONTH}.xlsx" in one]
    assert link == f"/export/month-{MONTH}.xlsx?region=Region+2"
    response = client.get(link)
    assert response.status_code == 200
    assert response.headers["content-disposition"] == f'attachment; filename="supplysync-{MONTH}-00000001.xlsx"'
    assert "Stock on hand" in read(response.content).sheetnames
    assert client.get("/export/month-2026-13.xlsx").status_code == 400


def test_a_process_makes_the_same_file(reading, whole, monkeypatch, capfdbinary):
    """A large one is made by a process of its own, which is told by text what to make."""
    from dashboard.downloads import process

    asked = pack(reading, MONTH, {})
    assert isinstance(asked, PackDownload)
    monkeypatch.setattr("sys.stdin", io.StringIO(asked.text()))
    monkeypatch.setattr("os.nice", lambda _: 0)
    assert process.main() == 0
    assert capfdbinary.readouterr().out == whole


def test_libreoffice_opens_it_where_it_is_installed(whole, tmp_path):
    program = shutil.which("soffice") or shutil.which("libreoffice")
    (tmp_path / "pack.xlsx").write_bytes(whole)
    if program:
        told = subprocess.run(
            [program, "--headless", f"-env:UserInstallation=file://{tmp_path}/profile", "--convert-to", "csv",
             "--outdir", str(tmp_path), str(tmp_path / "pack.xlsx")], capture_output=True, timeout=180, check=True,
        )  # fmt: skip
        assert "Medical supplies" in (tmp_path / "pack.csv").read_text(encoding="utf-8"), told.stderr
    assert len(read((tmp_path / "pack.xlsx").read_bytes()).sheetnames) == 1 + len(REPORTS)
