"""A fact of the journal with what it is about: the booking it happened to, the instruments it names, who did it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from labshare.booking import lifecycle
from labshare.booking.models import Booking
from labshare.instruments.models import Instrument
from labshare.kernel.db import rows
from labshare.kernel.journal import Entry
from labshare.people.models import Company, Person, Site


@dataclass(frozen=True)
class About:
    """The booking a fact is about, as it stands now."""

    id: int
    state: str
    version: int
    starts_at: datetime
    ends_at: datetime
    purpose: str
    on_behalf: bool
    awaiting: str
    person_id: int
    person: str
    company_id: int
    company: str
    instrument_id: int
    code: str
    name_en: str
    name_zh: str
    location: str
    site_id: int
    site_en: str
    site_zh: str
    zone: str
    first_yes: int | None = None  # the journal's number of the first fact by which it was approved

    @property
    def tz(self) -> ZoneInfo:
        return ZoneInfo(self.zone)


@dataclass(frozen=True)
class Place:
    """An instrument a fact names, and where it stands."""

    id: int
    code: str
    name_en: str
    name_zh: str
    location: str
    site_id: int
    site_en: str
    site_zh: str
    zone: str

    @property
    def tz(self) -> ZoneInfo:
        return ZoneInfo(self.zone)


@dataclass(frozen=True)
class Fact:
    """One row of the journal; `who` is the name of the one who did it, None where nobody did, `company` whose it is.

    Of an offer, `booking` is the one that was displaced, and the instrument is the one whose time is offered.
    """

    id: int
    at: datetime
    kind: str
    object_id: int
    version: int | None
    company_id: int | None
    actor_id: int | None
    who: str | None
    data: Mapping[str, Any]
    booking: About | None
    company: str | None = None
    instruments: Sequence[Place] = ()  # by code

    @property
    def site_ids(self) -> set[int]:
        """Whose managers' matter it is: the booking's site, or else those of the instruments."""
        return {self.booking.site_id} if self.booking else {one.site_id for one in self.instruments}

    @property
    def in_calendars(self) -> bool:
        """Had the laboratory said yes to the booking before this happened? Then it stands in somebody's calendar."""
        yes = self.booking.first_yes if self.booking else None
        return yes is not None and yes < self.id

    @property
    def is_own_yes(self) -> bool:
        """Did the booking become firm by this, though it was its company that answered?"""
        yes = self.booking.first_yes if self.booking else None
        return yes == self.id and self.kind in ("booking_accepted", "booking_endorsed")

    def moment(self, name: str) -> datetime:
        """A moment the fact speaks of."""
        return datetime.fromisoformat(self.data[name])


_ENTRY: sa.Select[Any] = sa.select(
    *(Entry.id, Entry.at, Entry.kind, Entry.object, Entry.object_id, Entry.version, Entry.company_id, Entry.actor_id),
    *(Person.name.label("who"), Entry.data, Company.name.label("company")),
).select_from(Entry)
_ENTRY = _ENTRY.outerjoin(Person, Person.id == Entry.actor_id).outerjoin(Company, Company.id == Entry.company_id)

# Some facts say themselves that the booking is approved: an answer of the company's own is a yes where the laboratory's
# is not needed, or was given before.
_OWN_YES = sa.and_(Entry.kind.in_(sorted(lifecycle.SAYING)), Entry.data["state"].as_string() == lifecycle.APPROVED)
_FIRST_YES = (
    sa.select(sa.func.min(Entry.id))
    .where(Entry.object == "booking", Entry.object_id == Booking.id)
    .where(sa.or_(Entry.kind == "booking_approved", _OWN_YES))
    .scalar_subquery()
)
_ABOUT: sa.Select[Any] = (
    sa.select(  # type: ignore[assignment]
        *(Booking.id, Booking.state, Booking.version, Booking.starts_at, Booking.ends_at, Booking.purpose),
        *(Booking.on_behalf, Booking.awaiting, Booking.person_id, Person.name, Booking.company_id, Company.name),
        Booking.instrument_id,
        *(Instrument.code, Instrument.name_en, Instrument.name_zh, Instrument.location, Instrument.site_id),
        *(Site.name_en.label("site_en"), Site.name_zh.label("site_zh"), Site.zone, _FIRST_YES),
    )
    .join(Person, Person.id == Booking.person_id)
    .join(Company, Company.id == Booking.company_id)
    .join(Instrument, Instrument.id == Booking.instrument_id)
    .join(Site, Site.id == Instrument.site_id)
)


_PLACE: sa.Select[Any] = (
    sa.select(  # type: ignore[assignment]
        *(Instrument.id, Instrument.code, Instrument.name_en, Instrument.name_zh, Instrument.location),
        *(Instrument.site_id, Site.name_en.label("site_en"), Site.name_zh.label("site_zh"), Site.zone),
    )
    .join(Site, Site.id == Instrument.site_id)
    .order_by(Instrument.code)
)


def after(journal_id: int, kinds: Iterable[str], most: int) -> list[Fact]:
    """The next facts of these kinds in the journal's order."""
    wanted = _ENTRY.where(Entry.id > journal_id, Entry.kind.in_(sorted(kinds)))
    return _with_all(rows(wanted.order_by(Entry.id).limit(most)))


def numbered(ids: Iterable[int]) -> dict[int, Fact]:
    """These facts, by the journal's ids."""
    return {fact.id: fact for fact in _with_all(rows(_ENTRY.where(Entry.id.in_(sorted(set(ids))))))}


def _with_all(entries: Sequence[Any]) -> list[Fact]:
    """These facts with what they are about; two statements at most, however many they are."""
    of = {entry.id: entry.object_id if entry.object == "booking" else entry.data.get("booking_id") for entry in entries}
    wanted = sorted({number for number in of.values() if number is not None})
    known = {row.id: About(*row) for row in rows(_ABOUT.where(Booking.id.in_(wanted)))} if wanted else {}
    named = {entry.id: _named(entry.data) for entry in entries}
    some = sorted({number for numbers in named.values() for number in numbers})
    places = [Place(*row) for row in rows(_PLACE.where(Instrument.id.in_(some)))] if some else []
    return [
        Fact(
            *(one.id, one.at, one.kind, one.object_id, one.version, one.company_id, one.actor_id, one.who, one.data),
            known.get(of[one.id]),
            one.company,
            [place for place in places if place.id in named[one.id]],
        )
        for one in entries
    ]


def _named(data: Mapping[str, Any]) -> set[int]:
    """The instruments a fact names."""
    return {*data.get("instrument_ids", ()), *([data["instrument_id"]] if data.get("instrument_id") else ())}
