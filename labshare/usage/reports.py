"""What a yearly report of a company, an instrument or the laboratory holds, and its figures by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from labshare.usage import rules
from labshare.usage.facts import Company, Instrument, Terms
from labshare.usage.figures import OF_COMPANY, OF_INSTRUMENT
from labshare.usage.sums import Sum

MONTHS = range(1, 13)


@dataclass(frozen=True)
class Sought:
    """Which year, and which part of the laboratory; `rated_hours` None: as the laboratory has it set."""

    year: int
    site: str | None = None
    category: int | None = None
    rated_hours: int | None = None

    @property
    def is_whole(self) -> bool:
        return self.site is None and self.category is None


@dataclass(frozen=True)
class CompanyYear:
    """A company's year, and its year before; `corrected_minutes` are corrections of closed years, made in this one."""

    company: Company
    sum: Sum
    before: Sum
    corrected_minutes: int = 0

    def figures(self) -> dict[str, Any]:
        """Everything by its name; hours as numbers, unrounded."""
        one, said = self.sum, self.company
        values = {
            "first_use": said.first_use,
            "last_use": said.last_use,
            "instruments": one.partners,
            "people": said.people,
            **_of_bookings(one),
            "allowed_hours": rules.hours(said.allowed_minutes),
            "account_hours": rules.hours(said.account_minutes),
            "corrected_hours": rules.hours(self.corrected_minutes),
        }
        return {name: values[name] for name in OF_COMPANY}


@dataclass(frozen=True)
class InstrumentYear:
    """An instrument's year, and its year before; `rated_hours` a channel."""

    instrument: Instrument
    sum: Sum
    before: Sum
    rated_hours: int

    def figures(self) -> dict[str, Any]:
        """Everything by its name; hours as numbers, unrounded; shares as parts of one."""
        one, said = self.sum, self.instrument
        rated = self.rated_hours * 60 * said.channels
        values = {
            "companies": one.partners,
            **_of_bookings(one),
            "offered_hours": rules.hours(said.offered_minutes),
            "fill_rate": rules.share(one.booked_minutes, said.offered_minutes),
            "rated_hours": rules.hours(rated),
            "utilisation": rules.share(one.effective_minutes, rated),
            "external_share": rules.share(one.external_minutes, one.effective_minutes),
            "maintenance_hours": rules.hours(said.maintenance_minutes),
            "outage_hours": rules.hours(said.outage_minutes),
            "answer_hours": rules.share(one.answer_minutes, 60 * one.answered),
        }
        return {name: values[name] for name in OF_INSTRUMENT}


def _of_bookings(one: Sum) -> dict[str, Any]:
    return {
        "bookings": one.asked,
        **{name: getattr(one, name) for name in ("approved", "rejected", "cancelled", "late_cancels", "no_shows")},
        "expired": one.expired,
        "displaced": one.displaced,
        "booked_hours": rules.hours(one.booked_minutes),
        "uses": one.uses,
        "effective_hours": rules.hours(one.effective_minutes),
        "external_uses": one.external_uses,
        "external_hours": rules.hours(one.external_minutes),
        "samples": one.samples,
        "credited_hours": rules.hours(one.credited_minutes),
        "estimate_cny": one.estimate_cny,
    }


def figures_of(one: Sum) -> dict[str, Any]:
    """What sums alone say, by name."""
    return _of_bookings(one)


@dataclass(frozen=True)
class Whole:
    """A year in full: its own figures, by month, and by instrument or by company."""

    months: Mapping[int, Sum]
    months_before: Mapping[int, Sum]
    parts: Sequence[tuple[Any, Sum]]  # Instrument of a company, Company of an instrument


@dataclass(frozen=True)
class Laboratory:
    """The year of the whole laboratory, or of a site or category of it."""

    sum: Sum
    before: Sum
    months: Mapping[int, Sum]
    months_before: Mapping[int, Sum]
    companies: Sequence[CompanyYear]
    served: int
    returning: int
    goal: int
    concentration: rules.Concentration
    terms: Terms

    @property
    def new(self) -> int:
        return self.served - self.returning
