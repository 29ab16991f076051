"""The witness beside every test is awake: it notices an untold change, and only that."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy import event, insert

from labshare.kernel.db import db, transaction
from labshare.people.models import SignInFailure, Site
from tests.kernel.happenings import NOON, tell
from tests.witness import Witness

SITE = insert(Site).values(code="EAST", name_en="East", name_zh="东")


@pytest.fixture
def second(app: Flask, witness: Witness) -> Iterator[Witness]:
    """A witness of our own; what it may see untold, the one of the suite forgets."""
    watching = Witness()
    hooks = (
        ("before_cursor_execute", watching.saw),
        ("commit", watching.committed),
        ("rollback", watching.undone),
    )
    for name, hook in hooks:
        event.listen(db.engine, name, hook)
    yield watching
    for name, hook in hooks:
        event.remove(db.engine, name, hook)
    assert witness.untold == watching.untold  # both saw the same
    witness.untold.clear()


def test_a_change_that_nobody_was_told_of_is_noticed(second: Witness) -> None:
    with transaction() as tx:
        tx.execute(SITE)
    assert second.untold == ["changed site and published nothing"]
    with transaction() as tx:
        tx.execute(sa.text("\n  update site SET code = 'WEST'"))
    with transaction() as tx:
        tx.execute(sa.text("WITH old AS (SELECT 1) DELETE FROM site"))
    assert len(second.untold) == 3


def test_a_change_that_was_told_is_in_order(second: Witness) -> None:
    with transaction() as tx:
        tx.execute(SITE)
        tell(tx)
    assert second.untold == []


def test_what_was_undone_needs_no_telling(second: Witness) -> None:
    with suppress(LookupError), transaction() as tx:
        tx.execute(SITE)
        raise LookupError
    with transaction() as tx:  # and does not weigh on the next
        tell(tx)
    assert second.untold == []


def test_notes_that_are_no_facts_need_no_telling(second: Witness) -> None:
    with transaction() as tx:
        tx.execute(insert(SignInFailure).values(key="mei", at=NOON))
        tx.execute(sa.select(Site.id))
    assert second.untold == []
