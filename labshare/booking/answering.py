"""A manager's yes or no to requests: each changes its booking at once; what all of them free and hold comes last.

Runs in the caller's transaction.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from labshare.booking import charging, lifecycle, policy, queries, rules, waivers
from labshare.booking.change import change, refuse
from labshare.booking.events import BookingApproved, BookingRejected
from labshare.booking.queries import Seen
from labshare.booking.waivers import Waiving
from labshare.instruments import queries as catalogue
from labshare.instruments import timeline
from labshare.kernel.actor import Actor
from labshare.kernel.db import Transaction
from labshare.quotas import account, quotes
from labshare.quotas.models import RELEASE, WAIVER
from labshare.quotas.rules import Share


@dataclass(frozen=True)
class Word:
    """What is said with an answer, and which rules are let pass by name."""

    text: str = ""
    waive: Collection[str] = ()


@dataclass(frozen=True)
class Answered:
    """A request as it was and as it is now; `shares` are the hours that still have to be held for it."""

    old: Seen
    booking: Seen
    shares: tuple[Share, ...] = ()
    waiving: Waiving = waivers.NOTHING


def approve(
    tx: Transaction,
    actor: Actor,
    old: Seen,
    version: int | None,
    word: Word,
    now: datetime,
    before: Sequence[Answered] = (),
) -> Answered:
    """Yes; the hours that are left are what those answered `before` in this transaction leave. Raises Conflict."""
    known = catalogue.known_by_id(old.instrument_id)
    active = queries.company(old.company_id).state == "active"
    refuse(rules.wrong_move(old.state, "approve") or rules.awaits_company(old.awaiting))
    shares = quotes.of_slot(old.company_id, known, old.slot).shares if old.over_quota else ()
    shares = _left_by(before, shares)
    refuse(rules.approval_refusals(now, old.starts_at, known.state, active, shares, word.waive))
    values: dict[str, Any] = {"state": lifecycle.APPROVED, "answer": word.text, "decide_by": None, "over_quota": False}
    values |= {"answered_at": old.answered_at or now}
    waived = tuple(code for code in (rules.QUOTA,) if code in word.waive and rules.too_much(shares))
    seen = change(tx, actor, old, version, values, BookingApproved, now, answer=word.text, waived=waived)
    waiving = Waiving(waived, word.text)
    waivers.note(tx, actor, old.id, waiving, now)
    return Answered(old, seen, shares, waiving)


def _left_by(before: Iterable[Answered], shares: tuple[Share, ...]) -> tuple[Share, ...]:
    """The shares, as they are once the others have taken theirs."""
    taken: Counter[int] = Counter()
    for one in before:
        taken.update({share.balance_id: share.minutes for share in one.shares})
    return tuple(
        share if share.left is None else replace(share, left=share.left - taken[share.balance_id]) for share in shares
    )


def reject(tx: Transaction, actor: Actor, old: Seen, version: int | None, word: Word, now: datetime) -> Answered:
    """No, and why; its company's own admins say it while they are asked, the laboratory then. Raises Conflict."""
    own = policy.may_endorse(actor, old)
    refuse(rules.wrong_move(old.state, "reject") or ([] if own else rules.awaits_company(old.awaiting)))
    values: dict[str, Any] = {"state": lifecycle.REJECTED, "answer": word.text, "decide_by": None, "awaiting": ""}
    values |= {} if old.awaiting else {"answered_at": old.answered_at or now}
    return Answered(old, change(tx, actor, old, version, values, BookingRejected, now, answer=word.text))


def settle(tx: Transaction, actor: Actor, answered: Sequence[Answered], now: datetime) -> None:
    """What was refused is free, and its hours; what was approved holds its hours. All of one kind, and balances last.

    Raises Overdrawn where hours are not left any more.
    """
    refused = [one.old for one in answered if one.booking.state == lifecycle.REJECTED]
    if refused:
        timeline.release_all(tx, kind=timeline.BOOKING, owner_ids=[one.id for one in refused])
        account.post(tx, actor, charging.lines_of_release(refused, RELEASE), now)
        return
    fits, waived = ([one for one in answered if one.shares and bool(one.waiving.codes) is way] for way in (False, True))
    if fits and waived:  # two rounds over the balances: all are locked first, in their order
        account.locked(tx, {share.balance_id for one in answered for share in one.shares})
    if fits:
        account.post(tx, actor, _lines_of_hold(fits), now)
    if waived:
        account.post(tx, actor, _lines_of_hold(waived), now, forced=WAIVER)


def _lines_of_hold(answered: Iterable[Answered]) -> list[account.Entry]:
    return [
        line
        for one in answered
        for line in charging.lines_of_hold(one.old, one.shares, one.waiving.reason if one.waiving.codes else "")
    ]
