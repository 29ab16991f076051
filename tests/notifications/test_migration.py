"""The migration to messages carries over what was under way, and down again what the old schema has a word for."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask
from flask_migrate import downgrade, upgrade

from labshare.booking import events as booking
from labshare.kernel import clock
from labshare.kernel.actor import SYSTEM
from labshare.kernel.db import db, transaction
from labshare.kernel.journal import publish
from labshare.notifications.jobs import deliver, fan_out
from labshare.people.events import PasswordResetAsked
from tests.notifications.conftest import House


def said(statement: str) -> list[tuple[object, ...]]:
    with db.engine.connect() as connection:
        return [tuple(row) for row in connection.execute(sa.text(statement))]


@pytest.mark.unsound  # an older schema has no place to tell what it forgets
def test_what_was_under_way_goes_on_and_nothing_old_is_mailed(house: House, app: Flask) -> None:
    cast, now = house.cast, clock.now()
    for _ in range(2):
        house.happens(cast.li, booking.BookingApproved(**house.booking("mei")))
    with transaction() as tx:
        for _ in range(2):
            publish(tx, SYSTEM, PasswordResetAsked(object_id=cast.people["mei"]), now)
    first, _second = (row[0] for row in said("SELECT id FROM journal WHERE kind = 'password_reset_asked' ORDER BY id"))
    read = said("SELECT min(id) FROM journal WHERE kind = 'booking_approved'")[0][0]
    db.session.remove()
    downgrade(revision="0007")
    with db.engine.begin() as connection:  # as the version before leaves it: one mail tried, an inbox read halfway
        moments = {"now": now - timedelta(minutes=3), "first": first, "person": cast.people["mei"], "read": read}
        tried = "INSERT INTO delivery (journal_id, state, tries, next_try_at, changed_at, last_error, version) "
        typed = [sa.bindparam("now", type_=sa.DateTime(timezone=True))]
        once = sa.text(tried + "VALUES (:first, 'waiting', 1, :now, :now, 'away', 2)").bindparams(*typed)
        connection.execute(once, {name: moments[name] for name in ("first", "now")})
        mark = sa.text("INSERT INTO inbox_mark (person_id, seen_id) VALUES (:person, :read)")
        connection.execute(mark, {name: moments[name] for name in ("person", "read")})
    upgrade()
    mails = said("SELECT address, state, tries FROM delivery ORDER BY journal_id")
    assert mails == [("mei@cast.labshare.test", "waiting", 1), ("mei@cast.labshare.test", "waiting", 0)]
    messages = said('SELECT "group", person_id, read_at IS NULL FROM message ORDER BY journal_id')
    assert [tuple(map(str, row)) for row in messages] == [
        ("bookings", str(cast.people["mei"]), str(unread)) for unread in _booleans(False, True)
    ]
    assert fan_out(now) == {}
    assert deliver(now)["sent"] == 2
    db.session.remove()
    downgrade(revision="0007")
    assert said("SELECT state, tries FROM delivery ORDER BY journal_id") == [("sent", 2), ("sent", 1)]
    assert said("SELECT person_id, seen_id FROM inbox_mark") == [(cast.people["mei"], read)]
    upgrade()


def _booleans(*values: bool) -> list[object]:
    return list(values) if db.engine.dialect.name == "postgresql" else [int(value) for value in values]
