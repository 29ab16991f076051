"""`labshare check`: every invariant in one snapshot, one line each, and exit status 1 where one is broken."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import sqlalchemy as sa
from click.testing import CliRunner, Result
from flask import Flask
from sqlalchemy.orm import Session

from labshare import wiring
from labshare.cli import main
from labshare.people.models import Company
from tests.cast import Cast

Run = Callable[..., Result]


@pytest.fixture
def labshare(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs a command on the test's own database."""
    settings = app.extensions["settings"]
    monkeypatch.setenv("LABSHARE_DATABASE_URL", settings.database_url)
    monkeypatch.setenv("LABSHARE_DATA_DIR", str(settings.data_dir))
    return lambda *words: CliRunner().invoke(main, words)


def plant(monkeypatch: pytest.MonkeyPatch, *found: str) -> list[Session]:
    """A check that finds these breaches, and remembers the snapshots it was shown."""
    shown: list[Session] = []

    def look(session: Session) -> list[str]:
        shown.append(session)
        assert session.scalar(sa.select(sa.func.count()).select_from(Company)) is not None
        return list(found)

    monkeypatch.setattr(wiring, "CHECKS", (*wiring.CHECKS, ("planted", look), ("planted_too", look)))
    return shown


def test_a_sound_house_prints_one_line_an_invariant(cast: Cast, labshare: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    plant(monkeypatch)
    done = labshare("check")
    assert done.exit_code == 0, done.output
    assert done.output.splitlines() == [f"ok {name}" for name, _look in wiring.CHECKS]


def test_a_breach_is_named_and_the_other_invariants_are_asked_all_the_same(
    cast: Cast, labshare: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = plant(monkeypatch, "booking 7 has no claim", "booking 9 has two")
    done = labshare("check")
    assert done.exit_code == 1
    said = "booking 7 has no claim; booking 9 has two"
    assert done.output.splitlines()[-2:] == [f"BREACH planted: {said}", f"BREACH planted_too: {said}"]
    assert shown[0] is shown[1], "one snapshot for all"


def test_jobs_are_listed_and_run_by_name(cast: Cast, labshare: Run) -> None:
    listed = labshare("jobs", "list").output
    assert "deliver" in listed
    assert "never" in listed
    done = labshare("jobs", "run", "tidy_up")
    assert (done.exit_code, done.output) == (0, "nothing to do\n")
    assert labshare("jobs", "run", "no_such_job").exit_code == 1


def test_a_job_is_tried_dry_paused_and_resumed_by_command(cast: Cast, labshare: Run) -> None:
    assert labshare("jobs", "run", "tidy_up", "--dry-run").output == "nothing to do\n"
    assert labshare("jobs", "run", "check", "--dry-run").exit_code == 1
    assert labshare("jobs", "pause", "tidy_up").exit_code == 2, "a pause has a reason"
    assert labshare("jobs", "pause", "tidy_up", "--reason", "an audit").exit_code == 0
    assert "paused: an audit" in labshare("jobs", "list").output
    refused = labshare("jobs", "run", "tidy_up")
    assert (refused.exit_code, "This job is paused." in refused.output) == (1, True)
    assert labshare("jobs", "resume", "tidy_up").exit_code == 0
    assert labshare("jobs", "run", "tidy_up").exit_code == 0
