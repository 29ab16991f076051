"""Calendars of workdays: what the published years say, notices taken in and forgotten, single days by hand."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest
import sqlalchemy as sa
from click.testing import CliRunner
from flask import Flask

from labshare import cli
from labshare.instruments import notice, services, workdays
from labshare.instruments.jobs import SEED_CALENDARS
from labshare.instruments.models import CalendarDay
from labshare.instruments.notice import Listed
from labshare.instruments.sheet import BadSheet
from labshare.kernel import clock
from labshare.kernel.actor import SYSTEM
from labshare.kernel.db import db, rows, transaction
from labshare.kernel.errors import Forbidden
from labshare.kernel.journal import Entry
from labshare.people.events import SiteChanged
from labshare.people.models import Site
from tests.cast import Cast

REFERENCE = Path(__file__).parent / "workdays-cn-2024-2026.csv"
WORKED = {2024: 251, 2025: 248, 2026: 248}
NOTICE = "date,kind,name\n2027-01-01,holiday,New Year's Day\n2027-02-06,makeup_workday,Spring Festival\n"
Run = Callable[[datetime], Any]


def seed(now: datetime | None = None) -> Any:
    run: Run | None = SEED_CALENDARS.run
    assert run is not None
    return run(now or clock.now())


def told(kind: str) -> list[dict[str, Any]]:
    return [data for (data,) in rows(sa.select(Entry.data).where(Entry.kind == kind).order_by(Entry.id))]


def reference() -> dict[date, str]:
    with REFERENCE.open(encoding="utf-8") as file:
        return {date.fromisoformat(line["date"]): line["kind"] for line in csv.DictReader(file)}


def turned(kinds: dict[date, str]) -> dict[date, str]:
    """The weekdays off and the weekend days worked."""
    return {day: kind for day, kind in kinds.items() if (kind == "holiday") == (day.weekday() < 5)}


def test_the_seeded_years_are_those_of_the_reference_day_by_day(cast: Cast) -> None:
    seed()
    for site_id in (cast.east, cast.west):
        found = {day: kind for year in WORKED for day, kind in workdays.standing(site_id, year).kinds.items()}
        assert turned(found) == reference()
        # A laboratory that opens on Saturdays is closed on the one within a festival, and no other Saturday is said.
        assert {day: kind for day, kind in found.items() if day not in reference()}.keys() >= {date(2026, 10, 3)}
        assert date(2026, 10, 17) not in found
        assert {year: workdays.standing(site_id, year).workdays for year in WORKED} == WORKED
    answer = cast.api("mei").get("/sites/EAST/workdays?year=2026").json
    assert (answer["published"], answer["source"], answer["workdays"]) == (True, "library", 248)
    said = {date.fromisoformat(one["date"]): one["kind"] for one in answer["items"]}
    assert turned(said) == {day: kind for day, kind in reference().items() if day.year == 2026}
    assert {one["name"] for one in answer["items"]} >= {"Spring Festival", "National Day"}


def test_seeding_acts_once_and_leaves_alone_what_somebody_said(app: Flask, cast: Cast) -> None:
    services.import_year(cast.li, cast.east, 2026, [Listed(date(2026, 10, 1), "holiday", "Ours")])
    services.import_year(cast.li, cast.west, 2025, [])
    services.forget_year(cast.li, cast.west, 2025)
    services.set_day(cast.li, cast.west, Listed(date(2026, 12, 24), "restday"), "Closed early")
    preview = SEED_CALENDARS.preview
    assert preview is not None
    assert preview(clock.now()) == {"years": 4}
    meet = Barrier(2)

    def run() -> int:
        with app.app_context():
            meet.wait(10)
            done = int(seed()["years"])
            db.session.remove()
            return done

    with ThreadPoolExecutor(2) as two:
        assert sum(one.result(60) for one in (two.submit(run), two.submit(run))) == 4
    assert seed() == {"years": 0}
    assert workdays.standing(cast.east, 2026).kinds == {date(2026, 10, 1): "holiday"}
    assert not workdays.year(cast.west, 2025).published, "what was forgotten is not brought back"
    assert workdays.standing(cast.west, 2026).kinds[date(2026, 12, 24)] == "restday", "a day by hand outlives a seed"
    assert len(told("calendar_year_published")) == 2 + 4


def test_a_site_outside_china_is_not_seeded(cast: Cast) -> None:
    with transaction() as tx:
        tx.execute(sa.update(Site).where(Site.id == cast.west).values(zone="Europe/Berlin"))
        cast._tell(tx)
    assert SiteChanged.kind() == "site_changed"
    assert seed() == {"years": 3}
    assert workdays.years(cast.west) == []


# ---------------------------------------------------------------- notices


def test_a_notice_is_read_from_csv_and_from_json_alike() -> None:
    listed = [
        Listed(date(2026, 12, 31), "holiday", ""),
        Listed(date(2027, 1, 1), "holiday", "New Year's Day"),
        Listed(date(2027, 2, 6), "makeup_workday", "Spring Festival"),
    ]
    assert notice.read("\ufeff" + NOTICE + "2026-12-31,holiday,\n", 2027) == listed
    said = [{"date": one.day.isoformat(), "kind": one.kind, "name": one.name} for one in listed]
    assert notice.read(json.dumps(said), 2027) == listed
    assert notice.read("kind,date\r\nholiday,2027-01-01\r\n", 2027) == [Listed(date(2027, 1, 1), "holiday")]


@pytest.mark.parametrize(
    ("text", "places"),
    [
        ("", {(1, "")}),
        ("date,kind\n", {(1, "")}),
        ("day,kind\n2027-01-01,holiday\n", {(1, "day"), (1, "date")}),
        (
            "date,kind\n2027-01-01,feast\n2027-13-01,holiday\n2026-01-01,holiday\n",
            {(2, "kind"), (3, "date"), (4, "date")},
        ),
        ("date,kind\n2026-12-19,holiday\n2028-01-01,holiday\n", {(2, "date"), (3, "date")}),
        ("date,kind\n2027-01-01,holiday\n\n2027-01-01,workday\n", {(4, "date")}),
        ("date,kind\n2027-01-01\n", {(2, "")}),
        ('date,kind\n"2027-01-01,holiday\n', {(2, "")}),
        ("date,kind,name\n2027-01-01,holiday," + "x" * 121 + "\n", {(2, "name")}),
        ("date,kind\n" + "2027-01-01,holiday\n" * 10_000, {(402, "")}),
        ("[]", {(1, "")}),
        ("{}", {(1, "")}),
        ("[1, 2", {(1, "")}),
        ("[" * 100_000, {(1, "")}),
        ('[{"date": "2027-01-01", "kind": "holiday"}, {"date": 20270101, "kind": "holiday"}, 7]', {(2, ""), (3, "")}),
        ('[{"date": "2027-01-01", "kind": "holiday", "more": ""}]', {(1, "")}),
        (json.dumps([{"date": "2027-01-01", "kind": "holiday"}] * 10_000), {(401, "")}),
    ],
)
def test_every_fault_of_a_notice_is_named_with_its_line(text: str, places: set[tuple[int, str]]) -> None:
    with pytest.raises(BadSheet) as refused:
        notice.read(text, 2027)
    assert {(fault.line, fault.column) for fault in refused.value.faults} == places


def test_a_notice_with_one_fault_changes_nothing(cast: Cast) -> None:
    services.import_year(cast.li, cast.east, 2027, [Listed(date(2027, 1, 1), "holiday")])
    before = rows(sa.select(CalendarDay.__table__))
    bad = NOTICE + "2027-03-01,feast,\n"
    answer = cast.api("li").put("/sites/EAST/workdays/2027", {"text": bad})
    assert (answer.status_code, list(answer.json["errors"])) == (422, ["4:kind"])
    for body in ({}, {"text": NOTICE, "days": []}, {"days": [{"date": "2027-01-01"}]}, {"days": "2027"}):
        assert cast.api("li").put("/sites/EAST/workdays/2027", body).status_code == 422, body
    other = {"days": [{"date": "2026-05-01", "kind": "holiday"}]}
    assert "1:date" in cast.api("li").put("/sites/EAST/workdays/2027", other).json["errors"]
    assert rows(sa.select(CalendarDay.__table__)) == before


def test_a_notice_takes_the_place_of_the_last_and_the_same_again_changes_nothing(cast: Cast) -> None:
    li = cast.api("li")
    first = li.put("/sites/EAST/workdays/2027", {"text": NOTICE}).json
    assert (first["version"], first["workdays"], first["rechecked_at"]) == (1, 261 - 1 + 1, None)
    again = li.put("/sites/EAST/workdays/2027", {"text": NOTICE}).json
    assert again == first
    other = {"days": [{"date": "2027-10-01", "kind": "holiday", "name": "National Day"}], "version": 1}
    assert [one["date"] for one in li.put("/sites/EAST/workdays/2027", other).json["items"]] == ["2027-10-01"]
    assert li.put("/sites/EAST/workdays/2027", other).json["code"] == "changed_meanwhile"
    assert [one["source"] for one in told("calendar_year_published")] == ["notice", "notice"]
    assert li.put("/sites/EAST/workdays/1999", {"text": NOTICE}).status_code == 422


def test_a_day_by_hand_outlives_a_notice_and_can_be_taken_back(cast: Cast) -> None:
    li = cast.api("li")
    body = {"kind": "restday", "note": "No power"}
    assert li.patch("/sites/EAST/workdays/2027/2027-01-04", body).status_code == 200
    answer = li.put("/sites/EAST/workdays/2027", {"text": NOTICE + "2027-01-04,workday,\n"}).json
    assert {one["date"]: (one["kind"], one["source"], one["note"], one["by"]) for one in answer["items"]} == {
        "2027-01-01": ("holiday", "notice", "", "Li"),
        "2027-01-04": ("restday", "hand", "No power", "Li"),
        "2027-02-06": ("makeup_workday", "notice", "", "Li"),
    }
    cleared = li.patch("/sites/EAST/workdays/2027/2027-01-04", {"kind": None}).json
    assert "2027-01-04" not in [one["date"] for one in cleared["items"]]
    assert li.patch("/sites/EAST/workdays/2027/2027-01-04", {"kind": None}).status_code == 404
    for day in ("2026-01-04", "2027-1-4", "today", "2027-02-30"):
        assert li.patch(f"/sites/EAST/workdays/2027/{day}", body).status_code == 422, day
    assert [one["is_now"] for one in told("calendar_day_set")] == ["restday", None]


def test_the_calendar_says_unknown_until_the_notice_is_there_and_again_when_it_is_forgotten(cast: Cast) -> None:
    mei, li = cast.api("mei"), cast.api("li")

    def answer(day: str) -> str:
        return str(mei.get(f"/sites/EAST/workdays?day={day}").json["answer"])

    assert [answer(day) for day in ("2027-01-01", "2027-01-04", "2027-02-06")] == ["unknown"] * 3
    li.put("/sites/EAST/workdays/2027", {"text": NOTICE})
    assert [answer(day) for day in ("2027-01-01", "2027-01-04", "2027-02-06")] == ["closed", "open", "open"]
    assert li.delete("/sites/EAST/workdays/2027").json["published"] is False
    assert [answer(day) for day in ("2027-01-01", "2027-01-04", "2027-02-06")] == ["unknown"] * 3
    assert li.delete("/sites/EAST/workdays/2027").status_code == 404
    assert mei.get("/sites/EAST/workdays?year=1999").status_code == 422


def test_only_those_who_keep_the_site_change_its_calendar(cast: Cast) -> None:
    for change in (
        lambda: services.import_year(cast.mei, cast.east, 2027, []),
        lambda: services.forget_year(cast.chen, cast.east, 2027),
        lambda: services.set_day(cast.bo, cast.east, Listed(date(2027, 1, 4), "restday"), ""),
        lambda: services.clear_day(cast.bo, cast.east, date(2027, 1, 4), ""),
        lambda: services.seed_year(cast.mei, cast.east, 2027, [], clock.now()),
    ):
        with pytest.raises(Forbidden):
            change()
    assert rows(sa.select(CalendarDay.id)) == []
    assert services.import_year(SYSTEM, cast.east, 2027, []).published


def test_a_command_takes_a_notice_in(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, app: Flask, cast: Cast
) -> None:
    monkeypatch.setenv("LABSHARE_DATABASE_URL", app.extensions["settings"].database_url)
    monkeypatch.setenv("LABSHARE_DATA_DIR", str(tmp_path))
    db.session.remove()
    sheet = tmp_path / "2027.csv"
    sheet.write_text(NOTICE, encoding="utf-8-sig")
    command = ["import", "workdays", str(sheet), "--site", "EAST", "--year"]
    done = CliRunner().invoke(cli.main, [*command, "2027"])
    assert (done.exit_code, done.output) == (0, "2 days of 2027 at EAST\n")
    wrong = CliRunner().invoke(cli.main, [*command, "2026"])
    assert wrong.exit_code == 1
    assert "2:date: Not a day of 2026, nor of the last days before it." in wrong.output
    db.session.remove()
    assert workdays.standing(cast.east, 2027).workdays == 261


# ---------------------------------------------------------------- as pages


def test_the_calendar_page_imports_shows_faults_and_forgets(cast: Cast) -> None:
    li = cast.browser("li")
    assert "is not known here" in li.get("/sites/EAST/calendar?year=2027").text
    bad = li.post("/sites/EAST/calendar", data={"year": "2027", "text": "date,kind\n2027-01-01,feast\n"})
    assert bad.status_code == 422
    assert "Must be one of: workday, restday, holiday, makeup_workday" in bad.text
    assert li.post("/sites/EAST/calendar", data={"year": "2027", "text": NOTICE}).status_code == 303
    page = li.get("/sites/EAST/calendar?year=2027").text
    assert "Public holiday" in page
    assert "not since the last change" in page
    day = {"date": "2027-01-04", "kind": "restday", "note": "No power"}
    assert li.post("/sites/EAST/calendar/day", data=day).status_code == 303
    assert "No power" in li.get("/sites/EAST/calendar?year=2027").text
    assert li.post("/sites/EAST/calendar/day", data={"date": "2027-01-04"}).status_code == 303
    assert li.post("/sites/EAST/calendar/day", data={"date": "2027-01-04"}).status_code == 409
    assert li.post("/sites/EAST/calendar/day", data={"date": "soon"}).status_code == 422
    assert li.post("/sites/EAST/calendar", data={"year": "0", "text": NOTICE}).status_code == 422
    assert li.post("/sites/EAST/calendar/2027/forget").status_code == 303
    chinese = cast.browser("mei").get("/sites/EAST/calendar?year=2027", headers={"Accept-Language": "zh"}).text
    assert "尚无 2027 年的放假通知" in chinese
    assert "Take in" not in chinese


def test_what_hour_it_is_decides_which_year_is_this_year(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    new_year = datetime(2026, 12, 31, 16, 30, tzinfo=UTC)  # half past midnight in Shanghai
    monkeypatch.setattr(clock, "source", lambda: new_year)
    assert cast.api("mei").get("/sites/EAST/workdays").json["year"] == 2027
    monkeypatch.setattr(clock, "source", lambda: new_year - timedelta(hours=1))
    assert cast.api("mei").get("/sites/EAST/workdays").json["year"] == 2026
