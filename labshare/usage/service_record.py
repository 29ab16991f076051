"""The national service record: one line for each completed use that begins in the year, and what is missing in it.

The columns are those of the national form. What LabShare does not know stays empty, is a gap, and is listed before
anything is handed out. A use is told as it stands today, corrections included.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, Any

import sqlalchemy as sa

from labshare.booking.lifecycle import COMPLETED
from labshare.booking.models import Booking, UsageRecord
from labshare.instruments.models import Instrument
from labshare.kernel.actor import Actor
from labshare.kernel.db import rows
from labshare.kernel.errors import N_, Conflict, Text
from labshare.people.models import Company, Person
from labshare.usage import policy, rules, sheet
from labshare.usage.facts import year_slot
from labshare.usage.figures import CNY, COUNT, HOURS
from labshare.usage.spreadsheet import MOMENT, MOST_LINES, TEXT, Column, Workbook
from labshare.usage.sums import Sum
from labshare.web.i18n import LOCAL, say
from labshare.web.paging import Page, page

AT_ONCE = 1000  # lines read in one statement


@dataclass(frozen=True)
class Field:
    """A column of the form; `width` of its cells, 0: as its unit has it."""

    name: str
    unit: str
    title: Text
    width: int = 0


FIELDS = (
    Field("instrument_no", TEXT, N_("Instrument number of the unit")),
    Field("record_no", COUNT, N_("Internal record number")),
    Field("amount_cny", CNY, N_("Service amount (CNY)")),
    Field("starts_at", MOMENT, N_("Service start")),
    Field("ends_at", MOMENT, N_("Service end")),
    Field("service_hours", HOURS, N_("Service hours")),
    Field("content", TEXT, N_("Actual content of the service"), 60),
    Field("way", TEXT, N_("Way of service")),
    Field("object", TEXT, N_("Served user")),
    Field("direction", TEXT, N_("Direction of the service")),
    Field("subject", TEXT, N_("Research subject")),
    Field("funding_source", TEXT, N_("Funding source of the subject")),
    Field("field", TEXT, N_("Main field of the subject")),
    Field("agreement", TEXT, N_("Agreement signed")),
    Field("place", TEXT, N_("Used on or off site")),
    Field("applicant", TEXT, N_("Applicant")),
    Field("phone", TEXT, N_("Applicant's telephone")),
    Field("email", TEXT, N_("Applicant's e-mail"), 32),
    Field("unit", TEXT, N_("Applicant's unit"), 36),
    Field("satisfaction", TEXT, N_("User's rating")),
)
NAMES = tuple(one.name for one in FIELDS)
TITLES = {one.name: one.title for one in FIELDS}
OCCUPIED, TECHNICAL, COMMISSIONED = "occupied", "technical", "commissioned"
INTERNAL, EXTERNAL = "internal", "external"
WORDS: dict[str, Text] = {  # what the form calls the values of `way` and `object`
    OCCUPIED: N_("Self-use"),
    TECHNICAL: N_("With technical guidance"),
    COMMISSIONED: N_("On commission"),
    INTERNAL: N_("Internal user"),
    EXTERNAL: N_("External user"),
}
_WAYS = {
    "self_operated": OCCUPIED,
    "self_operated_clean_room": OCCUPIED,
    "long_run": OCCUPIED,
    "assisted": TECHNICAL,
    "commissioned": COMMISSIONED,
}

_internal: Any = UsageRecord.company_id == UsageRecord.owner_id
# The company's telephone is the applicant's where it names them as whom to call; anybody else's would be false.
_phone: Any = sa.case((Company.contact_name == Person.name, Company.contact_phone), else_="")
_JOINED: Any = (
    sa.select()
    .select_from(UsageRecord)
    .join(Booking, Booking.id == UsageRecord.booking_id)
    .join(Instrument, Instrument.id == UsageRecord.instrument_id)
    .join(Person, Person.id == UsageRecord.person_id)
    .join(Company, Company.id == UsageRecord.company_id)
)


def lines(actor: Actor, year: int, limit: int, cursor: str | None) -> Page:
    """Records of the year by their start, `booking_id` among their values. Raises Invalid for a cursor not ours."""
    statement = _JOINED.add_columns(
        *(UsageRecord.id, UsageRecord.booking_id, UsageRecord.starts_at, UsageRecord.ends_at, UsageRecord.minutes),
        *(UsageRecord.rate_cny_per_hour, UsageRecord.company_name, _internal.label("internal"), Instrument.code),
        *(Instrument.booking_modes, Booking.purpose, Person.name, Person.email, _phone.label("phone")),
    )
    found = page(statement.where(*_of(actor, year)), UsageRecord.starts_at, UsageRecord.id, limit, cursor)
    return Page([_values(row) for row in found.items], found.next)


def every(actor: Actor, year: int) -> Iterator[dict[str, Any]]:
    """All records of the year in turn, AT_ONCE of them in memory."""
    cursor = None
    while True:
        some = lines(actor, year, AT_ONCE, cursor)
        yield from some.items
        if (cursor := some.next) is None:
            return


def gaps(values: dict[str, Any]) -> list[str]:
    """The fields of a record that are not known."""
    return [name for name in NAMES if values[name] in (None, "")]


def count(actor: Actor, year: int) -> tuple[int, dict[str, int]]:
    """How many records the year has, and in how many of them each field is missing; one statement."""
    known = sa.case((_phone != "", 1), else_=0).label("known")
    each = _JOINED.add_columns(Instrument.booking_modes, _internal.label("internal"), known).where(*_of(actor, year))
    one = each.subquery().c
    missing: Counter[str] = Counter()
    total = 0
    for modes, internal, phone, some in rows(sa.select(*one, sa.func.count()).group_by(*one)):
        total += some
        told = {**dict.fromkeys(NAMES, "said"), **_unknown(), "way": _way(modes, internal), "phone": phone or None}
        missing.update(dict.fromkeys(gaps(told), some))
    return total, {name: missing[name] for name in NAMES if missing[name]}


def as_csv(actor: Actor, year: int) -> Iterator[str]:
    """The records as CSV, piece by piece; the header in the reader's language."""
    yield sheet.text([[say(one.title) for one in FIELDS]])
    some: list[list[Any]] = []
    for values in every(actor, year):
        some.append([_in_text(one, values[one.name]) for one in FIELDS])
        if len(some) == AT_ONCE:
            yield sheet.text(some)
            some = []
    yield sheet.text(some)


