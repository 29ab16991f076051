"""Two who remove each other in the same moment: one of them stays, on either engine."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from threading import Barrier, Thread

import pytest
from flask import Flask

from labshare.kernel.db import db
from labshare.kernel.errors import Problem
from labshare.people import queries, services
from labshare.people.sessions import Browser
from tests.cast import Cast


def at_once(app: Flask, *acts: Callable[[], None]) -> list[str]:
    """Do all of it in the same moment, each in a thread of its own; what came of each."""
    together, results = Barrier(len(acts)), []

    def act(one: Callable[[], None]) -> None:
        with app.app_context():
            together.wait()
            try:
                one()
                results.append("done")
            except Problem as problem:
                results.append(problem.code)
            finally:
                db.session.remove()

    threads = [Thread(target=act, args=(one,)) for one in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return sorted(results)


@pytest.mark.parametrize("way", ["removed", "demoted"])
def test_two_admins_cannot_take_each_other_down_at_once(cast: Cast, way: str) -> None:
    ada, li = cast.people["ada"], cast.people["li"]
    services.set_staff_roles(cast.ada, li, True, [cast.east])
    first, second = cast.actor("ada"), cast.actor("li")
    acts = {
        "removed": (lambda: services.remove_person(first, li), lambda: services.remove_person(second, ada)),
        "demoted": (
            lambda: services.set_staff_roles(first, li, False, [cast.east]),
            lambda: services.set_staff_roles(second, ada, False, [cast.east]),
        ),
    }[way]
    assert at_once(cast.app, *acts) == ["done", "last_admin"]
    assert sum("admin" in one.roles for one in queries.staff()) == 1


def test_two_company_administrators_cannot_remove_each_other_at_once(cast: Cast) -> None:
    chen, mei = cast.people["chen"], cast.people["mei"]
    services.set_company_role(cast.chen, mei, "company_admin")
    first, second = cast.chen, cast.actor("mei")
    acts = (lambda: services.remove_person(first, mei), lambda: services.remove_person(second, chen))
    assert at_once(cast.app, *acts) == ["done", "last_company_admin"]
    assert len(queries.colleagues(cast.ada, cast.aurora)) == 1


def test_a_link_opened_twice_at_once_lets_one_in(cast: Cast) -> None:
    invitation_id = services.invite(cast.chen, cast.aurora, "wen@aurora.test", "member")
    token = services.invitation_link(cast.chen, invitation_id).rpartition("/")[2]
    browser = Browser("127.0.0.1", "tests", timedelta(hours=12))
    acts = [lambda name=name: services.join(token, name, "labshare-demo", browser) for name in ("Wen", "Mallory")]
    assert at_once(cast.app, *acts) in (["changed_meanwhile", "done"], ["done", "link_expired"])
    assert len(queries.colleagues(cast.ada, cast.aurora)) == 3
