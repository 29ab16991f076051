"""Faults to be planted one at a time, each in one function of the product: the machine must find every one.

A later issue adds its own: a name, and how it is planted.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from labshare.booking import answering, charging, displacement, ending, lifecycle, reactions, rules, waitlist
from labshare.booking.services import deciding, extending, forgiving, lining_up, offering, waiting
from labshare.instruments import timeline
from labshare.kernel.actor import Actor
from labshare.kernel.db import Transaction
from labshare.maintenance.services import breaking, planning
from labshare.quotas import account, quotes
from labshare.quotas import rules as counting
from labshare.quotas.account import Entry
from labshare.quotas.models import CORRECTION, USE
from labshare.quotas.quotes import Quote

Plant = Callable[[pytest.MonkeyPatch], None]
FAULTS: dict[str, Plant] = {}


class Changed:
    """A module as it is, but for what is given here."""

    def __init__(self, module: Any, **instead: Any) -> None:
        self._module = module
        self.__dict__.update(instead)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._module, name)


def fault(plant: Plant) -> Plant:
    FAULTS[plant.__name__] = plant
    return plant


def _nothing(*_values: Any, **_more: Any) -> int:
    return 0


@fault
def a_rejected_request_keeps_its_hours(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(answering, "charging", Changed(charging, lines_of_release=lambda *_: []))


@fault
def an_expired_request_keeps_its_hours(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(waiting, "charging", Changed(charging, let_go=_nothing))


@fault
def of_two_periods_only_the_first_counts(patch: pytest.MonkeyPatch) -> None:
    whole = counting.pieces

    def pieces(*values: Any) -> list[tuple[date, int]]:
        found = whole(*values)
        return [(found[0][0], sum(minutes for _, minutes in found))] if found else []

    patch.setattr(counting, "pieces", pieces)


@fault
def a_use_is_what_was_booked(patch: pytest.MonkeyPatch) -> None:
    lines = charging.lines_of_use

    def of_use(old: Any, known: Any, start: Any, end: Any, kind: str, *more: Any) -> list[Entry]:
        start, end = (old.starts_at, old.ends_at) if kind == USE else (start, end)
        return lines(old, known, start, end, kind, *more)

    patch.setattr(charging, "lines_of_use", of_use)


@fault
def cancelling_in_time_costs_as_much(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(rules, "late_to_cancel", lambda *_: True)


@fault
def who_does_not_come_pays_nothing(patch: pytest.MonkeyPatch) -> None:
    def missed(tx: Any, actor: Any, old: Any, _percent: int, _excuse: str, now: datetime) -> None:
        charging.let_go(tx, actor, old, now)

    patch.setattr(charging, "missed", missed)


@fault
def who_is_forgiven_pays_all_the_same(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(forgiving, "charging", Changed(charging, forgiven=_nothing))


@fault
def a_part_of_it_taken_over_is_all_of_it(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(rules, "is_taken_over", lambda *_: True)


@fault
def a_move_holds_anew_and_gives_nothing_back(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(charging, "account", Changed(account, rehold=lambda *values: account.hold(*values[:5])))


@fault
def what_is_waived_has_no_line(patch: pytest.MonkeyPatch) -> None:
    grant = account._grant

    def granted(*values: Any) -> list[Entry]:
        grant(*values)
        return []

    patch.setattr(account, "_grant", granted)


@fault
def a_balance_is_changed_twice(patch: pytest.MonkeyPatch) -> None:
    twice = {"held": account._balance.c.held + account._held + account._held}
    patch.setattr(account, "_CHANGE", account._CHANGE.values(twice))


@fault
def a_category_is_not_counted(patch: pytest.MonkeyPatch) -> None:
    counted = quotes._counted

    def blind(*values: Any, **more: Any) -> Quote:
        found = counted(*values, **more)
        shares = tuple(share for share in found.shares if share.scope != "category")
        return Quote(found.account_id, shares, found.company_cap, found.person_cap)

    patch.setattr(quotes, "_counted", blind)


@fault
def days_end_at_midnight_in_greenwich(patch: pytest.MonkeyPatch) -> None:
    pieces = counting.pieces

    def in_greenwich(start: datetime, end: datetime, kind: str, _zone: ZoneInfo, *more: Any) -> Any:
        return pieces(start, end, kind, ZoneInfo("UTC"), *more)

    patch.setattr(counting, "pieces", in_greenwich)


@fault
def a_correction_adds_all_of_it_again(patch: pytest.MonkeyPatch) -> None:
    def corrected(
        tx: Transaction, actor: Actor, old: Any, known: Any, start: datetime, end: datetime, now: datetime, _why: str
    ) -> None:
        shares = quotes.of_use(old.company_id, old.id, known, start, end)
        mine = charging.whose(old)
        more = [Entry(share.balance_id, share.terms, CORRECTION, share.minutes, mine) for share in shares]
        account.post(tx, actor, more, now, forced="overtime")

    patch.setattr(charging, "corrected", corrected)


@fault
def what_was_booked_before_does_not_count(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(reactions, "charging", Changed(charging, catch_up=_nothing))


# ---------------------------------------------------------------- maintenance


@fault
def who_is_displaced_gets_no_hours_back(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(displacement, "charging", Changed(charging, lines_of_release=lambda *_: []))


@fault
def a_window_forgets_its_last_instrument(patch: pytest.MonkeyPatch) -> None:
    every = timeline.claim_all

    def all_but_one(tx: Transaction, kind: str, places: Any) -> int:
        some = list(places)
        return every(tx, kind, some[:-1] if kind == timeline.MAINTENANCE and len(some) > 1 else some)

    patch.setattr(planning, "timeline", Changed(timeline, claim_all=all_but_one))


@fault
def an_accepted_offer_holds_no_hours(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(offering, "account", Changed(account, hold=_nothing))


@fault
def a_lapsed_offer_keeps_its_time(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(offering, "timeline", Changed(timeline, release=_nothing))


@fault
def an_offer_nobody_took_keeps_its_hours(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(waiting, "charging", Changed(charging, let_go=_nothing))


@fault
def an_offered_time_holds_nothing(patch: pytest.MonkeyPatch) -> None:
    def rehold(tx: Any, actor: Any, booking: Any, _shares: Any, _waiving: Any, now: datetime) -> None:
        charging.let_go(tx, actor, booking, now)

    patch.setattr(deciding, "charging", Changed(charging, rehold=rehold))


@fault
def time_that_was_asked_for_is_kept_beside_what_is_offered(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(deciding, "timeline", Changed(timeline, shift=_nothing))


@fault
def an_offer_is_held_for_ever(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(deciding, "rules", Changed(rules, hold_until=lambda slot, _now, _most: slot.start))


@fault
def time_held_for_who_waited_takes_no_hours(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(lining_up, "charging", Changed(charging, hold=_nothing))


@fault
def the_last_in_line_is_asked_first(patch: pytest.MonkeyPatch) -> None:
    in_order = waitlist.in_line
    patch.setattr(waitlist, "in_line", lambda now: in_order(now)[::-1])


@fault
def who_did_not_answer_waits_on(patch: pytest.MonkeyPatch) -> None:
    turn = waitlist.turn

    def passed_over(tx: Any, actor: Any, wait: Any, state: str, *more: Any, **said: Any) -> None:
        turn(tx, actor, wait, "waiting" if state == "passed" else state, *more, **said)

    patch.setattr(waitlist, "turn", passed_over)


@fault
def who_stays_longer_holds_no_more_hours(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(extending, "charging", Changed(charging, rehold=_nothing))


@fault
def the_displaced_keep_their_state(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(displacement, "lifecycle", Changed(lifecycle, DISPLACED=lifecycle.APPROVED))


@fault
def an_outage_leaves_who_comes_next_alone(patch: pytest.MonkeyPatch) -> None:
    def displace(_tx: Any, _actor: Any, some: Any, _cause: Any, _now: Any) -> list[Entry]:
        timeline.release_all(_tx, kind=timeline.BOOKING, owner_ids=[one.id for one in some.bookings])
        return []

    patch.setattr(breaking, "displacement", Changed(displacement, displace=displace))


@fault
def a_use_cut_short_takes_all_that_was_booked(patch: pytest.MonkeyPatch) -> None:
    lines = charging.lines_of_use

    def whole(old: Any, known: Any, start: Any, _end: Any, *more: Any) -> list[Entry]:
        return lines(old, known, start, old.ends_at, *more)

    patch.setattr(ending, "charging", Changed(charging, lines_of_use=whole))


@fault
def the_time_held_for_somebody_outlives_a_window(patch: pytest.MonkeyPatch) -> None:
    def withdraw(tx: Transaction, _actor: Any, offers: Any, _now: Any) -> None:
        timeline.release_all(tx, kind=timeline.OFFER, owner_ids=offers)

    patch.setattr(displacement, "_withdraw", withdraw)
