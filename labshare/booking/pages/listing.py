"""The company's bookings, one booking with its history, and what stands beyond a lowered allowance."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from flask import request, url_for

from labshare.booking import (
    access,
    conduct,
    displacement,
    lifecycle,
    outcomes,
    policy,
    presence,
    queries,
    rules,
    waivers,
)
from labshare.booking import beyond as standing_beyond
from labshare.booking import dossier as dossiers
from labshare.booking import history as told
from labshare.booking.events import BookingOffered
from labshare.booking.models import Booking
from labshare.booking.pages.frame import another_end, pages
from labshare.booking.queries import Seen
from labshare.booking.rules.conduct import WHAT_WORDS
from labshare.booking.sentences import CAUSE_WORDS, USE_WORDS, sentence
from labshare.booking.words import REJECT_TEMPLATES
from labshare.instruments import queries as catalogue
from labshare.instruments.queries import Known
from labshare.kernel import clock
from labshare.kernel.actor import Actor
from labshare.kernel.errors import N_, Text
from labshare.kernel.slots import MINUTE
from labshare.people import queries as people
from labshare.quotas import quotes, words
from labshare.quotas.policy import sees_account
from labshare.quotas.rules import charged
from labshare.web.bodies import load
from labshare.web.guard import actor, first
from labshare.web.htmx import Form, show
from labshare.web.i18n import say, span
from labshare.web.paging import PageArguments, page
from labshare.web.retrying import new_key
from labshare.web.wall import as_local

IN_HOUSE = "in_house"
TIMES = ("starts_at", "ends_at")  # as a link to another time fills them in
TABS = {
    "upcoming": N_("Upcoming"),
    IN_HOUSE: N_("To approve in-house"),
    "waiting": N_("Waiting for an answer"),
    "past": N_("Past"),
    "all": N_("All"),
}


def tabs(chosen: str, **more: Any) -> list[Any]:
    """The tabs over lists of bookings, and the ways to a company's month and the waiting list beside them."""
    who = actor()
    counts = {IN_HOUSE: (queries.count_to_endorse(who, clock.now()),)} if who.is_company_admin else {}
    lists = [
        (url_for("bookings.listed", tab=name, **more), words, name == chosen, *counts.get(name, ()))
        for name, words in tabs_of(who).items()
    ]
    month = [(url_for("bookings.calendar"), N_("Calendar"), chosen == "month")] if who.company_id is not None else []
    return [*lists, *month, (url_for("bookings.waitlist"), N_("Waiting list"), chosen == "waitlist")]


def tabs_of(who: Actor) -> dict[str, Text]:
    """Which lists there are for whom: what a company approves in-house is its admins' matter."""
    return {name: words for name, words in TABS.items() if name != IN_HOUSE or who.is_company_admin}


@pages.get("/bookings")
def listed() -> str:
    """The bookings the actor may see, by tab."""
    who, now = actor(), clock.now()
    state = request.args.get("state")
    state = state if state in lifecycle.STATES else None
    tab = request.args.get("tab", "all" if state else "upcoming")
    tab = tab if tab in tabs_of(who) else "upcoming"
    mine = request.args.get("mine") == "1"
    statement = queries.listed(who, mine=mine, state=state)
    if tab == "upcoming":
        statement = statement.where(queries.ahead(now))
    elif tab == IN_HOUSE:
        statement = statement.where(queries.to_endorse(who, now))
    elif tab == "waiting":
        statement = statement.where(Booking.starts_at > now, queries.WAITS_FOR_LABORATORY)
    elif tab == "past":
        statement = statement.where(Booking.starts_at <= now)
    newest = tab in ("past", "all")
    found = page(statement, Booking.starts_at, Booking.id, 50, request.args.get("cursor"), newest_first=newest)
    shown: dict[str, Any] = {"tab": tab, "mine": "1" if mine else None, "state": state}
    more = url_for("bookings.listed", **shown, cursor=found.next) if found.next else None
    items = [Seen(*row) for row in found.items]
    return show(
        "booking/list.html",
        "rows",
        items=items,
        more=more,
        tabs=tabs(tab, mine=shown["mine"]),
        tab=tab,
        mine=mine,
        endorses=tab == IN_HOUSE,
        retry_key=new_key(),
        states=[("", say(TABS["all"])), *((one, say(rules.STATE_WORDS[one])) for one in lifecycle.STATES)],
        chosen={"values": {"state": state or ""}},
        instead=outcomes.open_for([one.id for one in items if one.state == lifecycle.DISPLACED]),
    )


@pages.get("/bookings/<id:booking_id>", endpoint="show")
def one(booking_id: int) -> str:
    """One booking: its facts, what can be done with it, and what happened to it."""
    return booking_page(booking_id, Form({name: request.args[name] for name in TIMES if name in request.args}))


