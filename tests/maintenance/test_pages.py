"""Every page of maintenance: in either language, with nothing and with something to show, at the same cost."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest
import sqlalchemy as sa

from labshare.kernel.db import rows
from labshare.maintenance import queries as windows
from labshare.maintenance import services
from labshare.maintenance.jobs import keep_windows
from labshare.maintenance.models import Window
from tests.maintenance.conftest import Lab
from tests.maintenance.reading import form, planned, speaking, words_of

Statements = Callable[[], AbstractContextManager[list[str]]]
LISTS = (
    *("/maintenance", "/maintenance?tab=past", "/maintenance?tab=all&instrument=SEM-01", "/maintenance/calendar"),
    *("/maintenance/windows/new", "/maintenance/outages", "/maintenance/upkeep", "/maintenance/utilities"),
)


def everything(lab: Lab) -> None:
    """A window that displaced Mei, one that was done, an outage, one that is over, a utility and what is overdue."""
    lab.book(lab.cast.mei, 25)
    done = lab.plan(1, 1, "BAT-01").windows[0]
    lab.plan(24, 4)
    services.set_upkeep(lab.cast.li, "SEM-01", "calibration", 1, 100, "The stage")
    services.add_utility(lab.cast.li, {"name_en": "Chiller 2", "name_zh": "2 号冷水机"}, ["SEM-01", "BAT-01"])
    lab.go(3)
    keep_windows(lab.now)
    assert windows.window(lab.cast.li, done.id).state == "done"
    over = services.report(lab.cast.li, "SEM-01", "No vacuum")
    services.repaired(lab.cast.li, over.id, "New pump")
    services.report(lab.cast.li, "BAT-01", "No current")


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_page_opens_with_nothing_to_show(lab: Lab, language: str) -> None:
    li = speaking(lab.cast.browser("li"), language)
    for path in (
        *LISTS,
        "/instruments/SEM-01/outage",
        "/instruments/SEM-01/retirement",
        "/instruments/BAT-01/channels",
    ):
        page = li.get(path)
        assert page.status_code == 200, path
        assert f'lang="{"en-GB" if language == "en" else "zh-Hans-CN"}"' in page.text


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", ("Preventive maintenance", "Scanning electron microscope", "The stage", "Chiller 2", "New pump")),
        ("zh", ("预防性维护", "扫描电子显微镜", "The stage", "2 号冷水机", "New pump")),
    ],
)
def test_every_page_says_what_there_is_in_either_language(lab: Lab, language: str, words: tuple[str, ...]) -> None:
    everything(lab)
    lab.go(30)
    li = speaking(lab.cast.browser("li"), language)
    pages = [*LISTS, *(f"/maintenance/windows/{one.id}" for one in planned())]
    pages += ["/maintenance/utilities/1", "/instruments/BAT-01/outage", "/instruments/BAT-01/channels?channels=2"]
    told = ""
    for path in pages:
        page = li.get(path)
        assert page.status_code == 200, path
        told += words_of(page.text)
    for word in words:
        assert word in told
    overdue = "overdue" if language == "en" else "逾期"
    assert overdue in words_of(li.get("/maintenance/upkeep").text)
    assert "SEM-01" in words_of(li.get("/maintenance/calendar?month=2026-12").text)


def test_a_member_finds_no_such_desk_and_a_manager_does(lab: Lab) -> None:
    assert 'href="/maintenance"' in lab.cast.browser("li").get("/").text
    assert 'href="/maintenance"' not in lab.cast.browser("mei").get("/").text
    assert lab.cast.browser("mei").get("/maintenance").status_code == 403


def test_no_list_costs_more_with_more_in_it(lab: Lab, statements: Statements) -> None:
    li = lab.cast.browser("li")
    paths = ("/maintenance", "/maintenance/calendar?month=2026-12", "/maintenance/upkeep", "/maintenance/outages")

    def counted() -> list[int]:
        found = []
        for path in paths:
            with statements() as said:
                assert li.get(path).status_code == 200
            found.append(len(said))
        return found

    def more(hours: int) -> None:
        lab.plan(hours, 1)
        lab.plan(hours, 1, "BAT-01")
        outage = services.report(lab.cast.li, "SEM-01")
        services.repaired(lab.cast.li, outage.id)

    more(24)
    services.set_upkeep(lab.cast.li, "SEM-01", "calibration", 9, None)
    few = counted()
    for number in range(8):
        lab.go(number + 1)
        more(48 + 2 * number)
    for kind in ("preventive", "repair", "vendor_visit"):
        services.set_upkeep(lab.cast.li, "SEM-01", kind, 9, None)
    assert counted() == few


def test_a_window_and_a_preview_cost_the_same_however_many_they_hit(lab: Lab, statements: Statements) -> None:
    li = lab.cast.browser("li")

    def counted(day: int) -> tuple[int, int]:
        said = form(f"2026-12-{day:02}T08:00", f"2026-12-{day:02}T20:00")
        with statements() as shown:
            assert li.post("/maintenance/windows/preview", data=said).status_code == 200
        saved = li.post("/maintenance/windows", data=said)
        with statements() as page:
            assert li.get(saved.location).status_code == 200
        return len(shown), len(page)

    lab.book(lab.cast.mei, 24, 0.5)
    few = counted(2)
    for number in range(8):
        lab.book(lab.cast.mei, 48 + number, 0.5)
    assert counted(3) == few
    assert rows(sa.select(sa.func.count()).select_from(Window))[0][0] == 2
