"""Migrations: one head, models equal schema, up and down and up again on both engines, guards still there."""

from __future__ import annotations

import re

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from click.testing import CliRunner
from flask import Flask
from flask_migrate import downgrade, upgrade

from labshare import demo, wiring
from labshare.cli import main
from labshare.kernel.db import db, has_guard


def test_there_is_one_head_and_the_numbers_follow_each_other() -> None:
    script = ScriptDirectory(str(wiring.MIGRATIONS))
    revisions = sorted(revision.revision for revision in script.walk_revisions())
    assert script.get_heads() == [revisions[-1]]
    assert revisions == [f"{number:04d}" for number in range(1, len(revisions) + 1)]


def test_the_models_say_what_the_schema_is(app: Flask) -> None:
    with db.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        found = compare_metadata(context, db.metadata)
    ours = [step for step in found if not (step[0] == "remove_index" and step[1].name == "ex_claim_overlap")]
    assert ours == []


@pytest.mark.unsound  # an older schema has no place to tell what it forgets
def test_down_to_nothing_and_up_again_keeps_the_overlap_guard(app: Flask) -> None:
    assert has_guard("claim", "ex_claim_overlap")
    downgrade(revision="base")
    upgrade()
    assert has_guard("claim", "ex_claim_overlap")


KEPT = ("site", "company", "person", "role_grant", "instrument", "booking", "claim", "journal", "job_run")


@pytest.mark.unsound  # an older schema has no place to tell what it forgets
def test_each_step_down_and_up_keeps_a_laboratory_full_of_data(app: Flask) -> None:
    """What an older schema has no word for is the nearest it has; not a row, a guard or a reference is lost."""
    demo.load(size=0.02)
    before = _counts()
    revisions = sorted(script.revision for script in ScriptDirectory(str(wiring.MIGRATIONS)).walk_revisions())
    for revision in reversed(revisions[revisions.index("0004") : -1]):
        downgrade(revision=revision)
        assert _counts() == before, f"down to {revision}"
        assert has_guard("claim", "ex_claim_overlap")
    for revision in revisions[revisions.index("0004") + 1 :]:
        upgrade(revision=revision)
        assert _counts() == before, f"up to {revision}"
    assert has_guard("claim", "ex_claim_overlap")
    statement = sa.text("UPDATE booking SET state = 'nowhere' WHERE id = (SELECT min(id) FROM booking)")
    with db.engine.connect() as connection, pytest.raises(sa.exc.IntegrityError):
        connection.execute(statement)


@pytest.mark.unsound  # an older schema has no place to tell what it forgets
def test_a_house_of_the_version_before_accounts_is_upgraded_and_can_book_at_once(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is booked ahead and was used stands in the accounts that the command opens, as if they had been there."""
    demo.load(size=0.02)
    downgrade(revision="0008")
    db.session.remove()
    monkeypatch.setenv("LABSHARE_DATABASE_URL", app.extensions["settings"].database_url)
    monkeypatch.setenv("LABSHARE_DATA_DIR", str(app.extensions["settings"].data_dir))
    first, second, checked = (CliRunner().invoke(main, [word]) for word in ("upgrade", "upgrade", "check"))
    companies, bookings = _counts()["company"], _counts()["booking"]
    opened, counted = first.output.splitlines()[-2:]
    assert (first.exit_code, opened) == (0, f"{companies} accounts opened, with what is booked and was used.")
    assert re.fullmatch(r"[1-9]\d* sums of companies, instruments and months counted\.", counted)
    assert (second.exit_code, "opened" in second.output, "counted" in second.output) == (0, False, False)
    assert (checked.exit_code, "BREACH" in checked.output) == (0, False), checked.output
    counting = "FROM ledger l JOIN balance b ON b.id = l.balance_id WHERE b.minutes IS NULL"
    stands = _ask(f"SELECT count(DISTINCT booking_id) {counting}")
    assert (
        0
        < stands
        == _ask("SELECT count(*) FROM booking WHERE state IN ('requested', 'approved', 'in_use', 'completed')")
    )
    assert stands < bookings
    with db.engine.connect() as connection, pytest.raises(sa.exc.DatabaseError, match=r"append.only"):
        connection.execution_options(writes=True).execute(sa.text("DELETE FROM ledger"))


def _ask(statement: str) -> int:
    db.session.rollback()
    return int(db.session.execute(sa.text(statement)).scalar_one())


def _counts() -> dict[str, int]:
    """Rows by table; time that the laboratory took for itself is let go where an older version knows nothing of it."""
    db.session.rollback()
    only = {"claim": " WHERE kind = 'booking'"}
    return {
        table: db.session.execute(sa.text(f"SELECT count(*) FROM {table}{only.get(table, '')}")).scalar_one()
        for table in KEPT
    }
