"""The planner by page: it shows what saving does before it does it, and every refusal says why."""

from __future__ import annotations

from typing import Any

import pytest

from labshare.maintenance import services
from tests.maintenance.conftest import Lab
from tests.maintenance.reading import form, planned, state_of, words_of

HTMX = {"HX-Request": "true"}


def test_the_preview_shows_whom_it_hits_and_where_they_could_go_and_changes_nothing(lab: Lab) -> None:
    mine, theirs = lab.book(lab.cast.mei, 24), lab.book(lab.cast.bo, 26, approved=False)
    page = lab.cast.browser("li").post("/maintenance/windows/preview", data=form(note="New filament"))
    told = words_of(page.text)
    assert page.status_code == 200
    assert "2 bookings are in the way." in told
    assert "Aurora Displays 1 1 h" in told
    assert "Borealis Photonics 1 1 h" in told
    assert "Wed 2 Dec 2026 09:00–10:00" in told
    assert "waiting for an answer" in told
    assert "Wed 2 Dec 2026 14:30–15:30" in told, "the nearest free time, warm-up and all"
    assert "New filament" in page.text, "what was typed stays typed"
    assert planned() == []
    assert [state_of(one.id) for one in (mine, theirs)] == ["approved", "requested"]


def test_with_javascript_the_preview_alone_is_renewed_also_where_it_is_refused(lab: Lab) -> None:
    li = lab.cast.browser("li")
    shown = li.post("/maintenance/windows/preview", data=form(), headers=HTMX)
    assert shown.text.strip().startswith('<div id="preview"')
    refused = li.post("/maintenance/windows/preview", data=form(end=""), headers=HTMX)
    assert refused.status_code == 422
    assert refused.text.strip().startswith('<div id="preview"')
    assert 'href="#f-ends_at"' in refused.text


def test_saving_displaces_them_and_pressing_twice_plans_once(lab: Lab) -> None:
    mine = lab.book(lab.cast.mei, 24)
    li = lab.cast.browser("li")
    first, second = (li.post("/maintenance/windows", data=form(retry_key="same")) for _ in range(2))
    assert (first.status_code, second.status_code) == (303, 303)
    assert first.location == second.location
    assert [one.slot for one in planned()] == [lab.slot(23, 6)], "eight in the morning on the site's wall"
    assert state_of(mine.id) == "displaced"
    told = words_of(li.get(first.location).text)
    assert "1 booking is displaced" in told
    assert "another time is looked for" in told
    assert "Li planned it for 2 Dec 2026, 08:00" in told


def test_what_does_not_fit_is_refused_with_every_reason(lab: Lab) -> None:
    lab.plan(24, 2)
    lab.book(lab.cast.mei, 27)
    page = lab.cast.browser("li").post("/maintenance/windows", data=form(when_hit="refuse", note="Keep my words"))
    told = words_of(page.text)
    assert page.status_code == 409
    assert "Another window is planned then." in told
    assert "1 bookings are in the way." in told
    assert "Keep my words" in page.text
    assert len(planned()) == 1


@pytest.mark.parametrize(
    ("field", "value", "marked"),
    [
        ("instruments", "", "instruments"),
        ("instruments", "NO-SUCH", "instruments"),
        ("starts_at", "soon", "starts_at"),
        ("ends_at", "2026-12-01T08:00", "ends_at"),
        ("kind", "party", "kind"),
        ("category", "x", "category"),
        ("site", "NOWHERE", "site"),
        ("utility", "7", "utility"),
        ("when_hit", "ignore", "when_hit"),
        ("every", "year", "every"),
        ("every", "week", "until"),
    ],
)
def test_a_bad_field_is_marked_and_nothing_is_planned(lab: Lab, field: str, value: str, marked: str) -> None:
    for path in ("/maintenance/windows", "/maintenance/windows/preview"):
        page = lab.cast.browser("li").post(path, data=form() | {field: value})
        assert page.status_code == 422
        assert f'href="#f-{marked}"' in page.text
    assert planned() == []


@pytest.mark.parametrize(
    ("said", "days"),
    [
        ({"every": "day", "interval": "2", "times": "3"}, [2, 4, 6]),
        ({"every": "week", "weekdays": ["wed", "fri"], "until": "2026-12-11"}, [2, 4, 9, 11]),
        ({"every": "month", "monthly": "day", "times": "2"}, [2, 2]),
        ({"every": "month", "monthly": "weekday", "times": "2"}, [2, 6]),  # the first Wednesday
        ({"every": "month", "monthly": "day", "times": "1"}, [2]),
    ],
)
def test_a_window_comes_again_as_the_form_says(lab: Lab, said: dict[str, Any], days: list[int]) -> None:
    li = lab.cast.browser("li")
    assert (
        f"It comes {len(days)} times." in li.post("/maintenance/windows/preview", data=form(**said)).text
        or len(days) < 2
    )
    assert li.post("/maintenance/windows", data=form(**said)).status_code == 303
    assert [one.starts_at.astimezone(one.tz).day for one in planned()] == days
    assert [f"{one.starts_at.astimezone(one.tz):%H:%M}" for one in planned()] == ["08:00"] * len(days)


def test_the_last_day_of_the_week_of_a_month_is_the_last_of_the_next_too(lab: Lab) -> None:
    said = form("2026-12-30T08:00", "2026-12-30T09:00", every="month", monthly="last", times="3")
    assert lab.cast.browser("li").post("/maintenance/windows", data=said).status_code == 303
    assert [f"{one.starts_at.astimezone(one.tz):%m-%d}" for one in planned()] == ["12-30", "01-27", "02-24"]


def test_what_a_repeat_does_not_allow_stands_beside_its_field(lab: Lab) -> None:
    said = form(every="week", weekdays=["mon"], times="200")
    page = lab.cast.browser("li").post("/maintenance/windows/preview", data=said)
    assert page.status_code == 422
    assert 'id="f-times-error"' in page.text
    page = lab.cast.browser("li").post("/maintenance/windows/preview", data=said | {"times": "2"})
    assert 'id="f-weekdays-error"' in page.text


def test_around_the_bookings_the_pieces_are_shown_first(lab: Lab) -> None:
    mine = lab.book(lab.cast.mei, 24)
    li = lab.cast.browser("li")
    told = words_of(li.post("/maintenance/windows/preview", data=form(when_hit="fit")).text)
    assert "Fits around the bookings; none is displaced." in told
    assert "SEM-01: Wed 2 Dec 2026 08:00–08:45" in told
    assert "SEM-01: Wed 2 Dec 2026 10:00–14:00" in told
    assert li.post("/maintenance/windows", data=form(when_hit="fit")).status_code == 303
    assert state_of(mine.id) == "approved"


def test_a_category_a_site_and_a_utility_are_planned_for_at_once(lab: Lab) -> None:
    services.add_utility(lab.cast.li, {"name_en": "Chiller 2", "name_zh": "2 号冷水机"}, ["BAT-01"])
    li = lab.cast.browser("li")
    for number, said in enumerate(({"category": str(lab.cast.category)}, {"site": "EAST"}, {"utility": "1"})):
        days = form(f"2026-12-{number + 2:02}T08:00", f"2026-12-{number + 2:02}T09:00", instruments="", **said)
        assert li.post("/maintenance/windows", data=days).status_code == 303
    assert [[it.code for it in one.instruments] for one in planned()] == [
        ["BAT-01", "SEM-01"],
        ["BAT-01", "SEM-01"],
        ["BAT-01"],
    ]
