"""Instead of "are you sure": what was done is said with a button beside it that does the reverse."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from flask import flash
from flask_babel import gettext as _

MOST = 1_500  # bytes of a form; messages travel in the session's cookie, of which browsers keep 4 kB in all


def flash_undoable(text: str, action: str, fields: Mapping[str, Any], label: str | None = None) -> None:
    """Say that it is done, with a button that sends these fields to the door that does the reverse.

    The door asks again who may, and whether it still can be; it is a button like any other.
    """
    sent = {name: str(value) for name, value in fields.items()}
    if len(json.dumps(sent)) > MOST:
        flash(text, "good")
    else:
        flash({"text": text, "action": action, "fields": sent, "label": label or _("Undo")}, "good")  # type: ignore[arg-type]  # the session's JSON holds it as well as a text
