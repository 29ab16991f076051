"""The guides as pages, and the first steps on the start page until somebody has had enough of them."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, request, url_for
from flask_babel import gettext as _

from labshare.help.first_steps import STEPS, Step
from labshare.help.guides import NEWCOMER, READERS, guide, reader_of
from labshare.web.guard import actor, public
from labshare.web.htmx import show
from labshare.web.i18n import language, say
from labshare.web.preferences import prefer
from labshare.web.undoing import flash_undoable

pages = Blueprint("help", __name__, template_folder="templates")
COOKIE = "first_steps"  # holds whose first steps were put away, for several people may share a browser


@pages.get("/help")
@public
def own_guide() -> str:
    """The guide of the reader's own role; to strangers, how to come in."""
    return _shown(reader_of(actor()))


@pages.get("/help/<reader>")
@public
def guide_of(reader: str) -> str:
    """The guide of any role: what others can do here is no secret."""
    return _shown(reader)


def _shown(reader: str) -> str:
    return show(
        "help/guide.html",
        guide=guide(reader, language()),
        reader=reader,
        tabs=[(url_for("help.guide_of", reader=name), say(words), name == reader) for name, words in READERS.items()],
        put_away=reader != NEWCOMER and reader == reader_of(actor()) and first_steps() is None,
    )


@pages.app_template_global()
def first_steps() -> tuple[Step, ...] | None:
    """The first steps of the reader's role; None where there are none, or they were put away in this browser."""
    reader = reader_of(actor())
    return None if request.cookies.get(COOKIE) == reader else STEPS.get(reader)


@pages.post("/first-steps")
def put_away() -> Any:
    """Show the first steps no more, or again; remembered in this browser."""
    again = bool(request.form.get("again"))
    if not again:
        back = {"again": "true", "next": request.form.get("next", "/")}
        flash_undoable(_("The first steps are put away."), url_for("help.put_away"), back)
    return prefer(COOKIE, "" if again else reader_of(actor()))