def as_workbook(actor: Actor, year: int, out: IO[bytes]) -> None:
    """The records as a workbook, written line by line. Raises Conflict where they are more than a sheet holds."""
    total, _gaps = count(actor, year)
    if total > MOST_LINES:
        text = N_("These are more lines than a workbook holds; please save them as CSV.")
        raise Conflict(text, code="too_many_lines")
    book = Workbook(out, long=True)
    columns = [Column(say(one.title), one.unit, one.width) for one in FIELDS]
    told = ([_word(one, values[one.name]) for one in FIELDS] for values in every(actor, year))
    book.sheet(say(N_("Service records")), columns, told, still=2)
    book.close()


def size(items: list[dict[str, Any]], total: int) -> int:
    """About how many bytes of CSV so many records are, going by some of them."""
    if not items:
        return 0
    some = sheet.text([_in_text(one, values[one.name]) for one in FIELDS] for values in items)
    return len(some.encode()) * total // len(items)


def _of(actor: Actor, year: int) -> list[Any]:
    """Which records: none but for whom all companies are to see, for they tell how people are reached."""
    slot = year_slot(year)
    mine = sa.true() if policy.may_see_all(actor) else sa.false()
    ended = UsageRecord.ends_at.is_not(None), Booking.state == COMPLETED
    return [mine, UsageRecord.starts_at >= slot.start, UsageRecord.starts_at < slot.end, *ended]


def _values(row: Any) -> dict[str, Any]:
    return {
        "booking_id": row.booking_id,
        "instrument_no": row.code,
        "record_no": row.id,
        "amount_cny": Sum(worth=row.minutes * int(row.rate_cny_per_hour * 100)).estimate_cny,
        "starts_at": row.starts_at,
        "ends_at": row.ends_at,
        "service_hours": rules.hours(row.minutes),
        "content": row.purpose,
        "way": _way(row.booking_modes, row.internal),
        "object": INTERNAL if row.internal else EXTERNAL,
        **_unknown(),
        "applicant": row.name,
        "phone": row.phone or None,
        "email": row.email,
        "unit": row.company_name,
    }


def _unknown() -> dict[str, None]:
    """What nobody is asked for yet."""
    never = ("direction", "subject", "funding_source", "field", "agreement", "place", "satisfaction")
    return dict.fromkeys(never)


def _way(modes: str, internal: bool) -> str | None:
    """The owner uses what is theirs; others as the instrument is booked, where that leaves no choice."""
    ways = {_WAYS[mode] for mode in modes.split("|") if mode in _WAYS}
    if internal:
        return OCCUPIED
    return ways.pop() if len(ways) == 1 else None


def _word(field: Field, value: Any) -> Any:
    """As the form says it; what people wrote is never taken for a word of ours."""
    return say(WORDS[value]) if field.name in ("way", "object") and value is not None else value


def _in_text(field: Field, value: Any) -> Any:
    if field.unit == MOMENT:
        return value.astimezone(LOCAL).strftime("%Y-%m-%d %H:%M:%S")
    return _word(field, value)
