"""The blueprint all JSON doors to bookings hang on."""

from __future__ import annotations

import json
from typing import Any

from flask import Response

from labshare.web.api import Blueprint

blp = Blueprint("bookings", "Ask for instrument time, and what becomes of it")


def as_json(body: dict[str, Any]) -> Response:
    """Rows written as they are: a schema would cost more than the query on a long list."""
    return Response(json.dumps(body, separators=(",", ":")), content_type="application/json")
