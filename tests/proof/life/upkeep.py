"""Windows, outages and offers as the oracle believes them to be, and what they do to bookings."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from tests.proof.life.oracle import DAY, HOLDING, Booked, Oracle, Place

HOUR, HALF = timedelta(hours=1), timedelta(minutes=30)
WAIT = timedelta(minutes=2880)  # the instruments' time to answer
AROUND = 14 * DAY  # so far from the old time another is looked for
AHEAD = 90 * DAY  # so far ahead an instrument can be booked
BOOKABLE = ("in_service", "in_maintenance")
CLOSING = ("maintenance", "outage")
Span = tuple[datetime, datetime]


def over(one: Span, other: Span) -> bool:
    """Do they share a moment?"""
    return one[0] < other[1] and other[0] < one[1]


def without(span: Span, taken: Iterable[Span]) -> list[Span]:
    """What is left of it."""
    left = [span]
    for start, end in taken:
        left = [
            piece
            for a, b in left
            for piece in ((a, min(b, start)), (max(a, end), b))
            if piece[0] < piece[1] and (over((a, b), (start, end)) or piece == (a, b))
        ]
    return sorted(set(left))


@dataclass(eq=False)
class Window:
    """Planned maintenance."""

    id: int
    places: tuple[Place, ...]
    start: datetime
    end: datetime
    state: str = "planned"

    @property
    def live(self) -> bool:
        return self.state in ("planned", "open")


@dataclass(eq=False)
class Outage:
    """An instrument that broke down, until when its time is taken, and the stretches that are."""

    id: int
    place: Place
    began: datetime
    until: datetime
    taken: list[Span]
    state: str = "open"


@dataclass(eq=False)
class Displaced:
    """A booking whose time was taken back, and the time that is held for it, or was."""

    booking: Booked
    was: str
    cause: str
    cause_id: int
    state: str = "waiting"
    place: Place | None = None
    slot: Span | None = None
    answer_by: datetime | None = None


@dataclass
class Upkeep:
    """Everything that closes instruments, and whom it displaced."""

    oracle: Oracle
    windows: dict[int, Window] = field(default_factory=dict)
    outages: dict[int, Outage] = field(default_factory=dict)
    displaced: dict[int, Displaced] = field(default_factory=dict)  # by booking
    turns: dict[Place, list[tuple[datetime, str]]] = field(default_factory=dict)  # what instruments became, and when

    # ------------------------------------------------------------ what is the case

    def condition(self, place: Place) -> str:
        """In what state the instrument is."""
        turns = self.turns.get(place)
        return turns[-1][1] if turns else "in_service"

    def turn(self, place: Place, state: str, now: datetime) -> None:
        if self.condition(place) != state:
            self.turns.setdefault(place, []).append((now, state))

    def open_at(self, place: Place, but: Window | None = None) -> bool:
        """Is another window under way there?"""
        return any(one.state == "open" and place in one.places for one in self.windows.values() if one is not but)

    def outage_of(self, place: Place) -> Outage | None:
        return next((one for one in self.outages.values() if one.place is place and one.state == "open"), None)

    def offers(self) -> list[Displaced]:
        return [one for one in self.displaced.values() if one.state == "offered"]

    def closed(self, place: Place, but: Window | None = None) -> list[tuple[str, Span]]:
        """What is taken of the instrument's time by the laboratory, and as what."""
        found = [("maintenance", (one.start, one.end)) for one in self.windows.values()
                 if one.state != "cancelled" and place in one.places and one is not but]  # fmt: skip
        return found + [("outage", span) for one in self.outages.values() if one.place is place for span in one.taken]

    def taken(self, place: Place, span: Span, but: Booked | None = None) -> set[str]:
        """The reasons why nobody else can have this time, but for what the booking itself holds, or is offered."""
        found = {"maintenance" for _, one in self.closed(place) if over(one, span)}
        offered = any(one.place is place and one.booking is not but and one.slot and over(one.slot, span)
                      for one in self.offers())  # fmt: skip
        if offered or self.oracle.taken(place, *span, but=but):
            found.add("slot_taken")
        return found

    def standing_against(self, place: Place) -> set[str]:
        return set() if self.condition(place) in BOOKABLE else {"instrument_unavailable"}

    def hindered(self, booking: Booked, now: datetime) -> bool:
        """Was the instrument closed at some moment of the booking, so that nobody could come?"""
        span = (booking.start, booking.end)
        if any(over(one, span) for _, one in self.closed(booking.place)):
            return True
        until = max(now, booking.end)
        for at, state in reversed(self.turns.get(booking.place, ())):
            if state != "in_service" and over((at, max(until, at + timedelta.resolution)), span):
                return True
            until = at
        return False

    # ------------------------------------------------------------ time is taken back

    def in_the_way(self, place: Place, span: Span) -> tuple[list[Booked], list[Booked]]:
        """Bookings that lie there: those that can be displaced, and those whose users are at work."""
        there = [one for one in self.oracle.bookings.values() if one.place is place and one.state in HOLDING]
        waiting = [one for one in there if one.state != "in_use" and over((one.start, one.end), span)]
        at_work = [one for one in there if one.state == "in_use" and over((self.began(one), one.end), span)]
        return waiting, at_work

    @staticmethod
    def began(booking: Booked) -> datetime:
        """From when on a use that began early or late holds its time."""
        assert booking.used is not None
        return min(booking.start, booking.used[0])

    def displace(self, place: Place, span: Span, cause: str, cause_id: int) -> int:
        """The laboratory needs the time: bookings and offers give way; how many bookings did."""
        waiting, _ = self.in_the_way(place, span)
        for one in waiting:
            self.displaced[one.id] = Displaced(one, one.state, cause, cause_id)
            one.state, one.decide_by = "displaced", None
        for held in self.offers():
            if held.place is place and held.slot and over(held.slot, span):
                held.state, held.answer_by = "waiting", None
        return len(waiting)

    def reopen(self, window: Window, now: datetime) -> None:
        """The window is over: its instruments work again, but where something else closes them."""
        for place in window.places:
            if self.condition(place) == "in_maintenance" and not self.open_at(place, but=window):
                self.turn(place, "in_service", now)

    def break_down(self, outage: Outage, span: Span) -> None:
        """The outage takes what nobody else of the laboratory has."""
        self.displace(outage.place, span, "outage", outage.id)
        outage.taken += without(span, (one for _, one in self.closed(outage.place)))
        outage.until = span[1]

    # ------------------------------------------------------------ other times

    def nearest(self, booking: Booked, places: Iterable[Place], now: datetime) -> tuple[Place, Span] | None:
        """The free time nearest to the old one: on its own instrument, or else on one of its category."""
        here = self._nearest(booking, booking.place, now)
        if here is not None:
            return booking.place, here
        others = [(one, self._nearest(booking, one, now)) for one in places
                  if one is not booking.place and one.category == booking.place.category]  # fmt: skip
        found = [(abs(span[0] - booking.start), one, span) for one, span in others if span is not None]
        return min(found, key=lambda one: one[0])[1:] if found else None

    def _nearest(self, booking: Booked, place: Place, now: datetime) -> Span | None:
        if self.standing_against(place):
            return None
        length = booking.end - booking.start
        first = max(booking.start - AROUND, now)
        last = min(max(booking.end + AROUND, first + AROUND) - length, now + AHEAD)
        busy = [one for _, one in self.closed(place) if one[1] > now]
        busy += [(one.start, one.end) for one in self.oracle.bookings.values()
                 if one.place is place and one.state in HOLDING]  # fmt: skip
        busy += [one.slot for one in self.offers() if one.place is place and one.slot]
        for steps in range(int(max(abs(first - booking.start), abs(last - booking.start)) / HALF) + 2):
            for start in (booking.start - steps * HALF, booking.start + steps * HALF):
                span = (start, start + length)
                if first <= start <= last and not any(over(span, one) for one in busy):
                    return span
        return None
