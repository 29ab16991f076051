"""The national service record: one line a completed use, what is missing in it said beforehand, and for admins only."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
import sqlalchemy as sa

from labshare.booking.models import UsageRecord
from labshare.instruments.models import Instrument
from labshare.kernel.db import rows, transaction
from labshare.people import services as people
from labshare.usage import service_record
from labshare.usage.service_record import FIELDS, NAMES
from tests.booking.conftest import SHANGHAI, Turn, turn
from tests.booking.test_using import booked, do
from tests.cast import Cast
from tests.usage.exports import CHINESE, FORMULA, PURPOSES, lines, table, workbook, year

__all__ = ["turn", "year"]
NEVER_ASKED = ["direction", "subject", "funding_source", "field", "agreement", "place", "satisfaction"]


def records(cast: Cast, year: int) -> list[dict[str, Any]]:
    """All records of the year as the JSON door tells them."""
    answer = cast.api("ada").get(f"/usage/service-records?year={year}")
    assert answer.status_code == 200, answer.text
    return list(answer.json["items"])


def set_modes(cast: Cast, **modes: str) -> None:
    """Instruments are booked otherwise; on their pages that is a form, here a row."""
    with transaction() as tx:
        for code, said in modes.items():
            tx.execute(
                sa.update(Instrument).where(Instrument.code == code.replace("_", "-")).values(booking_modes=said)
            )
        cast._tell(tx)


def test_every_completed_use_is_one_record_the_earliest_first(cast: Cast, year: int) -> None:
    found = records(cast, year)
    assert [one["content"] for one in found] == ["Fracture surfaces", *PURPOSES]
    first = found[0]
    assert (first["instrument_no"], first["unit"], first["applicant"]) == ("BAT-01", FORMULA, "Bo")
    assert first["email"] == "bo@cast.labshare.test"
    assert (first["service_hours"], first["amount_cny"]) == (pytest.approx(50 / 60), 0)
    assert datetime.fromisoformat(first["starts_at"]).astimezone(SHANGHAI).hour == 8
    assert (first["way"], first["object"]) == ("occupied", "external")
    assert first["gaps"] == [name for name in NAMES if name in (*NEVER_ASKED, "phone")]
    assert [first[name] for name in first["gaps"]] == [None] * 8
    assert {one["record_no"] for one in found} == {number for (number,) in rows(sa.select(UsageRecord.id))}


@pytest.mark.unsound  # a record is changed behind everybody's back
def test_a_use_belongs_to_the_year_in_which_it_begins(cast: Cast, year: int) -> None:
    with transaction() as tx:
        last = tx.execute(sa.select(sa.func.max(UsageRecord.id))).scalar_one()
        new_year = datetime(year + 1, 1, 1, tzinfo=SHANGHAI)
        tx.execute(sa.update(UsageRecord).where(UsageRecord.id == last).values(starts_at=new_year, ends_at=new_year))
        cast._tell(tx)
    assert len(records(cast, year)) == len(PURPOSES)
    assert [one["record_no"] for one in records(cast, year + 1)] == [last]


def test_what_is_not_over_is_no_record(cast: Cast, year: int, turn: Turn) -> None:
    number = booked(cast, "18:00", "19:00", days=0)
    turn("18:00")
    do(cast, number, "check-in")
    assert number not in [one["booking_id"] for one in records(cast, year)]


@pytest.mark.parametrize(
    ("modes", "way"),
    [
        ("assisted", "technical"),
        ("commissioned", "commissioned"),
        ("self_operated|long_run", "occupied"),
        ("self_operated|assisted", None),
    ],
)
def test_the_way_is_what_the_instruments_modes_leave_no_choice_of(
    cast: Cast, year: int, modes: str, way: str | None
) -> None:
    set_modes(cast, SEM_01=modes)
    last = records(cast, year)[-1]
    assert last["way"] == way
    assert ("way" in last["gaps"]) == (way is None)


@pytest.mark.unsound  # a record is changed behind everybody's back
def test_an_owner_is_an_internal_user_who_uses_what_is_theirs(cast: Cast, year: int) -> None:
    set_modes(cast, SEM_01="self_operated|assisted")
    with transaction() as tx:
        mine = UsageRecord.company_id == cast.aurora
        tx.execute(sa.update(UsageRecord).where(mine).values(owner_id=cast.aurora))
        cast._tell(tx)
    assert {(one["way"], one["object"]) for one in records(cast, year)[1:]} == {("occupied", "internal")}


def test_a_telephone_is_the_applicants_only_where_the_company_says_so(cast: Cast, year: int) -> None:
    people.change_company(cast.ada, cast.aurora, {"contact_name": "Mei", "contact_phone": "+86 28 8888 8888"})
    people.change_company(cast.ada, cast.borealis, {"contact_name": "Somebody", "contact_phone": "028"})
    assert [one["phone"] for one in records(cast, year)] == [None] + ["+86 28 8888 8888"] * len(PURPOSES)
    told = table(cast.api("ada").get(f"/usage/service-records?year={year}&format=csv"))
    assert told[-1]["Applicant's telephone"] == "'+86 28 8888 8888"
    total, missing = service_record.count(cast.ada, year)
    assert (total, missing["phone"]) == (1 + len(PURPOSES), 1)


def test_gaps_are_counted_by_field_as_they_stand_in_the_records(cast: Cast, year: int) -> None:
    set_modes(cast, SEM_01="self_operated|assisted")
    total, missing = service_record.count(cast.ada, year)
    found = records(cast, year)
    assert total == len(found)
    assert missing == {name: some for name in NAMES if (some := sum(name in one["gaps"] for one in found))}
    assert missing["way"] == len(PURPOSES)
    assert service_record.count(cast.ada, year - 1) == (0, {})


def test_the_list_is_paged_and_pages_make_up_the_whole(cast: Cast, year: int) -> None:
    ada, found, cursor = cast.api("ada"), [], ""
    while cursor is not None:
        answer = ada.get(f"/usage/service-records?year={year}&limit=2{cursor and '&cursor=' + cursor}").json
        assert len(answer["items"]) <= 2
        found += answer["items"]
        cursor = answer["next"]
    assert found == records(cast, year)
    assert ada.get("/usage/service-records?cursor=nonsense").status_code == 422


def test_sheet_and_workbook_say_what_the_list_says(cast: Cast, year: int) -> None:
    found = records(cast, year)
    titles = [str(one.title) for one in FIELDS]
    told = table(cast.api("ada").get(f"/usage/service-records?year={year}&format=csv"))
    book = workbook(cast.api("ada").get(f"/usage/service-records?year={year}&format=xlsx"))
    typed = lines(book, "Service records")
    assert list(told[0]) == list(typed[0]) == titles
    for one, plain, cells in zip(found, told, typed, strict=True):
        start = datetime.fromisoformat(one["starts_at"]).astimezone(SHANGHAI).replace(tzinfo=None)
        assert cells["Service start"] == start
        assert plain["Service start"] == str(start)
        assert float(plain["Service hours"]) == one["service_hours"] == pytest.approx(cells["Service hours"])
        assert cells["Actual content of the service"] == one["content"]
        assert plain["Actual content of the service"].removeprefix("'").replace("\\|", "|") == one["content"]
        assert plain["Way of service"] == cells["Way of service"] == "Self-use"
        assert (plain["Used on or off site"], cells["Used on or off site"]) == ("", None)
    for content in (one["Actual content of the service"] for one in told):
        assert content.lstrip()[:1] not in ("=", "+", "-", "@")
    assert {cell.data_type for row in book.active.iter_rows() for cell in row} <= {"s", "n", "d"}


def test_the_form_is_in_chinese_for_chinese_readers(cast: Cast, year: int) -> None:
    chinese = {"Accept-Language": "zh"}
    told = table(cast.api("ada").get(f"/usage/service-records?year={year}&format=csv", headers=chinese))
    assert list(told[0])[:3] == ["所在单位仪器编号", "内部记录编号", "服务金额（元）"]
    assert {(one["服务方式"], one["服务对象"]) for one in told} == {("占用共享", "外部用户")}
    assert told[-1]["申请人单位"] == CHINESE
    assert told[-1]["实际服务内容"] == PURPOSES[-1]


def test_long_sheets_are_sent_piece_by_piece_and_nothing_is_lost_in_between(
    cast: Cast, year: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = cast.browser("ada").get(f"/usage/service-record.csv?year={year}")
    assert whole.data.startswith(b"\xef\xbb\xbf")
    monkeypatch.setattr(service_record, "AT_ONCE", 2)
    answer = cast.browser("ada").get(f"/usage/service-record.csv?year={year}")
    pieces = [piece for piece in answer.iter_encoded() if piece]
    assert len(pieces) > 4
    assert b"".join(pieces) == whole.data
    assert not answer.headers.get("Content-Length")
    book = workbook(cast.browser("ada").get(f"/usage/service-record.xlsx?year={year}"))
    assert len(lines(book, 0)) == len(PURPOSES) + 1


def test_more_lines_than_a_workbook_holds_are_refused_with_advice(
    cast: Cast, year: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service_record, "MOST_LINES", 3)
    answer = cast.api("ada").get(f"/usage/service-records?year={year}&format=xlsx")
    assert (answer.status_code, answer.json["code"]) == (409, "too_many_lines")
    assert "CSV" in answer.json["detail"]


@pytest.mark.parametrize("language", ["en", "zh"])
def test_before_anything_is_saved_the_page_says_how_much_it_is_and_what_is_missing(
    cast: Cast, year: int, language: str
) -> None:
    browser = cast.browser("ada")
    browser.set_cookie("language", language)
    page = browser.get(f"/usage/service-record?year={year}")
    assert page.status_code == 200
    assert ("7 lines" if language == "en" else "7 行") in page.text
    assert ("Funding source of the subject" if language == "en" else "课题经费来源") in page.text
    for one in records(cast, year):
        assert f'href="/bookings/{one["booking_id"]}"' in page.text
    assert f'href="/usage/service-record.csv?year={year}"' in page.text
    first = browser.get(f"/usage/service-record?year={year - 1}")
    assert ("Nothing was used in this year." if language == "en" else "该年没有使用记录。") in first.text


@pytest.mark.parametrize("who", ["mei", "chen", "bo", "li"])
def test_people_are_named_to_admins_only(cast: Cast, year: int, who: str) -> None:
    for form in ("json", "csv", "xlsx", "pdf"):
        assert cast.api(who).get(f"/usage/service-records?year={year}&format={form}").status_code == 403
    for end in ("", ".csv", ".xlsx"):
        assert cast.browser(who).get(f"/usage/service-record{end}?year={year}").status_code == 403
    assert service_record.lines(cast.actor(who), year, 200, None).items == []
