"""What every page's frame shows: who is signed in, where they can go, and how they like to see it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flask import Flask, request, url_for
from jinja2 import ChoiceLoader, FileSystemLoader
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.exceptions import SecurityError

from labshare.kernel.actor import Actor
from labshare.kernel.errors import Text
from labshare.web.guard import actor
from labshare.web.i18n import LOCALES, language, say

HTML_LANG = {"en": "en-GB", "zh": "zh-Hans-CN"}
THEMES = ("auto", "light", "dark")


@dataclass(frozen=True)
class Entry:
    """One entry of the main menu: its words, the page's endpoint, who sees it, and a count to show beside it.

    `covers` are endpoints whose addresses do not tell that they belong to it. One for strangers is `public`.
    """

    label: Text
    endpoint: str
    shown_to: Callable[[Actor], bool]
    count: Callable[[Actor], int] | None = None
    covers: tuple[str, ...] = ()
    public: bool = False


Notice = Callable[[Actor], Text | None]


def init_app(app: Flask, menu: Sequence[Entry], notices: Sequence[Notice] = ()) -> None:
    """Give the layout's variables to every template; each notice may have a word for this reader on every page."""
    app.jinja_loader = ChoiceLoader([FileSystemLoader(Path(__file__).parent / "templates"), app.jinja_loader])  # type: ignore[list-item]
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True

    @app.context_processor
    def frame() -> dict[str, Any]:
        spoken = language()
        theme = request.cookies.get("theme", "auto")
        return {
            "actor": actor(),
            "menu": _entries(menu),
            "html_lang": HTML_LANG[spoken],
            "locale": LOCALES[spoken],
            "language": spoken,
            "theme": theme if theme in THEMES else "auto",
            "notices": _notices(notices),
            "here": request.full_path.rstrip("?") if request.method == "GET" else "/",
        }


def _notices(notices: Sequence[Notice]) -> list[str]:
    who = actor()
    if not who.is_signed_in:
        return []
    try:
        return [say(found) for notice in notices if (found := notice(who))]
    except SQLAlchemyError:  # the page says that the database does not answer; its frame must not fail over it
        return []


def _entries(menu: Sequence[Entry]) -> list[dict[str, Any]]:
    if isinstance(request.routing_exception, SecurityError):
        return []  # asked for by a name that is not ours, under which no address can be told
    who = actor()
    entries = [entry for entry in menu if (entry.shown_to(who) if who.is_signed_in else entry.public)]
    here = [entry for entry in entries if request.endpoint in (entry.endpoint, *entry.covers)]
    shown = []
    for entry in entries:
        href = url_for(entry.endpoint)
        current = entry in here if here else href != "/" and f"{request.path}/".startswith(f"{href}/")
        count = entry.count(who) if entry.count and who.is_signed_in else None
        shown.append({"href": href, "label": say(entry.label), "current": current, "count": count})
    return shown
