"""Nobody comes by others' figures through a file, whatever they ask for it by."""

from __future__ import annotations

import io
import zipfile
from itertools import product
from typing import Any

import pytest

from tests.booking.conftest import turn
from tests.cast import Cast
from tests.usage.exports import CHINESE, FORMULA, lines, table, workbook, year

__all__ = ["turn", "year"]
MINE = {"mei": (CHINESE, "Borealis", FORMULA), "bo": (FORMULA, "Aurora", CHINESE)}


def spread_out(answer: Any) -> str:
    """All text of a file; that of a workbook out of its archive."""
    if answer.status_code != 200 or "spreadsheet" not in answer.content_type:
        return str(answer.text)
    with zipfile.ZipFile(io.BytesIO(answer.data)) as archive:
        return "".join(archive.read(name).decode() for name in archive.namelist()).replace("&quot;", '"')


@pytest.mark.parametrize("who", ["mei", "bo"])
def test_a_companys_files_hold_its_own_figures_by_any_parameter(cast: Cast, year: int, who: str) -> None:
    own, *others = MINE[who]
    filters = ("", "&site=EAST", f"&category={cast.category}", "&site=WEST")
    for form, more in product(("csv", "xlsx"), filters):
        for answer in (
            cast.api(who).get(f"/usage/companies?year={year}&format={form}{more}"),
            cast.browser(who).get(f"/usage/companies.{form}?year={year}{more}"),
            cast.api(who).get(f"/usage/instruments?year={year}&format={form}{more}"),
            cast.browser(who).get(f"/usage/instruments.{form}?year={year}{more}"),
        ):
            assert answer.status_code == 200
            said = spread_out(answer)
            assert not [name for name in others if name in said]
    [line] = table(cast.api(who).get(f"/usage/companies?year={year}&format=csv"))
    assert line["company"].lstrip("'") == own
    book = workbook(cast.api(who).get(f"/usage/companies?year={year}&format=xlsx"))
    assert book.sheetnames == ["Companies", "Months", "Corrections of closed years", "Definitions", "About"]
    assert {line["Company"] for sheet in ("Companies", "Months") for line in lines(book, sheet)} == {own}
    assert lines(book, "About")[-1] == {"About": "For", "Value": own}
    for parameter in ("company", "company_id", "id"):
        answer = cast.api(who).get(f"/usage/companies?year={year}&format=csv&{parameter}={cast.borealis}")
        assert answer.status_code == 422


def test_another_companys_statement_is_a_missing_one(cast: Cast, year: int) -> None:
    for who, other in (("mei", cast.borealis), ("chen", cast.borealis), ("bo", cast.aurora)):
        for form in ("json", "csv", "xlsx"):
            real, missing = (
                cast.api(who).get(f"/usage/companies/{number}?year={year}&format={form}") for number in (other, 999_999)
            )
            assert (real.status_code, real.data) == (missing.status_code, missing.data) == (404, real.data)
        assert cast.browser(who).get(f"/companies/{other}/usage.xlsx?year={year}").status_code == 404
        assert cast.browser(who).get(f"/usage/instruments/BAT-01.xlsx?year={year}").status_code == 403


def test_managers_get_the_instruments_of_their_sites_and_no_companies(cast: Cast, year: int) -> None:
    for form in ("csv", "xlsx"):
        assert cast.api("li").get(f"/usage/companies?year={year}&format={form}").status_code == 403
        assert cast.browser("li").get(f"/usage/companies.{form}?year={year}").status_code == 403
        said = spread_out(cast.api("li").get(f"/usage/instruments?year={year}&format={form}"))
        assert "SEM-01" in said
        assert not [name for name in (CHINESE, FORMULA) if name in said]
    assert cast.api("li").get(f"/usage/companies/{cast.aurora}?year={year}&format=xlsx").status_code == 403
    assert cast.browser("li").get(f"/companies/{cast.aurora}/usage.xlsx").status_code == 403
    book = workbook(cast.browser("li").get(f"/usage/instruments.xlsx?year={year}"))
    assert book.sheetnames == ["Instruments", "Definitions", "About"]
    assert lines(book, "About")[-1]["Value"] == "The lab managers of EAST"


def test_strangers_get_nothing(cast: Cast, year: int) -> None:
    assert cast.api(None).get(f"/usage/companies?year={year}&format=csv").status_code == 401
    page = cast.app.test_client().get(f"/usage/companies.csv?year={year}")
    assert (page.status_code, page.headers["Location"].split("?")[0]) == (302, "/sign-in")


@pytest.mark.parametrize("query", ["year=1999", "format=pdf", "format=", "unknown=1", "site="])
def test_what_no_file_is_asked_for_by_is_refused(cast: Cast, query: str) -> None:
    for path in ("companies", "instruments", "service-records"):
        if path != "service-records" or not query.startswith("site"):
            assert cast.api("ada").get(f"/usage/{path}?{query}").status_code == 422
    assert cast.browser("ada").get("/usage/companies.csv?year=1999").status_code == 422


def test_pages_lead_to_their_files_by_the_same_filters(cast: Cast, year: int) -> None:
    browser = cast.browser("ada")
    pages = {
        f"/usage/companies?year={year}&site=EAST": f"/usage/companies.csv?year={year}&amp;site=EAST",
        f"/usage/instruments?year={year}&rated_hours=800": f"/usage/instruments.xlsx?year={year}&amp;rated_hours=800",
        f"/companies/{cast.aurora}/usage?year={year}": f"/companies/{cast.aurora}/usage.xlsx?year={year}",
        f"/usage/instruments/SEM-01?year={year}": f"/usage/instruments/SEM-01.xlsx?year={year}",
    }
    for page, file in pages.items():
        assert f'href="{file}"' in browser.get(page).text
        assert browser.get(file.replace("&amp;", "&")).status_code == 200


def test_the_forms_of_an_answer_are_documented(cast: Cast) -> None:
    paths = cast.api(None).get("/openapi.json").json["paths"]
    sheets = {"text/csv", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"}
    for path in ("companies", "instruments", "service-records"):
        said = paths[f"/api/v1/usage/{path}"]["get"]["responses"]["200"]["content"]
        assert set(said) == {"application/json", *sheets}
        assert next(iter(said)) == "application/json"
