"""Every route is declared, locked to strangers and open to exactly those the table names."""

from __future__ import annotations

import pytest
from flask import Blueprint, Flask

from labshare.web.guard import public
from tests.doors.scene import ROLES, Scene
from tests.doors.table import COLUMNS, PUBLIC, TABLE
from tests.doors.walk import misjudged, open_to_strangers, unmatched

pytestmark = pytest.mark.own_app  # some tests add a back door


def back_door(app: Flask) -> None:
    """What somebody might add one day without thinking of strangers."""
    late = Blueprint("late", __name__)
    late.add_url_rule("/api/v1/everything", "everything", public(lambda: "all there is"))
    late.add_url_rule("/shed", "shed", lambda: "a page nobody declared")
    app._got_first_request = False
    app.register_blueprint(late)


def test_every_route_is_declared_and_every_declaration_leads_to_a_route(app: Flask) -> None:
    assert unmatched(app) == []


def test_every_declaration_speaks_of_everybody() -> None:
    assert {len(marks) for marks in TABLE.values()} == {len(COLUMNS)} == {len(ROLES)}
    assert set("".join(TABLE.values())) == set("+-0")
    assert set(COLUMNS) == set(ROLES)
    assert set(PUBLIC) <= {endpoint for endpoint, _ in TABLE}


def test_strangers_are_turned_away_at_every_door_that_is_not_public(scene: Scene) -> None:
    assert open_to_strangers(scene) == []


def test_everybody_opens_the_doors_that_are_theirs_and_no_other(scene: Scene) -> None:
    assert misjudged(scene) == []


def test_a_door_nobody_declared_is_noticed(scene: Scene) -> None:
    back_door(scene.app)
    assert [found.split()[1] for found in unmatched(scene.app)] == ["late.everything", "late.shed"]
    assert [found.split()[:2] for found in open_to_strangers(scene) if "late." in found] == [
        ["GET", "/api/v1/everything"],
        ["HEAD", "/api/v1/everything"],
        ["OPTIONS", "/api/v1/everything"],
    ]
