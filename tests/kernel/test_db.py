"""One way to write: what it keeps, what it undoes, and that nothing is written beside it, on either engine."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy import event, insert, select
from sqlalchemy.exc import StatementError
from sqlalchemy.orm import Session

from labshare.kernel.db import Transaction, WrittenDateTime, db, like, rows, snapshot, swap, transaction
from labshare.kernel.errors import Conflict
from labshare.people.models import SignInFailure, Site
from tests.kernel.happenings import NOON, tell

# Counted failures stand for any row: nothing refers to them, and the witness lets them pass untold.
TRIES = SignInFailure.__table__
TRY = insert(SignInFailure).values(key="mei", at=NOON)
SITE = {"code": "EAST", "name_en": "East", "name_zh": "东"}


def _tries() -> list[str]:
    return [row.key for row in rows(select(TRIES.c.key).order_by(TRIES.c.id))]


def _elsewhere(statement: Any) -> None:
    """Commit a statement by another connection, as another worker would."""
    with db.engine.connect() as connection:
        connection.execute(statement)
        connection.commit()


def _throw(wrong: BaseException, _tx: Transaction) -> None:
    raise wrong


def _site() -> int:
    with transaction() as tx:
        site_id = tx.execute(insert(Site).values(SITE).returning(Site.id)).scalar_one()
        tell(tx)
    return int(site_id)


# ---------------------------------------------------------------- the transaction


def test_a_transaction_commits_once_at_its_end(app: Flask) -> None:
    commits: list[Any] = []
    saw = commits.append
    event.listen(db.engine, "commit", saw)
    with transaction() as tx:
        tx.execute(TRY)
        tx.execute(TRY)
        assert commits == []
    assert len(commits) == 1
    assert _tries() == ["mei", "mei"]
    assert len(commits) == 1  # reading commits nothing
    event.remove(db.engine, "commit", saw)


def test_whatever_goes_wrong_nothing_of_it_stays(app: Flask) -> None:
    def write_and(fail: Callable[[Transaction], object]) -> None:
        with transaction() as tx:
            tx.execute(TRY)
            fail(tx)

    for wrong in (ValueError("slip"), Conflict(), KeyboardInterrupt(), SystemExit(3)):
        with pytest.raises(type(wrong)):
            write_and(partial(_throw, wrong))
        assert _tries() == [], wrong
    with pytest.raises(sa.exc.DBAPIError):
        write_and(lambda tx: tx.execute(sa.text("SELECT nothing FROM nowhere")))
    assert _tries() == []
    with transaction() as tx:  # and the next one works
        tx.execute(TRY)
    assert _tries() == ["mei"]


def test_a_transaction_never_nests_and_the_outer_one_stands(app: Flask) -> None:
    with transaction() as tx:
        tx.execute(TRY)
        with pytest.raises(RuntimeError, match="never nests"), transaction():
            raise AssertionError("the inner one opened")
        tx.execute(TRY)
    assert _tries() == ["mei", "mei"]


def test_what_was_read_before_is_read_again_inside(app: Flask) -> None:
    site_id = _site()
    db.session().get(Site, site_id)  # as the sign-in's look would leave behind
    _elsewhere(TRY)
    with transaction() as tx:
        assert tx.execute(select(sa.func.count()).select_from(TRIES)).scalar_one() == 1


# ---------------------------------------------------------------- nothing beside it


def _flush(session: Session) -> None:
    session.add(SignInFailure(key="mei", at=NOON))
    session.flush()


STRAY = {
    "orm flush": _flush,
    "orm execute": lambda session: session.execute(TRY),
    "orm update": lambda session: session.execute(sa.update(SignInFailure).values(key="bo")),
    "core insert": lambda session: session.connection().execute(TRY),
    "core returning": lambda session: session.connection().execute(TRY.returning(TRIES.c.id)),
    "core delete": lambda session: session.connection().execute(sa.delete(TRIES)),
    "text": lambda session: session.connection().execute(sa.text("\n delete FROM sign_in_failure")),
    "driver": lambda session: session.connection().exec_driver_sql("DROP TABLE sign_in_failure"),
    "rows": lambda _: rows(TRY.returning(TRIES.c.id)),
}


def test_nothing_is_written_outside_a_transaction_by_whatever_road(app: Flask) -> None:
    with transaction() as tx:
        tx.execute(TRY)
    for road, write in STRAY.items():
        with pytest.raises(RuntimeError, match="inside transaction"):
            write(db.session())
        db.session().rollback()
        with snapshot() as session, pytest.raises(RuntimeError, match="inside transaction"):
            write(session)
        assert _tries() == ["mei"], road


def test_without_the_guard_a_stray_statement_would_stay(app: Flask) -> None:
    """The negative control: a connection that no session marked is in autocommit, on either engine."""
    with db.engine.connect() as connection:
        connection.execute(TRY)
        connection.rollback()
    assert _tries() == ["mei"]


def test_inside_one_the_same_roads_are_open(app: Flask) -> None:
    with transaction() as tx:
        for road, write in STRAY.items():
            if road != "driver":
                write(tx.session)
    assert _tries() == ["mei"]  # the one by `rows`, after the deletes


# ---------------------------------------------------------------- moments


def test_a_moment_comes_back_as_it_was_to_the_microsecond_in_utc(app: Flask) -> None:
    there = datetime.fromisoformat("2026-11-23T12:00:00.123456+08:00")
    with transaction() as tx:
        tx.execute(insert(SignInFailure).values(key="mei", at=there))
    [found] = rows(select(TRIES.c.at).where(TRIES.c.at == there))
    assert found.at == there
    assert found.at.tzinfo is UTC
    assert found.at.microsecond == 123456
    assert rows(select(TRIES.c.at).where(TRIES.c.at < there)) == []


@pytest.mark.parametrize("said", ["2026-11-23T12:00:00+08:00", "2026-11-23T12:00:00.120000+08:00"])
def test_a_moment_is_read_as_it_goes_over_the_wire(app: Flask, said: str) -> None:
    with transaction() as tx:
        tx.execute(insert(SignInFailure).values(key="mei", at=datetime.fromisoformat(said)))
    written = sa.type_coerce(TRIES.c.at, WrittenDateTime()).label("at")
    [found] = rows(select(TRIES.c.at.label("moment"), written))
    assert found.at == found.moment.isoformat()


def test_a_naive_moment_is_refused(app: Flask) -> None:
    with pytest.raises(StatementError, match="naive"), transaction() as tx:
        tx.execute(insert(SignInFailure).values(key="mei", at=NOON.replace(tzinfo=None)))
    with pytest.raises(StatementError, match="naive"):
        rows(select(TRIES.c.at).where(TRIES.c.at < NOON.replace(tzinfo=None)))


# ---------------------------------------------------------------- compare and swap, snapshots, words


def test_who_swaps_second_is_told_that_somebody_was_faster(app: Flask) -> None:
    site_id = _site()

    def rename(tx: Transaction, version: int, name: str) -> int:
        tell(tx)
        return swap(tx, Site.__table__, site_id, version, {"name_en": name})

    with transaction() as tx:
        assert rename(tx, 1, "Mei's") == 2
    with pytest.raises(Conflict) as told, transaction() as tx:
        rename(tx, 1, "Bo's")
    assert told.value.code == "changed_meanwhile"
    assert [reason.code for reason in told.value.reasons] == ["changed_meanwhile"]
    assert [tuple(row) for row in rows(select(Site.name_en, Site.version))] == [("Mei's", 2)]
    with pytest.raises(Conflict), transaction() as tx:
        swap(tx, Site.__table__, 999, 1, {"name_en": "nobody's"})


def test_a_snapshot_does_not_see_what_is_committed_meanwhile(app: Flask) -> None:
    count = select(sa.func.count()).select_from(TRIES)
    with snapshot() as session:
        assert session.scalar(count) == 0
        _elsewhere(TRY)
        assert session.scalar(count) == 0
    assert db.session().scalar(count) == 1
    assert db.session().scalar(count) == 1  # no snapshot stays open behind it:
    _elsewhere(TRY)
    assert db.session().scalar(count) == 2


def test_wildcards_in_a_search_are_taken_at_their_word(app: Flask) -> None:
    def found(text: str, words: str) -> bool:
        return bool(rows(select(sa.literal(1)).where(like(sa.literal(text), words))))

    assert found("Plasma 50%", "PLASMA 50%")
    assert not found("Plasma 500", "50%")
    assert not found("XRD", "X_D")
    assert found(r"a\b", "\\")
    assert found("扫描电子显微镜", "电子")


def test_a_row_that_a_guard_refuses_is_nothing_and_the_transaction_goes_on(app: Flask) -> None:
    values = {**SITE, "zone": "Asia/Shanghai", "address": "", "version": 1}
    with transaction() as tx:
        first = tx.insert_or_nothing(Site.__table__, values, "uq_site_code")
        assert tx.insert_or_nothing(Site.__table__, values, "uq_site_code") is None
        tx.execute(TRY)
        tell(tx)
    assert [row.id for row in rows(select(Site.id))] == [first]
    assert _tries() == ["mei"]


# ---------------------------------------------------------------- what is noted and written together

_SITES = Site.__table__
RENAME: Any = (
    sa.update(_SITES)  # type: ignore[arg-type]  # a mapped class's __table__ is typed FromClause
    .where(_SITES.c.id == sa.bindparam("site_number"), _SITES.c.name_en == sa.bindparam("site_was"))
    .values(name_en=sa.bindparam("site_name"))
)


def _rename(tx: Transaction, number: int, was: str, name: str) -> None:
    tx.note_change(RENAME, {"number": number, "was": was, "name": name}, Conflict)


def test_what_a_noted_row_does_not_say_is_its_columns_default(app: Flask) -> None:
    with transaction() as tx:
        tx.note(_SITES, SITE)
        tell(tx)
    assert [tuple(row) for row in rows(select(Site.zone, Site.address, Site.version))] == [("Asia/Shanghai", "", 1)]


def test_a_noted_change_is_written_in_its_place_among_noted_rows(app: Flask) -> None:
    number = _site()
    with transaction() as tx:
        tx.note(TRIES, {"key": "before", "at": NOON})
        _rename(tx, number, "East", "Far East")
        tx.note(TRIES, {"key": "after", "at": NOON})
        _rename(tx, number, "Far East", "Farther")
        tell(tx)
    assert [row.name_en for row in rows(select(Site.name_en))] == ["Farther"]
    assert _tries() == ["before", "after"]


@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_noted_change_that_finds_no_row_undoes_everything_beside_it(app: Flask, place: int) -> None:
    number = _site()

    def write() -> None:
        with transaction() as tx:
            for step in range(3):
                tx.note(TRIES, {"key": f"{step}", "at": NOON})
                if step == place:
                    _rename(tx, number, "not its name", "Nowhere")
            tell(tx)

    with pytest.raises(Conflict):
        write()
    assert [row.name_en for row in rows(select(Site.name_en))] == ["East"]
    assert _tries() == []
