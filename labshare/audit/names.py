"""What the numbers in the journal are called: each table is asked once, however many lines there are."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from labshare.booking.models import Booking
from labshare.instruments.models import Category, Instrument
from labshare.kernel.db import rows
from labshare.maintenance.models import Window, WindowPlace
from labshare.notifications.models import Delivery
from labshare.people.models import Company, Person, Site

BOOKING, CATEGORY, COMPANY, DELIVERY, INSTRUMENT, PERSON, SITE, WINDOW = (
    *("booking", "category", "company", "delivery", "instrument", "person", "site", "maintenance_window"),
)
_FIELDS = {  # which table the numbers in a fact's field are of
    "person_id": PERSON,
    "owner_id": COMPANY,
    "site_id": SITE,
    "site_ids": SITE,
    "deputy_ids": SITE,
    "category_id": CATEGORY,
    "instrument_id": INSTRUMENT,
    "instrument_ids": INSTRUMENT,
    "booking_id": BOOKING,
    "new_booking_id": BOOKING,
    "replaces_id": BOOKING,
}
_OBJECTS = frozenset({BOOKING, COMPANY, DELIVERY, INSTRUMENT, PERSON, SITE, WINDOW})
_ASKED: dict[str, Any] = {  # in this order: windows and bookings name instruments
    WINDOW: sa.select(Window.id, Window.kind, Window.starts_at, Window.ends_at),
    BOOKING: sa.select(
        *(Booking.id, Booking.instrument_id, Booking.starts_at, Booking.ends_at, Booking.company_id),
    ),
    INSTRUMENT: sa.select(Instrument.id, Instrument.code, Instrument.name_en, Instrument.name_zh, Site.zone).join(
        Site, Site.id == Instrument.site_id
    ),
    SITE: sa.select(Site.id, Site.code, Site.name_en, Site.name_zh, Site.zone),
    CATEGORY: sa.select(Category.id, Category.name_en, Category.name_zh),
    COMPANY: sa.select(Company.id, Company.name),
    PERSON: sa.select(Person.id, Person.name),
    DELIVERY: sa.select(Delivery.id, Delivery.address),
}


class Names:
    """The rows that some lines of the journal speak of."""

    def __init__(self, entries: Sequence[Any]) -> None:
        wanted: dict[str, set[int]] = defaultdict(set)
        for entry in entries:
            for table, number in _spoken_of(entry):
                wanted[table].add(number)
        self._found: dict[str, dict[int, Any]] = {}
        self._places: dict[int, list[int]] = defaultdict(list)
        for table, asked in _ASKED.items():
            self._found[table] = self._ask(asked, wanted[table])
            if table == WINDOW:
                self._look_where(wanted)
            if table == BOOKING:
                wanted[INSTRUMENT] |= {row.instrument_id for row in self._found[BOOKING].values()}
                wanted[COMPANY] |= {row.company_id for row in self._found[BOOKING].values()}

    def of(self, table: str, number: Any) -> Any:
        """The row of this number; None where there is none any more."""
        return self._found[table].get(number) if isinstance(number, int) else None

    def places(self, window_id: int) -> list[int]:
        """The instruments a window is about."""
        return self._places.get(window_id, [])

    @staticmethod
    def _ask(asked: Any, numbers: set[int]) -> dict[int, Any]:
        key = asked.selected_columns[0]
        return {row.id: row for row in rows(asked.where(key.in_(sorted(numbers))))} if numbers else {}

    def _look_where(self, wanted: dict[str, set[int]]) -> None:
        if not wanted[WINDOW]:
            return
        mine = WindowPlace.window_id.in_(sorted(wanted[WINDOW]))
        for row in rows(sa.select(WindowPlace.window_id, WindowPlace.instrument_id).where(mine)):
            self._places[row.window_id].append(row.instrument_id)
            wanted[INSTRUMENT].add(row.instrument_id)


def _spoken_of(entry: Any) -> Iterator[tuple[str, int]]:
    if entry.object in _OBJECTS:
        yield entry.object, entry.object_id
    yield from _in_fields(entry.data)
    changes = entry.data.get("changes")
    if isinstance(changes, Mapping):
        yield from _in_fields(changes)
    for item in entry.data.get("items", ()):  # allowances: scope, its id, period, minutes, what happens over them
        scope, number, *_rest = str(item).split(" ")
        if scope in _ASKED and number.isdigit():
            yield scope, int(number)


def _in_fields(said: Mapping[str, Any]) -> Iterator[tuple[str, int]]:
    for field, table in _FIELDS.items():
        value = said.get(field)
        for number in value if isinstance(value, list | tuple) else [value]:
            if isinstance(number, int):
                yield table, number
