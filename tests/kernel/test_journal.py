"""Facts: one row each, with their reactions in the same transaction, first in first out, or not at all."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, ClassVar

import pytest
from flask import Flask
from sqlalchemy import insert, select

from labshare.kernel.actor import SYSTEM, Actor
from labshare.kernel.db import Transaction, rows, transaction
from labshare.kernel.journal import Entry, Event, Reaction, publish, record, row_of
from labshare.people.models import SignInFailure
from tests.kernel.happenings import NOON, BellRung, DoorOpened

MEI = Actor("person", person_id=7, name="Mei")
JOURNAL = Entry.__table__


def _journal() -> list[tuple[str, int]]:
    return [(row.kind, row.object_id) for row in rows(select(JOURNAL).order_by(JOURNAL.c.id))]


def _wire(app: Flask, wires: dict[type[Event], list[Reaction]]) -> None:
    app.extensions["subscriptions"] = wires


@dataclass(frozen=True, kw_only=True)
class LampLitTwice(Event):
    OBJECT: ClassVar[str] = "lamp"


def test_a_fact_is_one_row_that_says_who_what_and_when(app: Flask) -> None:
    with transaction() as tx:
        publish(tx, MEI, BellRung(object_id=3, version=2, company_id=5, loud=True), NOON)
        assert tx.published == 1
    [row] = rows(select(JOURNAL))
    assert (row.kind, row.object, row.object_id, row.version, row.company_id) == ("bell_rung", "bell", 3, 2, 5)
    assert (row.actor_id, row.at) == (7, NOON)
    assert row.data == {"at_desk": None, "guests": [], "hours": 0.0, "loud": True}


def test_the_system_acts_without_a_person(app: Flask) -> None:
    assert row_of(SYSTEM, DoorOpened(object_id=1), NOON)["actor_id"] is None


def test_a_fact_is_named_on_the_wire_by_its_class() -> None:
    assert [one.kind() for one in (BellRung, DoorOpened, LampLitTwice)] == [
        "bell_rung",
        "door_opened",
        "lamp_lit_twice",
    ]


def test_the_data_of_a_fact_is_json_and_repeats_no_column() -> None:
    at = datetime(2026, 12, 1, 9, tzinfo=UTC)
    data = BellRung(object_id=1, version=1, company_id=1, at_desk=at, guests=("李", "Bo")).data()
    assert data == {"at_desk": "2026-12-01T09:00:00+00:00", "guests": ["李", "Bo"], "hours": 0.0, "loud": False}
    assert json.loads(json.dumps(data)) == data
    assert not {"object_id", "version", "company_id", "OBJECT"} & set(data)


def test_reactions_run_in_the_same_transaction_with_the_same_words(app: Flask) -> None:
    seen: list[Any] = []

    def greet(tx: Transaction, actor: Actor, fact: BellRung, at: datetime) -> None:
        tx.execute(insert(SignInFailure).values(key="greeted", at=at))
        seen.append((actor, fact.object_id, at))

    _wire(app, {BellRung: [greet]})
    with transaction() as tx:
        publish(tx, MEI, BellRung(object_id=3), NOON)
        publish(tx, MEI, DoorOpened(object_id=4), NOON)  # nobody listens to doors
        assert [row.key for row in tx.execute(select(SignInFailure.key))] == ["greeted"]
    assert seen == [(MEI, 3, NOON)]


def test_what_a_reaction_publishes_waits_its_turn(app: Flask) -> None:
    order: list[str] = []

    def says(name: str, then: Event | None = None) -> Reaction:
        def react(tx: Transaction, actor: Actor, fact: Event, at: datetime) -> None:
            order.append(f"{name} {fact.object_id}")
            if then is not None:
                publish(tx, actor, then, at)

        return react

    _wire(
        app,
        {
            BellRung: [says("first", DoorOpened(object_id=8)), says("second", DoorOpened(object_id=9))],
            DoorOpened: [says("door", LampLitTwice(object_id=10)), says("also")],
        },
    )
    with transaction() as tx:
        publish(tx, MEI, BellRung(object_id=1), NOON)
        order.append("back")
    assert order == ["first 1", "second 1", "door 8", "also 8", "door 9", "also 9", "back"]
    assert _journal() == [
        ("bell_rung", 1), ("door_opened", 8), ("door_opened", 9), ("lamp_lit_twice", 10), ("lamp_lit_twice", 10),
    ]  # fmt: skip


def test_a_reaction_that_fails_takes_the_fact_and_its_change_with_it(app: Flask) -> None:
    def stumble(tx: Transaction, actor: Actor, fact: Event, at: datetime) -> None:
        tx.execute(insert(SignInFailure).values(key="stumbled", at=at))
        raise LookupError("no door there")

    _wire(
        app, {DoorOpened: [stumble], BellRung: [lambda tx, who, _, at: publish(tx, who, DoorOpened(object_id=2), at)]}
    )
    with pytest.raises(LookupError), transaction() as tx:
        publish(tx, MEI, BellRung(object_id=1), NOON)
    assert _journal() == []
    assert rows(select(SignInFailure.key)) == []
    _wire(app, {})  # the negative control: without the reaction it stays
    with transaction() as tx:
        publish(tx, MEI, BellRung(object_id=1), NOON)
    assert _journal() == [("bell_rung", 1)]


def test_nobody_reacts_to_news_of_the_past(app: Flask) -> None:
    _wire(app, {BellRung: [lambda *_: pytest.fail("somebody reacted")]})
    with transaction() as tx:
        record(tx, [(MEI, BellRung(object_id=number), NOON) for number in range(3)])
        assert tx.published == 3
    assert _journal() == [("bell_rung", number) for number in range(3)]
