"""English and Simplified Chinese: which one to speak, and how moments, hours and money are written in it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from babel import Locale
from flask import Flask, has_request_context, request
from flask_babel import (
    Babel,
    format_currency,
    format_date,
    format_datetime,
    format_decimal,
    get_locale,
    gettext,
)
from markupsafe import Markup

from labshare.kernel.errors import Text
from labshare.web.guard import actor

LANGUAGES = {"en": "English", "zh": "简体中文"}
LOCALES = {"en": "en_GB", "zh": "zh_Hans_CN"}  # plain "en" is American and counts to twelve
LOCAL = ZoneInfo("Asia/Shanghai")


def language() -> str:
    """The reader's language, `en` or `zh`: the person's own, else the cookie's, else the browser's."""
    if not has_request_context():
        return "en"
    chosen = actor().language or request.cookies.get("language")
    if chosen in LANGUAGES:
        return chosen
    return request.accept_languages.best_match(["en", "zh"], "en") or "en"


def say(text: Any) -> Any:
    """Say a Text in the reader's language; anything else is handed back as it is."""
    if not isinstance(text, Text):
        return text
    if not text.params:
        return gettext(text.msgid).replace("%%", "%")
    return gettext(text.msgid) % {name: _written(value) for name, value in text.params.items()}


def _written(value: Any) -> Any:
    if isinstance(value, Text):
        return say(value)
    if isinstance(value, datetime):
        return format_datetime(
            value.replace(tzinfo=None), "d MMM yyyy, HH:mm" if is_en() else "y年M月d日 HH:mm", rebase=False
        )
    return day(value) if isinstance(value, date) else value


def said(messages: Any) -> Any:
    """Say every sentence in a nest of lists and mappings; a library's plain one too, where we know it."""
    if isinstance(messages, Mapping):
        return {str(key): said(value) for key, value in messages.items()}
    if isinstance(messages, list | tuple):
        return [said(item) for item in messages]
    return gettext(messages) if isinstance(messages, str) and messages else say(messages)


def is_en() -> bool:
    locale = get_locale()
    return locale is None or locale.language == "en"


def own(en: str, zh: str) -> str:
    """Of a thing named in both languages, the name the reader reads; the other where one is missing."""
    return (en or zh) if is_en() else (zh or en)


def moment(value: datetime | None, zone: ZoneInfo = LOCAL) -> str:
    """A moment in the site's zone: 23 Nov 2026, 14:05 or 2026年11月23日 14:05; with the zone where it is not ours."""
    if value is None:
        return ""
    there = value.astimezone(zone)
    return f"{_written(there)}{_elsewhere(there)}"


def _elsewhere(there: datetime) -> str:
    """The zone's name where its clocks show another time than the laboratory's."""
    zone = there.tzinfo
    ours = there.utcoffset() == there.astimezone(LOCAL).utcoffset()
    return "" if ours else f" ({zone.key if isinstance(zone, ZoneInfo) else there.tzname()})"


def day(value: datetime | date | None, zone: ZoneInfo = LOCAL) -> str:
    """A day in the site's zone with its weekday."""
    if value is None:
        return ""
    shown = value.astimezone(zone).date() if isinstance(value, datetime) else value
    return format_date(shown, "EEE d MMM yyyy" if is_en() else "y年M月d日 EEE", rebase=False)


def month(value: date) -> str:
    """A month of a year: December 2026 or 2026年12月."""
    return format_date(value, "LLLL yyyy" if is_en() else "y年M月", rebase=False)


def weekday(value: date) -> str:
    """A day of the week, short: Mon or 周一."""
    return format_date(value, "EEE", rebase=False)


def clock_time(value: datetime, zone: ZoneInfo = LOCAL) -> str:
    """The time of day in the site's zone, 24 hours."""
    return value.astimezone(zone).strftime("%H:%M")


def span(start: datetime, end: datetime, zone: ZoneInfo = LOCAL) -> str:
    """A slot in words: Mon 23 Nov 2026 09:00–11:00; both days over midnight, and the zone where it is not ours."""
    first, last = start.astimezone(zone), end.astimezone(zone)
    if first.date() == last.date():
        return f"{day(start, zone)} {first:%H:%M}–{last:%H:%M}{_elsewhere(first)}"
    return f"{day(start, zone)} {first:%H:%M} – {day(end, zone)} {last:%H:%M}{_elsewhere(first)}"


def hours(value: float) -> str:
    """Hours as people read them, at most two decimals."""
    return gettext("%(n)s h", n=format_decimal(round(value, 2)))


def money(value: float) -> str:
    """An amount in renminbi."""
    return format_currency(value, "CNY")


def init_app(app: Flask) -> None:
    """Select the language per request and teach templates to write."""
    app.config["BABEL_TRANSLATION_DIRECTORIES"] = "translations"
    locales = {spoken: Locale.parse(name) for spoken, name in LOCALES.items()}
    Babel(app, locale_selector=lambda: locales[language()], timezone_selector=lambda: "Asia/Shanghai")
    app.jinja_env.filters.update(
        moment=moment,
        day=day,
        month=month,
        weekday=weekday,
        clock_time=clock_time,
        hours=hours,
        money=money,
        say=say,
        said=said,
    )
    app.jinja_env.globals.update(own=own, span=span, languages=LANGUAGES)
    app.jinja_env.finalize = lambda value: say(value) if not isinstance(value, Markup) else value
