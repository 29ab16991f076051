"""The journal as a sheet: one header line, one line each; no cell of it is a formula."""

from __future__ import annotations

import io
import json
from collections.abc import Iterable

from defusedcsv import csv
from flask import Response

from labshare.audit import queries
from labshare.audit.queries import Sought
from labshare.audit.sentences import sentence
from labshare.audit.sentences.shape import Line
from labshare.kernel.actor import Actor
from labshare.web.i18n import LOCAL, say

COLUMNS = ("id", "at", "kind", "object", "object_id", "company", "by", "sentence", "data")
MOST = 10_000  # lines of a sheet
_EACH = 1_000


def sheet(actor: Actor, sought: Sought, cursor: str | None = None) -> tuple[str, str | None]:
    """The newest lines sought, at most MOST of them, and the cursor of what follows. Raises Invalid."""
    text = io.StringIO(newline="")
    out = csv.writer(text)
    out.writerow(COLUMNS)
    for _ in range(MOST // _EACH):
        found = queries.lines(actor, sought, _EACH, cursor)
        out.writerows(_cells(found.items))
        cursor = found.next
        if cursor is None:
            break
    return text.getvalue(), cursor


def _cells(lines: Iterable[Line]) -> Iterable[list[object]]:
    for line in lines:
        what = (line.kind, line.object, line.object_id, line.company or "", line.who or "")
        data = json.dumps(line.data, ensure_ascii=False, sort_keys=True)
        yield [line.id, line.at.astimezone(LOCAL).isoformat(), *what, say(sentence(line)), data]


def handed_out(text: str) -> Response:
    """The sheet to be saved."""
    saved = {"Content-Disposition": 'attachment; filename="audit.csv"'}
    return Response(text, content_type="text/csv; charset=utf-8", headers=saved)
