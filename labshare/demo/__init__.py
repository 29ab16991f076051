"""The demo laboratory: three sites, forty instruments, a hundred companies, a year of bookings.

All of it is invented. The same day and the same seed make the same rows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from importlib import resources
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from flask import current_app

from labshare.booking import tally
from labshare.booking.lifecycle import APPROVED, LIVE, REQUESTED
from labshare.booking.models import Booking, UsageRecord
from labshare.booking.rules import held
from labshare.config import Settings
from labshare.demo import conduct, displaced, opening
from labshare.demo.accounts import Books
from labshare.demo.care import Diary
from labshare.demo.cast import SIGN_INS, Cast, Casting, Told
from labshare.demo.displaced import Lost
from labshare.demo.maintenance import Workshop
from labshare.demo.shape import POPULARITY, Timelines, year
from labshare.demo.stories import Story, Teller
from labshare.demo.visits import Visits
from labshare.instruments import hours
from labshare.instruments.models import Claim
from labshare.instruments.queries import Known, known_all
from labshare.instruments.services import import_instruments
from labshare.instruments.timeline import BOOKING
from labshare.kernel import clock
from labshare.kernel.actor import SYSTEM
from labshare.kernel.db import Transaction, look_around, rows, transaction
from labshare.kernel.errors import N_, Conflict, Forbidden
from labshare.kernel.journal import Entry, record
from labshare.kernel.slots import local
from labshare.notifications import fanning
from labshare.people import passwords
from labshare.people.models import Company
from labshare.usage import heat
from labshare.usage import services as yearly

__all__ = ["PASSWORD", "SIGN_INS", "load", "refuse_production"]

PASSWORD = "labshare-demo"  # noqa: S105 - printed for whoever tries the demo; refused in production
ZONE = ZoneInfo("Asia/Shanghai")
CHUNK = 2000
CATALOGUED = timedelta(days=398)  # after the last customer came, before the first booking was asked for
TOLD = timedelta(days=30)  # what happened since then is in the inboxes
UNREAD = timedelta(days=1)  # and since then it is news

# What the fixed sign-ins find of their own: whose, instrument, workdays ahead, local start, minutes, state.
OWN = (
    ("member", "SEM-02", 1, 14 * 60, 120, APPROVED),
    ("member", "XRD-01", 2, 9 * 60 + 30, 60, APPROVED),
    ("member", "XPS-01", 3, 13 * 60, 120, REQUESTED),
    ("member", "RAM-01", 4, 10 * 60, 90, APPROVED),
    ("member", "FIB-01", 6, 9 * 60, 240, APPROVED),
    ("member", "TEM-01", 8, 13 * 60, 240, REQUESTED),
    ("member", "UVV-01", 9, 15 * 60, 60, APPROVED),
    ("company-admin", "ICP-01", 3, 9 * 60, 180, APPROVED),
    ("company-admin", "VNA-01", 7, 10 * 60, 120, REQUESTED),
    ("rival", "SEM-02", 2, 10 * 60, 120, APPROVED),
    ("rival", "XRD-01", 3, 14 * 60, 90, REQUESTED),
    ("rival", "PSA-01", 5, 11 * 60, 60, APPROVED),
)

Progress = Callable[[str, int, int], None]
_booking: Any = Booking.__table__
_NEW_BOOKINGS = sa.insert(_booking).returning(_booking.c.id, sort_by_parameter_order=True)
_NEW_USES = sa.insert(UsageRecord.__table__)  # type: ignore[arg-type]  # likewise
_NEW_CLAIMS = sa.insert(Claim.__table__)  # type: ignore[arg-type]  # a mapped class's __table__ is typed FromClause


def load(
    progress: Progress | None = None, *, today: date | None = None, seed: int = 2026, size: float = 1.0
) -> dict[str, int]:
    """Fill an empty database with the demo laboratory, some ten thousand bookings at `size` 1; what was made.

    Raises Forbidden in production and Conflict `not_empty` on a database that holds companies.
    """
    refuse_production()
    if rows(sa.select(Company.id).limit(1)):
        raise Conflict(N_("This database holds companies already; the demo needs an empty one."), code="not_empty")
    today = today or clock.now().astimezone(ZONE).date()
    now = local(today, time(), ZONE)  # nothing in the demo happened later than this, whenever today it is loaded
    say = progress or _silent
    rng = Random(f"{seed} {today}")
    cast = _enter_cast(rng, now, lambda done, of: say("companies", done, of))
    instruments = _enter_instruments(cast, now)
    say("instruments", len(instruments), len(instruments))
    stories, diary, lost = _tell(rng, cast, instruments, now, size, lambda done, of: say("year", done, of))
    books = Books(cast, stories, now)
    _enter_bookings(rng, cast, stories, books, (diary, lost), now, lambda done, of: say("bookings", done, of))
    look_around()
    for counted in heat.to_count(now):
        yearly.count_heat(SYSTEM, counted)
    return {
        "companies": len(cast.parties),
        "instruments": len(instruments),
        "bookings": len(stories),
        "upcoming": sum(story.values["state"] in LIVE and story.values["starts_at"] > now for story in stories),
    }


def refuse_production() -> None:
    """Raise Forbidden where the installation says that it is real."""
    settings: Settings = current_app.extensions["settings"]
    if settings.production:
        raise Forbidden(N_("The demo laboratory is not for production."))


def _silent(_what: str, _done: int, _of: int) -> None:
    pass


def _enter_cast(rng: Random, now: datetime, progress: Callable[[int, int], None]) -> Cast:
    password_hash = passwords.hashed(PASSWORD)
    with transaction() as tx:
        casting = Casting(tx, rng, now, password_hash)
        cast = casting.all(progress)
        record(tx, sorted(casting.told, key=_at))
    return cast


def _enter_instruments(cast: Cast, now: datetime) -> list[Known]:
    text = resources.files(__package__).joinpath("instruments.csv").read_text("utf-8")
    import_instruments(cast.admin, text, now=now - CATALOGUED)
    known = known_all(POPULARITY)
    opening.enter(cast.admin, known, now - CATALOGUED)
    return known


def _tell(
    rng: Random,
    cast: Cast,
    instruments: list[Known],
    now: datetime,
    size: float,
    progress: Callable[[int, int], None],
) -> tuple[list[Story], Diary, list[Lost]]:
    """Every booking of the demo, by when it was asked for; what was maintained meanwhile, and whom that displaced."""
    today = now.astimezone(ZONE).date()
    open_at = hours.of(instruments)
    timelines = Timelines(open_at)
    teller = Teller(rng, timelines, cast.parties, cast.managers, now)
    by_code = {known.code: known for known in instruments}
    first = open_at[by_code[OWN[0][1]].id]
    workdays, behind = (
        [day for day in days if day.weekday() < 5 and first.of_day(day)[0]]
        for days in (
            [today + n * step * timedelta(days=1) for n in range(1, most)] for step, most in ((1, 30), (-1, 120))
        )
    )
    diary = Diary(timelines, by_code, workdays, behind, now)
    stories = []
    for whose, code, ahead, start, minutes, fate in OWN:
        placed = timelines.place_at(by_code[code], workdays[ahead], start, minutes)
        if placed is None:
            raise RuntimeError(f"{whose}'s slot on {code} should be free in an empty laboratory")
        stories.append(teller.tell(placed, who=cast.known[whose], fate=fate))
    lost = displaced.tell(rng, timelines, cast, diary)
    for one in lost:
        stories += [one.story, *([one.successor] if one.successor else [])]
    placed_all = year(rng, timelines, instruments, today, size=size, progress=progress)
    stories += [teller.tell(placed) for placed in placed_all]
    names: dict[int, str] = dict(rows(sa.select(Company.id, Company.name)))
    visits = Visits(rng, timelines, cast.managers, names, now)
    for story in stories:
        if story.values["state"] == APPROVED and story.placed.slot.start < now:
            visits.tell(story)
    return sorted(stories, key=lambda story: story.values["created_at"]), diary, lost


def _enter_bookings(
    rng: Random,
    cast: Cast,
    stories: list[Story],
    books: Books,
    kept: tuple[Diary, list[Lost]],
    now: datetime,
    progress: Callable[[int, int], None],
) -> None:
    """Bookings and their claims, maintenance, who came last, accounts and the journal, in one transaction."""
    told: list[Told] = []
    entered: list[tuple[Story, int]] = []
    of = 3 * len(stories)  # about two facts a booking
    with transaction(lock={story.values["instrument_id"] for story in stories}) as tx:
        for chunk in _chunks(stories):
            ids = tx.execute(_NEW_BOOKINGS, [story.row() for story in chunk]).scalars().all()
            numbered = list(zip(chunk, ids, strict=True))
            if claims := [_claim(story, number) for story, number in numbered if story.values["state"] in LIVE]:
                tx.execute(_NEW_CLAIMS, claims)
            if uses := [story.use | {"booking_id": number} for story, number in numbered if story.use]:
                tx.execute(_NEW_USES, uses)
            entered += numbered
            progress(ids[-1] - ids[0] + 1, of)
        diary, lost = kept
        workshop = Workshop(tx, cast, diary)
        workshop.enter(lost, entered)
        for story, number in entered:
            told += story.events(number)
        told += workshop.told
        told += conduct.enter(tx, entered, now)
        casting = Casting(tx, rng, now)
        casting.newcomers(cast)
        told += casting.told
        books.enter(tx, entered)
        told += books.told
        told.sort(key=_at)  # stable: the facts of one booking stay in their order
        for number, chunk in enumerate(_chunks(told)):
            record(tx, chunk)
            progress(min(len(stories) + number * CHUNK, of), of)
        _fill_inboxes(tx, now)
        tally.add(tx, tally.differences(tx.session))
    progress(of, of)


def _at(fact: Told) -> datetime:
    return fact[2]


def _chunks(items: list[Any]) -> Iterator[list[Any]]:
    for start in range(0, len(items), CHUNK):
        yield items[start : start + CHUNK]


def _claim(story: Story, booking_id: int) -> dict[str, Any]:
    known = story.placed.instrument
    slot = story.claim or held(known, story.placed.slot)
    return {
        "instrument_id": known.id,
        "channel": story.placed.channel,
        "starts_at": slot.start,
        "ends_at": slot.end,
        "kind": BOOKING,
        "owner_id": booking_id,
    }


def _fill_inboxes(tx: Transaction, now: datetime) -> None:
    """Everybody finds the last month in their inbox, the last day of it unread; nobody is mailed what is invented."""
    newest = tx.execute(sa.select(sa.func.coalesce(sa.func.max(Entry.id), 0))).scalar_one()
    lately = sa.select(sa.func.coalesce(sa.func.min(Entry.id), 1)).where(Entry.at > now - TOLD)
    after = tx.execute(lately).scalar_one() - 1
    while facts := fanning.next_facts(after):
        fanning.write(tx, replace(fanning.prepare(facts, now, read_before=now - UNREAD), deliveries=[]))
        after = facts[-1].id
    fanning.move(tx, newest)