def booking_page(booking_id: int, form: Form) -> str:
    """The page of one booking, perhaps with a form that was refused."""
    who, now = actor(), clock.now()
    seen = queries.seen(who, booking_id)
    entries = told.of_booking(booking_id)
    history = [{"at": row.at, "text": sentence(row.kind, row.data, row.who, seen.tz)} for row in entries]
    use = presence.use_of(booking_id)
    filled = "starts_at" in form.values
    start, end = (use.starts_at, use.ends_at or seen.ends_at) if use else (seen.starts_at, seen.ends_at)
    form.values.setdefault("starts_at", as_local(start, seen.tz))
    form.values.setdefault("ends_at", as_local(end, seen.tz))
    can = possible(who, seen, now)
    known = catalogue.known_by_id(seen.instrument_id)
    opens = seen.starts_at - known.check_in_minutes * MINUTE if "check_in" in can else now
    waits = seen.over_quota and seen.state == lifecycle.REQUESTED
    shares = quotes.of_slot(seen.company_id, known, seen.slot).shares if waits else ()
    cost = queries.charge_of_cancelling(who, seen, now) if "cancel" in can else 0
    way = displacement.way_on(seen, now)
    return show(
        "booking/show.html",
        booking=seen,
        use=use,
        history=history,
        can=can if opens <= now < seen.ends_at else can - {"check_in"},
        opens=opens if opens > now else None,
        form=form,
        filled=filled,
        use_words=USE_WORDS,
        shares=[share for share in shares if share.left is not None],
        in_house=seen.state == lifecycle.REQUESTED and seen.awaiting == lifecycle.COMPANY,
        colleagues=_colleagues(who, seen) if "hand_over" in can else [],
        **(another_end(who, seen, known, now) if "change_end" in can else {}),
        provisional=seen.provisional and seen.state in lifecycle.AHEAD,
        cost=cost,
        lost=charged(seen.slot.minutes, cost or seen.charge) / 60,
        sees_account=sees_account(who, seen.company_id),
        words=words,
        way=way,
        offered=_offered(seen, known, entries) if seen.state == lifecycle.OFFERED else None,
        successor=outcomes.successor(seen.id) if way is not None else None,
        may_answer=policy.MAY["accept"](who, seen),
        cause_words=CAUSE_WORDS,
        held_against=conduct.of_booking(booking_id),
        conduct_words=WHAT_WORDS,
        dossier=dossiers.of([seen], now)[0] if {"approve", "offer"} & can else None,
        waived=waivers.of_bookings([seen.id])[seen.id],
        rule_words=rules.RULE_WORDS,
        templates=REJECT_TEMPLATES,
        retry_key=new_key(),
    )


def _offered(seen: Seen, known: Known, entries: Sequence[Any]) -> dict[str, Any]:
    """Why the time is held until it is answered: it was waited for, or another had been asked for."""
    data: dict[str, Any] = next((row.data for row in reversed(entries) if row.kind == BookingOffered.kind()), {})
    old = [data.get(name) for name in ("old_starts_at", "old_ends_at")]
    first, last = (datetime.fromisoformat(one) if one else None for one in old)
    return {
        "waited": bool(data.get("waitlist_id")),
        "instead": span(first, last, seen.tz) if first and last else "",
        "approval": known.approval,
    }


BEFORE_IT_BEGINS = frozenset({"approve", "offer", "endorse", "accept", "reject", "cancel", "move", "hand_over"})


def possible(who: Actor, seen: Seen, now: datetime) -> set[str]:
    """The moves the actor may make with the booking as it stands; `record` also corrects what was used."""
    begun = seen.starts_at <= now
    moves = {*lifecycle.moves_from(seen.state), *({"record"} if seen.state == lifecycle.COMPLETED else ())}
    moves -= BEFORE_IT_BEGINS if begun else {"record"}
    if seen.awaiting != lifecycle.COMPANY:
        moves -= {"endorse"}
    elif not policy.may_endorse(who, seen):
        moves -= {"approve", "offer", "reject"}  # not before the company has said yes
    return {move for move in moves if move in policy.MAY and policy.MAY[move](who, seen)}


def _colleagues(who: Actor, seen: Seen) -> list[tuple[int, str]]:
    """To whom the booking could be handed over."""
    return [(one.id, one.name) for one in people.colleagues(who, seen.company_id) if one.id != seen.person_id]


@pages.get("/bookings/beyond")
@first(access.answerer)
def beyond() -> str:
    """Approved bookings that stand beyond a lowered allowance, the newest request first."""
    asked = load(PageArguments(), {name: request.args[name] for name in ("cursor",) if name in request.args})
    statement = standing_beyond.approved(actor(), clock.now())
    found = page(statement, Booking.id, Booking.id, asked["limit"], asked["cursor"], newest_first=True)
    more = url_for("bookings.beyond", cursor=found.next) if found.next else None
    items: list[Any] = [Seen(*row) for row in found.items]
    limits = standing_beyond.limits_of([one.id for one in items])
    return show("booking/beyond.html", "rows", items=items, more=more, limits=limits, words=words)
