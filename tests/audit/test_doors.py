"""The journal by JSON, as a page and as a sheet: filters, pages, and who may read it."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote, urlencode

import pytest
import sqlalchemy as sa

from labshare.audit import sheet as sheets
from labshare.audit.queries import Sought, lines
from labshare.booking.events import BookingRejected
from labshare.kernel.actor import SYSTEM, Actor
from labshare.kernel.db import transaction
from labshare.kernel.journal import Event, record
from labshare.people.events import CompanyChanged, LanguageChosen, SiteChanged
from labshare.people.models import Person
from tests.audit.conftest import Journal
from tests.audit.examples import example, kinds
from tests.cast import Cast

Statements = Callable[[], AbstractContextManager[list[str]]]
DAY = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)
KEYS = {"id", "at", "kind", "object", "object_id", "company", "by", "sentence", "data"}


def write(cast: Cast) -> None:
    """Five facts of five days, by several people, about several things."""
    aurora: dict[str, Any] = {"object_id": cast.aurora, "company_id": cast.aurora, "changed": ("name",)}
    borealis: dict[str, Any] = {"object_id": cast.borealis, "company_id": cast.borealis, "changed": ("name",)}
    told: list[tuple[Actor, Event]] = [
        (cast.ada, CompanyChanged(name="Aurora Displays", **aurora)),
        (cast.chen, CompanyChanged(name="Aurora Displays", **aurora)),
        (cast.ada, CompanyChanged(name="Borealis Photonics", **borealis)),
        (cast.mei, LanguageChosen(object_id=cast.people["mei"], company_id=cast.aurora, language="zh")),
        (SYSTEM, SiteChanged(object_id=cast.east, code="EAST", changed=("address",))),
    ]
    with transaction() as tx:
        record(tx, [(who, fact, DAY + timedelta(days=number)) for number, (who, fact) in enumerate(told)])


@pytest.fixture
def written(cast: Cast) -> Cast:
    write(cast)
    return cast


def found(cast: Cast, **query: Any) -> list[int]:
    """On which of the five days what is found happened, the newest first."""
    answer = cast.api("ada").get(f"/journal?{urlencode({'from': DAY.isoformat(), **query})}")
    assert answer.status_code == 200, answer.json
    at = [datetime.fromisoformat(item["at"]) for item in answer.json["items"]]
    return [(moment - DAY).days for moment in at if moment - DAY < timedelta(days=5)]


def test_a_line_says_what_happened_to_what_and_who_did_it(written: Cast) -> None:
    answer = written.api("ada").get("/journal?kind=company_changed&person=chen@cast.labshare.test")
    [item] = answer.json["items"]
    assert set(item) == KEYS
    assert item["sentence"] == "Chen changed the company Aurora Displays: Registered name."
    assert item["company"] == {"id": written.aurora, "name": "Aurora Displays"}
    assert item["by"] == {"id": written.people["chen"], "name": "Chen"}
    assert item["data"] == {"name": "Aurora Displays", "changed": ["name"]}


def test_what_happened_by_itself_names_nobody(written: Cast) -> None:
    [item] = written.api("ada").get("/journal?kind=site_changed").json["items"]
    assert (item["by"], item["company"]) == (None, None)
    assert item["sentence"].startswith("LabShare changed the site EAST East Lab")


def test_the_newest_line_comes_first_and_every_filter_narrows(written: Cast) -> None:
    cast = written
    assert found(cast) == [4, 3, 2, 1, 0]
    assert found(cast, object="company") == [2, 1, 0]
    assert found(cast, object="company", object_id=cast.borealis) == [2]
    assert found(cast, person=cast.people["ada"]) == found(cast, person="Ada@cast.labshare.test") == [2, 0]
    assert found(cast, company=cast.aurora) == [3, 1, 0]
    assert found(cast, kind="language_chosen") == [3]
    assert found(cast, **{"from": (DAY + timedelta(days=2)).isoformat()}) == [4, 3, 2]
    assert found(cast, to=(DAY + timedelta(days=2)).isoformat()) == [1, 0]


def test_filters_hold_together(written: Cast) -> None:
    cast = written
    both = {"person": "ada@cast.labshare.test", "company": cast.aurora}
    assert found(cast, **both) == [0]
    assert found(cast, **both, kind="language_chosen") == []
    to = (DAY + timedelta(days=1)).isoformat()
    assert found(cast, object="company", object_id=cast.aurora, company=cast.aurora, to=to) == [0]


BAD = {
    "an object nobody knows": ("object=unicorn", "object"),
    "a number of nothing": ("object_id=7", "object"),
    "no number": ("object=site&object_id=x", "object_id"),
    "a person nobody knows": ("person=nobody@cast.labshare.test", "person"),
    "a person's number nobody has": ("person=471147114711", "person"),
    "a company that is no number": ("company=Aurora", "company"),
    "a kind nobody knows": ("kind=booking_teleported", "kind"),
    "no time": ("from=yesterday", "from"),
    "a time that goes back": ("from=2026-03-02T00:00:00Z&to=2026-03-01T00:00:00Z", "to"),
    "a cursor of somebody else's": ("cursor=abc", "cursor"),
}


@pytest.mark.parametrize("case", BAD)
def test_a_bad_filter_is_named_at_both_doors(cast: Cast, case: str) -> None:
    query, field = BAD[case]
    answer = cast.api("ada").get(f"/journal?{query}")
    assert answer.status_code == 422
    assert list(answer.json["errors"]) == [field]
    assert cast.api("ada").get(f"/journal?format=csv&{query}").status_code == 422
    page = cast.browser("ada").get(f"/audit?{query}")
    assert page.status_code == 422
    assert 'role="alert"' in page.text
    if field != "cursor":  # a sheet has no pages
        assert cast.browser("ada").get(f"/audit.csv?{query}").status_code == 422


def test_unknown_and_too_much_is_refused(cast: Cast) -> None:
    for query, field in (("colour=red", "colour"), ("limit=201", "limit"), ("format=pdf", "format")):
        answer = cast.api("ada").get(f"/journal?{query}")
        assert (answer.status_code, list(answer.json["errors"])) == (422, [field])


@pytest.mark.parametrize("query", ["", "from=2026-01-01T00:00:00Z&", "object=booking&"])
def test_pages_have_no_gap_and_no_double_whatever_comes_meanwhile(journal: Journal, query: str) -> None:
    cast, made = journal.cast, example(BookingRejected, journal.numbers)
    journal.happens(cast.li, *([made] * 23))  # all in one moment
    before = cast.api("ada").get(f"/journal?{query}limit=200").json["items"]
    seen: list[int] = []
    cursor = ""
    while True:
        answer = cast.api("ada").get(f"/journal?{query}limit=7{cursor}").json
        seen += [item["id"] for item in answer["items"]]
        if answer["next"] is None:
            break
        journal.happens(cast.li, made)
        cursor = f"&cursor={quote(answer['next'])}"
    assert seen == [item["id"] for item in before]
    assert seen == sorted(seen, reverse=True)


def test_a_long_page_asks_the_database_no_more_often_than_a_short_one(journal: Journal, statements: Statements) -> None:
    journal.happens(journal.cast.ada, *(example(kind, journal.numbers) for kind in kinds()), *_many(journal))
    counts = {}
    for limit in (100, 200):
        with statements() as said:
            lines(journal.cast.ada, Sought(), limit, None)
        counts[limit] = len(said)
    journal.happens(journal.cast.ada, *_few(journal))
    with statements() as said:
        lines(journal.cast.ada, Sought(), 5, None)
    assert len(said) == counts[100] == counts[200] <= 10


def _few(journal: Journal) -> list[Event]:
    """Five facts that name something of every table."""
    wanted = {"delivery_retried", "document_added", "offer_made", "roles_changed", "instrument_changed"}
    category = {**journal.numbers, "changes": {"category_id": [journal.cast.category, journal.cast.category]}}
    return [example(kind, category) for kind in kinds() if kind.kind() in wanted]


def _many(journal: Journal) -> list[Event]:
    return _few(journal) * 40


def test_the_journal_is_the_admins_business_alone(cast: Cast) -> None:
    for name in ("mei", "chen", "bo", "li"):
        assert cast.api(name).get("/journal").status_code == 403
        assert cast.api(name).get("/journal?format=csv&object=unicorn").status_code == 403
        browser = cast.browser(name)
        for page in ("/audit", "/audit.csv", "/audit?object=unicorn"):
            assert browser.get(page).status_code == 403
        assert 'href="/audit"' not in browser.get("/").text
        assert lines(cast.actor(name), Sought(), 50, None).items == []
    assert cast.api(None).get("/journal").status_code == 401
    for page in ("/audit", "/audit.csv"):
        answer = cast.app.test_client().get(page)
        assert (answer.status_code, answer.headers["Location"].split("?")[0]) == (302, "/sign-in")


# ---------------------------------------------------------------- the page


def test_the_page_keeps_the_filters_and_leads_to_what_it_is_about(written: Cast) -> None:
    browser = written.browser("ada")
    assert 'href="/audit"' in browser.get("/").text
    page = browser.get(f"/audit?object=company&company={written.aurora}&kind=&from=2026-02-01T08:00").text
    assert "Chen changed the company Aurora Displays: Registered name." in page
    assert "Borealis Photonics:" not in page
    assert f'href="/companies/{written.aurora}"' in page
    assert f'href="/audit?object=company&amp;object_id={written.aurora}"' in page
    assert f'href="/audit.csv?object=company&amp;company={written.aurora}&amp;from=2026-02-01T08:00"' in page
    assert f'<option value="{written.aurora}" selected>' in page
    assert 'value="2026-02-01T08:00"' in page


def test_times_on_the_page_are_those_of_the_wall(written: Cast) -> None:
    browser = written.browser("ada")
    assert "Chen changed" in browser.get("/audit?from=2026-03-02T17:00&to=2026-03-02T17:01").text
    assert "Chen changed" not in browser.get("/audit?from=2026-03-02T17:01").text


def test_a_long_list_goes_on_with_the_same_filters(journal: Journal) -> None:
    journal.happens(journal.cast.li, *([example(BookingRejected, journal.numbers)] * 60))
    browser = journal.cast.browser("ada")
    page = browser.get("/audit?kind=booking_rejected").text
    assert page.count("Li rejected it") == 50
    more = page.split('rel="next"')[0].rsplit('href="', 1)[1].split('"')[0].replace("&amp;", "&")
    assert "kind=booking_rejected" in more
    assert browser.get(more).text.count("Li rejected it") == 10


def test_the_page_speaks_chinese(written: Cast) -> None:
    browser = written.browser("ada")
    browser.set_cookie("language", "zh")
    assert browser.get("/audit").status_code == 200


# ---------------------------------------------------------------- the sheet


def read(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text)))


def test_the_sheet_has_one_header_and_a_line_each_at_both_doors(written: Cast) -> None:
    query = f"company={written.aurora}&kind=company_changed"
    answer = written.api("ada").get(f"/journal?format=csv&{query}")
    assert answer.content_type == "text/csv; charset=utf-8"
    assert "attachment" in answer.headers["Content-Disposition"]
    assert "Link" not in answer.headers
    header, *rest = read(answer.text)
    assert header == ["id", "at", "kind", "object", "object_id", "company", "by", "sentence", "data"]
    assert [line[6] for line in rest] == ["Chen", "Ada"]
    assert rest[0][1] == "2026-03-02T17:00:00+08:00"
    page = written.browser("ada").get(f"/audit.csv?{query}")
    assert page.text == "\ufeff" + answer.text


@pytest.mark.parametrize("sign", ["=", "+", "-", "@"])
def test_no_cell_of_the_sheet_is_a_formula(written: Cast, sign: str) -> None:
    evil = f"{sign}HYPERLINK(1)"
    with transaction() as tx:
        fact = CompanyChanged(object_id=written.aurora, company_id=written.aurora, name=evil, changed=())
        record(tx, [(written.ada, fact, DAY)])
        named = CompanyChanged(object_id=written.aurora, company_id=written.aurora, name="x", changed=())
        tx.execute(sa.update(Person).where(Person.id == written.people["ada"]).values(name=evil))
        record(tx, [(written.ada, named, DAY)])
    answer = written.api("ada").get(f"/journal?format=csv&person={written.people['ada']}")
    cells = [cell for line in read(answer.text) for cell in line]
    assert [cell for cell in cells if "HYPERLINK" in cell]
    assert [cell for cell in cells if cell.startswith(sign)] == []


def test_a_sheet_ends_somewhere_and_says_where_it_goes_on(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheets, "MOST", 20)
    monkeypatch.setattr(sheets, "_EACH", 10)
    journal.happens(journal.cast.li, *([example(BookingRejected, journal.numbers)] * 25))
    ada = journal.cast.api("ada")
    first = ada.get("/journal?format=csv&kind=booking_rejected")
    assert len(read(first.text)) == 1 + 20
    following = first.headers["Link"].removeprefix("<").removesuffix('>; rel="next"')
    second = ada.get(following)
    assert len(read(second.text)) == 1 + 5
    assert "Link" not in second.headers
