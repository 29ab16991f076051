"""Setting what companies may use: the same again is no change, and forms of somebody's own making."""

from __future__ import annotations

import pytest

from labshare.kernel import clock
from labshare.kernel.db import db
from labshare.quotas import queries, services, watch
from labshare.quotas.allowances import Caps
from tests.cast import Cast
from tests.quotas.conftest import Books, limit
from tests.quotas.test_jobs import OPEN_PERIODS, run, told


def test_the_default_saved_as_it_is_writes_nothing_and_touches_nobody(cast: Cast) -> None:
    items, caps = [limit(100), limit(20, "instrument", cast.sem, "month")], Caps(company=4)
    services.set_default(cast.ada, items, caps)
    run(OPEN_PERIODS)
    before = queries.default().version
    services.set_default(cast.ada, items[::-1], caps, before)
    db.session.rollback()
    assert queries.default().version == before
    assert len(told("default_allowances_set")) == 1
    assert watch.to_open(clock.now()) == []

    for changed in ([limit(100), limit(21, "instrument", cast.sem, "month")], items[:1], [*items, limit(9)][1:]):
        services.set_default(cast.ada, changed, caps)
    services.set_default(cast.ada, changed, Caps(person=4))
    db.session.rollback()
    assert queries.default().version == before + 4


@pytest.mark.parametrize("row", ["01", "00", "007", "1 ", "-1", "999", "1000", "٣"])
def test_a_row_called_by_another_name_is_none(cast: Cast, books: Books, row: str) -> None:
    ada, path = cast.browser("ada"), f"/companies/{cast.aurora}/allowances"
    version = queries.allowances_of(cast.ada, cast.aurora).version
    sent = ada.post(path, data={"version": version, "hours-0": "5", "period-0": "year", f"hours-{row}": "7"})
    assert sent.status_code == 303
    db.session.rollback()
    assert [item.terms.minutes for item in queries.allowances_of(cast.ada, cast.aurora).items] == [300]
    bad = ada.post(path, data={"version": version, "hours-0": "many", f"hours-{row}": "7"})
    assert bad.status_code == 422
