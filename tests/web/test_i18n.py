"""English and Chinese: which is spoken to whom, and how moments, hours and money are written."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from flask import Flask, g, render_template_string
from flask.testing import FlaskClient
from flask_babel import force_locale
from sqlalchemy import update

from labshare.kernel.db import transaction
from labshare.kernel.errors import N_, Text
from labshare.people.models import Person
from labshare.web import i18n
from tests.cast import Cast
from tests.kernel.happenings import tell

AT = datetime(2026, 11, 23, 6, 5, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")


@contextmanager
def _reading(app: Flask, language: str) -> Iterator[None]:
    with app.test_request_context(headers={"Accept-Language": language}), force_locale(i18n.LOCALES[language]):
        yield


def test_a_sentence_is_said_whole_with_what_belongs_in_it(app: Flask) -> None:
    inner = N_("every %(n)s minutes", n=15)
    with _reading(app, "en"):
        assert i18n.say(N_("Book at least %(n)s minutes.", n=30)) == "Book at least 30 minutes."
        assert i18n.say(N_("100 %% sure")) == "100 % sure" == str(N_("100 %% sure"))
        assert i18n.say(N_("%(n)s %% sure", n=99)) == "99 % sure" == str(N_("%(n)s %% sure", n=99))
        assert i18n.say(N_("runs %(when)s", when=inner)) == "runs every 15 minutes"
        assert i18n.say(N_("called %(name)s", name="50%s %(x)s %%")) == "called 50%s %(x)s %%"
        assert i18n.say("already a string %s") == "already a string %s"
        assert i18n.say(None) is None
        assert i18n.say(N_("by %(at)s", at=AT.astimezone(i18n.LOCAL))) == "by 23 Nov 2026, 14:05"
        assert i18n.say(N_("by %(day)s", day=date(2026, 1, 1))) == "by Thu 1 Jan 2026"
        nest = {"a": [N_("Unknown field."), "Unknown field.", ""], "b": {0: (N_("%(n)s h", n=2),)}}
        assert i18n.said(nest) == {"a": ["Unknown field.", "Unknown field.", ""], "b": {"0": ["2 h"]}}
    with _reading(app, "zh"):
        assert i18n.say(N_("There is nothing here")) == "此处没有内容"
        assert i18n.say(N_("by %(at)s", at=AT.astimezone(i18n.LOCAL))) == "by 2026年11月23日 14:05"


def test_a_sentence_that_a_template_forgot_to_say_is_said_and_escaped(app: Flask) -> None:
    with _reading(app, "zh"):
        assert render_template_string("{{ x }}", x=N_("There is nothing here")) == "此处没有内容"
        assert render_template_string("{{ x }}", x=Text("<b>%(n)s</b>", {"n": "<i>"})) == "&lt;b&gt;&lt;i&gt;&lt;/b&gt;"


def test_moments_and_days_are_written_in_the_sites_zone(app: Flask) -> None:
    late = datetime(2026, 11, 23, 16, 30, tzinfo=UTC)  # past midnight in Shanghai
    with _reading(app, "en"):
        assert i18n.moment(AT) == "23 Nov 2026, 14:05"
        assert i18n.moment(AT, BERLIN) == "23 Nov 2026, 07:05 (Europe/Berlin)"
        assert i18n.moment(late) == "24 Nov 2026, 00:30"
        assert i18n.day(late) == "Tue 24 Nov 2026"
        assert i18n.day(late, BERLIN) == "Mon 23 Nov 2026"
        assert i18n.day(date(2026, 1, 1)) == "Thu 1 Jan 2026"
        assert i18n.clock_time(late) == "00:30"
        assert (i18n.moment(None), i18n.day(None)) == ("", "")
        assert i18n.span(AT, AT.replace(hour=8)) == "Mon 23 Nov 2026 14:05–16:05"
        assert i18n.span(AT, late) == "Mon 23 Nov 2026 14:05 – Tue 24 Nov 2026 00:30"
        assert i18n.span(AT, late, BERLIN) == "Mon 23 Nov 2026 07:05–17:30 (Europe/Berlin)"
        assert i18n.span(AT, AT.replace(hour=8), ZoneInfo("Asia/Singapore")) == "Mon 23 Nov 2026 14:05–16:05"
    with _reading(app, "zh"):
        assert i18n.moment(AT) == "2026年11月23日 14:05"
        assert i18n.moment(AT, BERLIN) == "2026年11月23日 07:05 (Europe/Berlin)"
        assert i18n.day(late) == "2026年11月24日 周二"
        assert i18n.span(AT, AT.replace(hour=8)) == "2026年11月23日 周一 14:05–16:05"


def test_hours_and_money_are_written_as_people_read_them(app: Flask) -> None:
    with _reading(app, "en"):
        assert [i18n.hours(value) for value in (0, 1.0, 2.5, 1 / 3, 1234.5)] == [
            "0 h",
            "1 h",
            "2.5 h",
            "0.33 h",
            "1,234.5 h",
        ]
        assert i18n.money(1234.5) == "CN¥1,234.50"
        assert i18n.own("Microscope", "显微镜") == "Microscope"
        assert i18n.own("", "显微镜") == "显微镜"
    with _reading(app, "zh"):
        assert i18n.money(1234.5) == "¥1,234.50"
        assert i18n.hours(2.5).startswith("2.5")
        assert i18n.own("Microscope", "显微镜") == "显微镜"
        assert i18n.own("Microscope", "") == "Microscope"


def _html_lang(client: FlaskClient, accept: str | None = None) -> str:
    answer = client.get("/api/docs", headers={"Accept-Language": accept} if accept else {})
    return answer.text.split('<html lang="')[1][:2]


def test_a_strangers_cookie_speaks_before_the_browser(client: FlaskClient) -> None:
    spoken = {
        None: "en", "zh": "zh", "zh-CN": "zh", "zh-Hans-CN,zh;q=0.9,en;q=0.5": "zh", "zh-TW": "zh", "en-GB": "en",
        "de-DE,de;q=0.9": "en", "de,zh;q=0.5,en;q=0.4": "zh", "en;q=0.4,zh;q=0.5": "zh",
        "*": "en", "zh;q=0": "en", ";;": "en",
    }  # fmt: skip
    for accept, language in spoken.items():
        assert _html_lang(client, accept) == language, accept
    client.set_cookie("language", "zh")
    assert _html_lang(client, "en") == "zh"
    client.set_cookie("language", "tlh")  # nobody here speaks it
    assert _html_lang(client, "zh") == "zh"
    assert _html_lang(client, "en") == "en"


def test_what_a_person_chose_speaks_before_the_cookie(cast: Cast) -> None:
    with transaction() as tx:
        tx.execute(update(Person).where(Person.id == cast.mei.person_id).values(language="zh"))
        tell(tx)
    mei, bo = cast.browser("mei"), cast.browser("bo")
    for browser in (mei, bo):
        browser.set_cookie("language", "en")
    assert (_html_lang(mei, "en"), _html_lang(bo, "zh")) == ("zh", "en")
    told = cast.api("mei").get("/bookings/999", headers={"Accept-Language": "en"})
    assert told.get_json()["title"] == "此处没有内容"


def test_caches_are_told_that_the_language_matters(client: FlaskClient) -> None:
    for path in ("/sign-in", "/nowhere", "/api/v1/nowhere", "/api/docs"):
        vary = set(client.get(path).headers["Vary"].split(", "))
        assert {"Accept-Language", "Cookie"} <= vary, path


def test_outside_a_request_english_is_spoken(app: Flask) -> None:
    g.pop("actor", None)
    assert i18n.language() == "en"
    assert i18n.moment(AT) == "23 Nov 2026, 14:05"
