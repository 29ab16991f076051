"""Asking for time: pick a free slot, see the verdict at once, confirm."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from flask import Response, flash, make_response, redirect, request, url_for
from flask_babel import gettext as _

from labshare.booking import free, policy, queries, rules, services
from labshare.booking.pages.frame import asked_day, offers, pages
from labshare.booking.schemas import BookingIn, CheckIn
from labshare.booking.services.asking import Verdict
from labshare.instruments import hours
from labshare.instruments import queries as catalogue
from labshare.instruments.queries import Known
from labshare.instruments.words import hours as hours_in_words
from labshare.instruments.words import length
from labshare.kernel import clock
from labshare.kernel.errors import N_, Conflict, Invalid, NotFound, Problem, Reason
from labshare.kernel.slots import day_of
from labshare.quotas import words
from labshare.web.bodies import form as fields_of
from labshare.web.bodies import load
from labshare.web.guard import actor
from labshare.web.htmx import Form, show
from labshare.web.i18n import own, said, say
from labshare.web.retrying import form_retry, new_key
from labshare.web.wall import as_local, as_moment

FIELDS = ("instrument", "starts_at", "ends_at", "purpose", "company", "reason")


@pages.get("/bookings/new")
def new() -> str:
    """The form, with the free slots of a day beside it."""
    code = request.args.get("instrument", "")
    known = catalogue.known(code) if code else None
    values = {name: request.args[name] for name in FIELDS if request.args.get(name)}
    verdict = None
    if known and values.get("starts_at") and values.get("ends_at"):
        verdict = _verdict(known, values)
    return _page(known, Form(values), verdict)


@pages.post("/bookings/new")
def pick() -> Any:
    """The form as it stands, with one of the times that were offered instead."""
    values = sent()
    values |= dict(zip(("instrument", "starts_at", "ends_at"), request.form.get("pick", "").split(), strict=False))
    try:
        known = instrument_of(values)
    except Invalid as problem:
        return again(None, values, problem)
    return _page(known, Form(values), _verdict(known, values))


@pages.post("/bookings/check")
def check() -> str:
    """The dry run's verdict on the form as it stands, for htmx."""
    values = sent()
    known = instrument_of(values)
    return _page(known, Form(values), _verdict(known, values))


@pages.post("/bookings")
def create() -> Any:
    """Ask; a refusal shows the form again with every reason and the nearest alternatives."""
    values = sent()
    try:
        known = instrument_of(values)
    except Invalid as problem:
        return again(None, values, problem)
    try:
        draft = load(BookingIn(), wired(known, values))
        seen = services.request(actor(), draft, form_retry(url_for("bookings.show", booking_id=0)[:-1] + "{id}"))
    except (Invalid, Conflict) as problem:
        return again(known, values, problem)
    if seen.state == "approved":
        flash(_("Booked: the time is yours."), "good")
    else:
        flash(_("Asked: the time is held for you until it is answered."), "good")
    return redirect(url_for("bookings.show", booking_id=seen.id), 303)


def sent() -> dict[str, Any]:
    """The form as it was sent; with what staff let pass, where they do."""
    waived = request.form.getlist("waive")
    return {**fields_of(*FIELDS), **({"waive": waived} if waived else {})}


def instrument_of(values: dict[str, Any]) -> Known:
    """The instrument the form names, or Invalid naming the field."""
    try:
        return catalogue.known(values.get("instrument", ""))
    except NotFound:
        raise Invalid(fields={"instrument": [N_("There is no instrument with this code.")]}) from None


def wired(known: Known, values: dict[str, Any]) -> dict[str, Any]:
    """The form as the JSON door would have sent it."""
    wire: dict[str, Any] = dict(values)
    for name in ("starts_at", "ends_at"):
        if name in wire:
            wire[name] = as_moment(wire[name], known.zone)
    return wire


def _verdict(known: Known, values: dict[str, Any]) -> Verdict | Problem:
    try:
        return services.check(actor(), load(CheckIn(), wired(known, values)))
    except (Invalid, NotFound) as problem:
        return problem


def again(known: Known | None, values: dict[str, Any], problem: Problem) -> Response:
    """The form once more, with every reason."""
    errors = said(problem.fields)
    page = _page(known, Form(values, errors), problem)
    return make_response(page, problem.status)


