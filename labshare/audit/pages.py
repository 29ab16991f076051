"""The journal as a page and as a sheet, and how the laboratory is set up, for admins."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, current_app, request, url_for
from flask_babel import gettext as _

from labshare.audit import queries, ways
from labshare.audit.kinds import KINDS
from labshare.audit.policy import require_admin
from labshare.audit.schemas import FILTERS, SoughtIn
from labshare.audit.sentences import OBJECTS, sentence
from labshare.audit.sentences.shape import Line
from labshare.audit.sheet import MOST, handed_out, sheet
from labshare.kernel.errors import Invalid
from labshare.web.bodies import load
from labshare.web.guard import actor, first
from labshare.web.htmx import Form, show
from labshare.web.i18n import LOCAL, said, say
from labshare.web.wall import as_moment

pages = Blueprint("audit", __name__, template_folder="templates")
LATEST = 30
SET_UP = ("site", "opening_pattern", "opening_exception", "calendar_year", "account", "instrument", "company", "person")
BOM = "\ufeff"  # without it spreadsheets take Chinese for something else


@pages.get("/audit")
@first(require_admin)
def listed() -> tuple[str, int] | str:
    """The journal, newest first, narrowed by the form above it."""
    asked = _asked()
    form, found = Form(dict(asked)), None
    try:
        given = _given(asked)
        found = queries.lines(actor(), given["sought"], given["limit"], given["cursor"])
    except Invalid as error:
        form.errors = said(error.fields)
    page = show(
        "audit/list.html",
        "rows",
        items=[_shown(line) for line in found.items] if found else [],
        more=url_for("audit.listed", **asked, cursor=found.next) if found and found.next else None,
        sheet=url_for("audit.export", **asked),
        most=MOST,
        form=form,
        filtered=bool(asked),
        objects=[("", _("All")), *((one, say(words)) for one, words in OBJECTS.items())],
        kinds=[("", _("All")), *((one, say(words)) for one, words in KINDS.items())],
        companies=[("", _("All")), *queries.companies()],
    )
    return (page, 422) if form.errors else page


@pages.get("/audit.csv")
@first(require_admin)
def export() -> Response:
    """The same as a sheet, the newest lines first."""
    text, _more = sheet(actor(), _given(_asked())["sought"])
    return handed_out(BOM + text)


@pages.get("/settings")
@first(require_admin)
def settings() -> str:
    """The settings in force, and the latest changes people made in the product; a constant number of statements."""
    groups = [(url_for("audit.listed", object=one), OBJECTS[one]) for one in SET_UP]
    found = [_shown(line) for line in queries.changes(actor(), LATEST)]
    return show("audit/settings.html", told=current_app.extensions["settings"].told(), groups=groups, items=found)


def _asked() -> dict[str, Any]:
    """The filters as they were typed, those left empty left out."""
    return {name: value for name in FILTERS if (value := request.args.get(name, "").strip())}


def _given(asked: dict[str, str]) -> dict[str, Any]:
    moments = {name: as_moment(asked[name], LOCAL) for name in ("from", "to") if name in asked}
    paged = {"cursor": request.args["cursor"]} if request.args.get("cursor") else {}
    given: dict[str, Any] = load(SoughtIn(), {**asked, **moments, **paged})
    return given


def _shown(line: Line) -> dict[str, Any]:
    way = ways.way(line)
    return {
        "line": line,
        "text": say(sentence(line)),
        "kind": say(KINDS.get(line.kind, line.kind)),  # a kind of old rows may have no words any more
        "what": say(OBJECTS.get(line.object, line.object)),
        "href": url_for(way[0], **way[1]) if way else None,
        "only": url_for("audit.listed", object=line.object, object_id=line.object_id),
        "company": url_for("audit.listed", company=line.company_id) if line.company else None,
        "by": url_for("audit.listed", person=line.actor_id) if line.who else None,
    }
