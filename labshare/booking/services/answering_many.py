"""Answering many requests at once: all of them or none, or each for itself, as the manager chooses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from labshare.booking import answering, lifecycle, policy
from labshare.booking.answering import Answered, Word
from labshare.booking.change import standing
from labshare.kernel import clock
from labshare.kernel.actor import Actor
from labshare.kernel.db import Transaction, transaction
from labshare.kernel.errors import N_, Busy, Forbidden, Invalid, NotAll, Problem
from labshare.kernel.retry import Replayed, Retry
from labshare.quotas.account import Overdrawn

MOST = 200
MOVES = ("approve", "reject")


@dataclass(frozen=True)
class Chosen:
    """A request that is to be answered; with `version` it is left alone where somebody else was faster."""

    booking_id: int
    version: int | None = None


@dataclass(frozen=True)
class Outcome:
    """What became of one of them: its state now, or why it could not be answered."""

    booking_id: int
    state: str
    problem: Problem | None = None


def answer_many(
    actor: Actor, chosen: Sequence[Chosen], move: str, word: Word, whole: bool, retry: Retry | None = None
) -> list[Outcome]:
    """Approve or reject these. `whole`: one transaction, and none where one fails; else each in its own.

    Raises Forbidden, Invalid, and for the whole NotAll with every one that failed and why.
    """
    if not policy.may_answer_many(actor):
        raise Forbidden
    if not word.text and (move == "reject" or word.waive):
        raise Invalid(fields={"reason": [N_("Say why.")]})
    now = clock.now()
    if not whole:
        return _each(actor, chosen, move, word, now, retry)
    try:
        return _whole(actor, chosen, move, word, now, retry)
    except Overdrawn:  # a colleague was faster: what is left now decides, and says which it is not enough for
        return _whole(actor, chosen, move, word, now, retry)


def _whole(
    actor: Actor, chosen: Sequence[Chosen], move: str, word: Word, now: datetime, retry: Retry | None
) -> list[Outcome]:
    done: list[Answered] = []
    failed: dict[int, Problem] = {}
    with transaction(retry=retry) as tx:
        for one in sorted(chosen, key=lambda one: one.booking_id):  # two who answer many never wait for each other
            try:
                done.append(_answer(tx, actor, one, move, word, now, done))
            except Problem as problem:
                failed[one.booking_id] = problem
        if failed:
            text = N_("%(failed)s of %(all)s cannot be answered so; none was.", failed=len(failed), all=len(chosen))
            raise NotAll("booking", failed, text)
        answering.settle(tx, actor, done, now)
        states = {one.booking.id: one.booking.state for one in done}
        return tx.done([Outcome(one.booking_id, states[one.booking_id]) for one in chosen])


def _each(
    actor: Actor, chosen: Sequence[Chosen], move: str, word: Word, now: datetime, retry: Retry | None
) -> list[Outcome]:
    if retry is not None:
        retry.replay()
    outcomes = [_one(actor, one, move, word, now, retry) for one in chosen]
    if retry is not None and not any(isinstance(one.problem, Busy) for one in outcomes):
        with transaction(retry=retry) as tx:  # what was only busy may be asked for again under the same key
            tx.done(outcomes)
    return outcomes


def _one(actor: Actor, one: Chosen, move: str, word: Word, now: datetime, retry: Retry | None) -> Outcome:
    """One by itself, under a key of its own: what was answered before the connection broke stays answered."""
    part = None if retry is None else retry.part(one.booking_id)
    try:
        with transaction(retry=part) as tx:
            done = _answer(tx, actor, one, move, word, now)
            answering.settle(tx, actor, [done], now)
            tx.done(done.booking)
    except Replayed:
        pass
    except Problem as problem:
        return Outcome(one.booking_id, "", problem)
    return Outcome(one.booking_id, lifecycle.MOVES[move][lifecycle.REQUESTED])


def _answer(
    tx: Transaction,
    actor: Actor,
    one: Chosen,
    move: str,
    word: Word,
    now: datetime,
    before: Sequence[Answered] = (),
) -> Answered:
    old = standing(actor, one.booking_id, move)
    if move == "approve":
        return answering.approve(tx, actor, old, one.version, word, now, before)
    return answering.reject(tx, actor, old, one.version, word, now)