def _page(known: Known | None, form: Form, verdict: Verdict | Problem | None) -> str:
    now = clock.now()
    shown: dict[str, Any] = {
        "form": form,
        "known": known,
        "verdict": _judged(known, verdict) if known and verdict is not None else None,
        "waivable": _waivable(known, form, verdict) if known else [],
        "instrument_options": [
            (one.code, f"{one.code} · {own(one.name_en, one.name_zh)}") for one in catalogue.known_in_service()
        ],
        "length_words": lambda minutes: say(length(minutes)),
        "words": words,
        "companies": queries.customers() if actor().is_staff else [],
        "retry_key": new_key(),
    }
    if known is not None:
        shown |= _free(known, form, now)
    return show("booking/new.html", "verdict" if request.path.endswith("/check") else None, **shown)


def _free(known: Known, form: Form, now: Any) -> dict[str, Any]:
    """The free slots of the chosen day, of the chosen length."""
    day = asked_day(known.zone, now, 1, form.values.get("starts_at", ""))
    lengths = _lengths(known)
    minutes = request.args.get("minutes", type=int) or _asked_length(form) or min(lengths, key=lambda n: abs(n - 60))
    slots = free.of_instrument(known, day_of(day, known.zone), minutes, now)
    stretches, provisional = hours.of([known])[known.id].of_day(day)
    inside = [slot for slot in slots if slot.start.astimezone(known.zone).date() == day]
    shown = [
        {
            "label": slot.start.astimezone(known.zone).strftime("%H:%M"),
            "href": _pick(known, slot, day, minutes),
            "picked": as_local(slot.start, known.zone) == form.values.get("starts_at"),
        }
        for slot in inside
    ]
    return {
        "day": day,
        "before": day - timedelta(days=1),
        "after": day + timedelta(days=1),
        "today": now.astimezone(known.zone).date(),
        "minutes": minutes,
        "length_options": [(one, say(length(one))) for one in sorted({*lengths, minutes})],
        "slots": shown,
        "open": say(hours_in_words(stretches)),
        "provisional": provisional,
    }


def _asked_length(form: Form) -> int | None:
    try:
        first, last = (datetime.fromisoformat(form.values[n]) for n in ("starts_at", "ends_at"))
        return max(int((last - first).total_seconds() // 60), 1)
    except (KeyError, ValueError, TypeError):
        return None


def _lengths(known: Known) -> list[int]:
    """Lengths to choose from: at most a dozen, on the grid, from the shortest to the longest."""
    first = -(-known.min_minutes // known.grid_minutes) * known.grid_minutes
    every = list(range(first, known.max_minutes + 1, known.grid_minutes))
    if len(every) <= 12:
        return every or [known.min_minutes]
    step = -(-len(every) // 12)
    return sorted({*every[:4], *every[::step], every[-1]})


def _pick(known: Known, slot: Any, day: Any, minutes: int) -> str:
    return url_for(
        "bookings.new",
        instrument=known.code,
        day=day.isoformat(),
        minutes=minutes,
        starts_at=as_local(slot.start, known.zone),
        ends_at=as_local(slot.end, known.zone),
        company=request.args.get("company") or None,
        _anchor="ask",
    )


def _waivable(known: Known, form: Form, verdict: Verdict | Problem | None) -> list[tuple[str, str]]:
    """Which of the reasons against it the reader may let pass, and which they do already: code and why."""
    if verdict is None or not policy.may_waive(actor(), known.site_id):
        return []
    if isinstance(verdict, Problem):
        reasons = verdict.reasons
    else:
        reasons = [*rules.refusals(verdict.facts), *rules.asks_for_hours(verdict.facts)]
    found = rules.waivable(reasons, form.values.get("waive", ()))
    return [(code, say(why)) for code, why in found.items()]


def _judged(known: Known, verdict: Verdict | Problem) -> dict[str, Any]:
    """The verdict as the page shows it, whether it came from the dry run or from a refusal."""
    if isinstance(verdict, Problem):
        return {
            "allowed": False,
            "reasons": [say(reason.message) for reason in verdict.reasons] or [say(verdict.detail or verdict.title)],
            "alternatives": offers(verdict.alternatives, known.code),
            "can_wait": _can_wait(verdict.reasons),
        }
    return {
        "allowed": verdict.allowed,
        "estimate": verdict.estimate_cny,
        "decide_by": verdict.decide_by,
        "reasons": [say(reason.message) for reason in verdict.reasons],
        "alternatives": offers(verdict.alternatives, known.code),
        "shares": [share for share in verdict.facts.shares if share.left is not None],
        "over_quota": verdict.over_quota,
        "provisional": verdict.facts.provisional,
        "in_house": verdict.facts.in_house,
        "can_wait": _can_wait(verdict.reasons),
    }


def _can_wait(reasons: Sequence[Reason]) -> bool:
    """Is it because others have the time?"""
    return bool({reason.code for reason in reasons} & rules.WAITED_OUT)
