"""The start page of each role: what needs an answer, what goes on, what comes next, where to go on."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from flask import Blueprint, url_for

from labshare.audit import queries as audit
from labshare.audit import ways
from labshare.audit.sentences import sentence
from labshare.audit.sentences.shape import Line
from labshare.booking import board, conduct, desk, queries, rules
from labshare.booking.models import Booking
from labshare.booking.queries import Seen
from labshare.booking.rules.conduct import WHAT_WORDS
from labshare.clockwork import queries as clockwork
from labshare.instruments import workdays
from labshare.kernel import clock
from labshare.kernel.actor import Actor
from labshare.kernel.db import rows
from labshare.maintenance import queries as maintenance
from labshare.notifications import queries as inbox
from labshare.people import queries as people
from labshare.quotas import rules as limits
from labshare.quotas import watch
from labshare.quotas import words as quota_words
from labshare.usage import queries as usage
from labshare.web.guard import actor
from labshare.web.htmx import show
from labshare.web.i18n import LOCAL, say

pages = Blueprint("home", __name__)

FEW = 6  # of each list: a start page shows what comes first
NEXT_DAYS = timedelta(days=7)  # of maintenance
NOTICE_LOOKED_FOR = timedelta(days=60)  # so far ahead bookings are made, and must know which days are worked


@pages.get("/")
def start() -> str:
    """The actor's own start page; a constant number of statements for each role."""
    who, now = actor(), clock.now()
    shown: dict[str, Any] = {"state_words": rules.STATE_WORDS, "unread": inbox.unread(who)}
    if who.company_id is not None:
        shown |= _company(who, who.company_id, now)
    if who.is_staff:
        shown |= _manager(who, now)
    if who.is_admin:
        shown |= _admin(who, now)
    if who.company_id is None:
        ahead = queries.listed(who, starts_from=now).where(queries.ahead(now))
        shown["upcoming"] = [Seen(*row) for row in rows(ahead.order_by(Booking.starts_at, Booking.id).limit(FEW))]
    return show("home.html", **shown)


def _company(who: Actor, company_id: int, now: datetime) -> dict[str, Any]:
    """What concerns the actor's company: answers, uses, bookings, hours; for its admins also its people."""
    return {
        "desk": desk.of(company_id, now),
        "own_waiting": queries.count_own_waiting(who, now),
        "to_endorse": queries.count_to_endorse(who, now),
        "limits": watch.running_of(company_id, now)[:FEW],
        "quota_words": quota_words,
        "own_counts": people.count_own(company_id, now) if who.is_company_admin else None,
        "year": now.astimezone(LOCAL).year,
    }


def _manager(who: Actor, now: datetime) -> dict[str, Any]:
    """What waits for the laboratory's answer, how its sites stand now, their maintenance, and the conduct to judge."""
    urgent = queries.waiting(who).where(Booking.starts_at > now).order_by(Booking.decide_by).limit(FEW)
    return {
        "waiting": [Seen(*row) for row in rows(urgent)],
        "waiting_count": queries.count_waiting(who, now),
        "board": board.count(board.lines(who, now)),
        "windows": maintenance.coming(who, now, now + NEXT_DAYS, FEW),
        "next_days": NEXT_DAYS.days,
        "objections": conduct.objections(who, now, FEW),
        "barred": conduct.running(who, now, FEW),
        "what_words": WHAT_WORDS,
    }


def _admin(who: Actor, now: datetime) -> dict[str, Any]:
    """What asks for an admin: companies, limits, calendars, jobs; how the year goes, and what was changed."""
    today = now.astimezone(LOCAL).date()
    near, jobs = watch.near_limit(now, limits.WARN_AT[0]), clockwork.lines(now)
    total, served = usage.so_far(who, today.year)
    return {
        "companies": people.count_companies(),
        "to_review": rows(people.companies(who, state="pending").order_by("name").limit(FEW)),
        "near": near[:FEW],
        "near_count": len(near),
        "quota_words": quota_words,
        "calendars": workdays.unpublished(sorted({today.year, (today + NOTICE_LOOKED_FOR).year})),
        "ailing": [line for line in jobs if line.pause is None and (line.failed or line.is_late)],
        "paused": [line for line in jobs if line.pause is not None],
        "jobs": len(jobs),
        "year": today.year,
        "total": total,
        "served": served,
        "goal": usage.goal(),
        "changes": [_told(line) for line in audit.changes(who, FEW)],
    }


def _told(line: Line) -> dict[str, Any]:
    """A line of the journal as a sentence, and where it leads."""
    way = ways.way(line)
    href = url_for(way[0], **way[1]) if way else None
    return {"at": line.at, "text": say(sentence(line)), "href": href}
