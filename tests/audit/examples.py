"""One example of every kind of fact there is, made from what its class says, about what stands in the database."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import MISSING, fields
from datetime import UTC, datetime, timedelta
from typing import Any, get_args, get_type_hints

from labshare.kernel.journal import Event

NOON = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
SAID: dict[str, Any] = {  # what fields of these names say; those of other names say what their type allows
    "code": "SEM-01",
    "name": "Aurora Displays",
    "name_en": "Liquid nitrogen",
    "name_zh": "液氮",
    "email": "wen@aurora.test",
    "role": "member",
    "roles": ("lab_manager",),
    "language": "zh",
    "job": "deliver",
    "paused": ("deliver",),
    "seconds": 3600,
    "lag_seconds": 3600,
    "mail": ("bookings", "queue"),
    "state": "approved",
    "was": "approved",
    "cause": "maintenance",
    "why": "",
    "source": "checked_in",
    "before": {"starts_at": NOON.isoformat(), "ends_at": NOON.isoformat()},
    "after": {"starts_at": NOON.isoformat(), "ends_at": NOON.isoformat()},
    "changes": {"state": ["in_service", "retired"], "rate_cny_per_hour": ["100.00", "120.00"], "description": []},
    "changed": ("name_en",),
    "week": [[[480, 1320]]] * 5 + [[], []],
    "intervals": [[480, 720]],
    "valid_from": "2026-11-23",
    "day": "2026-11-23",
    "days": {"2026-10-01": "holiday", "2026-10-10": "makeup_workday"},
    "is_now": "holiday",
    "year": 2026,
    "counts": {"displaced": 2, "confirmed": 0},
    "kind_of_work": "calibration",
    "scope": "all",
    "scope_en": "",
    "scope_zh": "",
    "period": "quarter",
    "starts_on": "2026-10-01",
}
OF_KIND: dict[str, dict[str, Any]] = {  # where one name says something else of another kind
    "company_added": {"state": "active"},
    "job_failed": {"period": NOON},
    "calendar_year_published": {"source": "notice"},
}
BY_TYPE: dict[Any, Any] = {str: "as agreed", int: 3, bool: False, datetime: NOON + timedelta(hours=2)}


def kinds(of: type[Event] = Event) -> Iterator[type[Event]]:
    """Every kind of fact that can be announced; what others are made from is none."""
    for kind in of.__subclasses__():
        yield from kinds(kind)
        if not kind.__name__.endswith("Fact") and kind.__module__.startswith("labshare."):
            yield kind


def example(kind: type[Event], numbers: Mapping[str, Any]) -> Event:
    """A fact of this kind; `numbers` has the ids of what fields and objects name."""
    said: dict[str, Any] = {}
    hints = get_type_hints(kind)
    for field in fields(kind):
        if field.name == "object_id":
            said[field.name] = numbers.get(kind.OBJECT, 1)
        elif field.name in OF_KIND.get(kind.kind(), {}):
            said[field.name] = OF_KIND[kind.kind()][field.name]
        elif field.name in numbers:
            said[field.name] = numbers[field.name]
        elif field.name == "items":
            said[field.name] = ("all year 7200 refuse", f"instrument {numbers['instrument_id']} month 600 ask")
        elif field.name in SAID:
            said[field.name] = SAID[field.name]
        elif field.default is MISSING:
            said[field.name] = _of_type(hints[field.name])
    return kind(**said)


def _of_type(hint: Any) -> Any:
    known = [one for one in (hint, *get_args(hint)) if one in BY_TYPE]
    return BY_TYPE[known[0]] if known else ()
