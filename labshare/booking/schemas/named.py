"""An instrument, a company, a person: told by key and name wherever an answer names one."""

from __future__ import annotations

from typing import Any

from marshmallow import fields

from labshare.web.i18n import own


def instrument() -> fields.Function:
    """The instrument, in the reader's language."""
    return fields.Function(
        lambda one: {"code": one.instrument_code, "name": own(one.instrument_en, one.instrument_zh)},
        metadata=_said("code", "string"),
    )


def company() -> fields.Function:
    """The company."""
    return fields.Function(
        lambda one: {"id": one.company_id, "name": one.company_name}, metadata=_said("id", "integer")
    )


def person(description: str = "", *, nullable: bool = False) -> fields.Function:
    """The person; where it is `nullable`, null for nobody in particular."""
    said = _said("id", "integer") | ({"description": description} if description else {})
    return fields.Function(
        lambda one: None if one.person_id is None else {"id": one.person_id, "name": one.person_name},
        metadata=said | ({"type": ["object", "null"]} if nullable else {}),
    )


def _said(key: str, kind: str) -> dict[str, Any]:
    """What the document says of a thing told by key and name."""
    return {
        "type": "object",
        "properties": {key: {"type": kind}, "name": {"type": "string"}},
        "required": [key, "name"],
    }
