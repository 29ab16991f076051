"""The JSON door to maintenance windows and their documents."""

from __future__ import annotations

from typing import Any

from flask import Response

from labshare.kernel.retry import Retry
from labshare.maintenance import access, queries, services
from labshare.maintenance.api.frame import blp, foreseen
from labshare.maintenance.models import Window
from labshare.maintenance.queries import Seen
from labshare.maintenance.schemas import (
    AddedOut,
    CancelIn,
    ConsequencesOut,
    DocumentIn,
    DocumentsOut,
    Foreseen,
    PlannedOut,
    WindowIn,
    WindowOut,
    WindowPatch,
    WindowsIn,
    WindowsOut,
)
from labshare.maintenance.services import Draft, Planned
from labshare.web.files import attachment
from labshare.web.guard import actor, first
from labshare.web.paging import page


@blp.get("/maintenance-windows")
@first(access.planner)
@blp.refuses(403, 422)
@blp.arguments(WindowsIn, location="query", error_status_code=422)
@blp.response(200, WindowsOut)
def windows(said: dict[str, Any]) -> dict[str, Any]:
    """The windows of your sites, by start."""
    statement = queries.listed(actor(), coming=said["coming"], instrument=said["instrument"])
    found = page(statement, Window.starts_at, Window.id, said["limit"], said["cursor"])
    return {"items": queries.with_places(found.items), "next": found.next}


@blp.get("/maintenance-windows/<id:window_id>")
@first(access.reader_of)
@blp.refuses(403, 404)
@blp.response(200, WindowOut)
def window(window_id: int) -> Seen:
    """One window."""
    return queries.window(actor(), window_id)


@blp.post("/maintenance-windows")
@first(access.planner)
@blp.changes(201, PlannedOut, body=WindowIn)
def plan(draft: Draft, retry: Retry | None) -> Planned:
    """Plan maintenance: every booking in its way is displaced in the same act, its hours given back."""
    return services.plan(actor(), draft, retry)


@blp.post("/maintenance-windows/preview")
@first(access.planner)
@blp.refuses(400, 403, 413, 415, 422)
@blp.arguments(WindowIn, error_status_code=422)
@blp.response(200, ConsequencesOut)
def preview(draft: Draft) -> Foreseen:
    """What planning it would do: whom it hits, by company, with hours, and where they could go instead."""
    found = services.preview(actor(), draft)
    return foreseen(found.consequences, found.windows)


@blp.patch("/maintenance-windows/<id:window_id>")
@first(access.planner_of)
@blp.refuses(400, 403, 404, 409, 413, 415, 422)
@blp.arguments(WindowPatch, error_status_code=422)
@blp.response(200, PlannedOut)
def change(said: dict[str, Any], window_id: int) -> Planned:
    """Give one window another time, or say something else of it; what that frees is free at once."""
    return services.change(actor(), window_id, **said)


@blp.delete("/maintenance-windows/<id:window_id>")
@first(access.planner_of)
@blp.refuses(403, 404, 409, 422)
@blp.arguments(CancelIn, location="query", error_status_code=422)
@blp.response(200, WindowOut)
def cancel(said: dict[str, Any], window_id: int) -> Seen:
    """Call a window off; one that has begun ends now. Who was displaced is told."""
    return services.cancel(actor(), window_id, rest=said["series"])


# ---------------------------------------------------------------- documents


@blp.get("/maintenance-windows/<id:window_id>/documents")
@first(access.reader_of)
@blp.refuses(403, 404)
@blp.response(200, DocumentsOut)
def documents(window_id: int) -> dict[str, Any]:
    """The files of a window."""
    return {"items": queries.documents(window_id), "next": None}


@blp.post("/maintenance-windows/<id:window_id>/documents")
@first(access.planner_of)
@blp.changes(201, AddedOut, body=DocumentIn)
def add_document(said: dict[str, Any], window_id: int, retry: Retry | None) -> int:
    """Keep a file with a window."""
    return services.add_document(actor(), window_id, said["name"], said["content"], retry)


@blp.get("/maintenance-windows/<id:window_id>/documents/<id:document_id>")
@first(access.reader_of)
@blp.refuses(403, 404)
@blp.response(200, {"type": "string", "format": "binary"}, content_type="application/octet-stream")
def document(window_id: int, document_id: int) -> Response:
    """One file as it was put there."""
    found = queries.document(actor(), window_id, document_id)
    return attachment(found.name, found.content)


@blp.delete("/maintenance-windows/<id:window_id>/documents/<id:document_id>")
@first(access.planner_of)
@blp.refuses(403, 404)
@blp.response(204)
def remove_document(window_id: int, document_id: int) -> None:
    """Take a file away."""
    services.remove_document(actor(), window_id, document_id)
