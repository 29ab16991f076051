"""Two at once, each held at the worst moment: what one has read must still be so when it writes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from labshare.booking import bookkeeping
from labshare.booking import services as bookings
from labshare.booking.models import Booking
from labshare.booking.services import asking
from labshare.booking.services.asking import Draft
from labshare.kernel import clock
from labshare.kernel.actor import SYSTEM
from labshare.kernel.db import rows, snapshot, transaction
from labshare.people.models import Company
from labshare.quotas import account, allowances, services
from labshare.quotas.allowances import Caps
from labshare.quotas.models import Account, Allowance, Balance
from tests.beside import PATIENCE, Do, paused
from tests.booking.conftest import slot
from tests.cast import Cast
from tests.quotas.conftest import Books, limit


def test_a_cap_holds_for_two_bookings_in_different_years(
    cast: Cast, books: Books, beside: Callable[[Do], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clock, "source", lambda: datetime(2026, 12, 20, 9, tzinfo=UTC))
    books.allow(caps=Caps(company=1))
    there, _on = paused(monkeypatch, asking, "within_caps")
    wishes = [("SEM-01", slot("09:00", "10:00", 3)), ("BAT-01", slot("09:00", "10:00", 20))]

    def ask(code: str, wish: Any) -> Any:
        return beside(lambda: bookings.request(cast.mei, Draft(code, wish, "Cells")).state)

    first = ask(*wishes[0])
    assert there.wait(PATIENCE)
    second = ask(*wishes[1])
    assert (first.result(), second.result()) == ("requested", "too_many_bookings")


def test_periods_are_not_opened_by_a_limit_that_is_just_changed(
    cast: Cast, books: Books, beside: Callable[[Do], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    books.allow(limit(100, period="week"))
    later = clock.now() + timedelta(days=21)
    there, on = paused(monkeypatch, allowances, "open_periods")
    opening = beside(lambda: services.open_account(SYSTEM, cast.aurora, later))
    assert there.wait(PATIENCE)
    setting = beside(lambda: books.allow(limit(10, period="week")))
    on.wait(PATIENCE / 3)
    on.set()
    assert opening.result() == 3
    assert setting.result() is None
    weeks = sa.select(Balance.minutes).join(Allowance).where(Allowance.period == "week").distinct()
    assert [tuple(row) for row in rows(weeks)] == [(600,)]


@pytest.mark.unsound  # a booking by an older version, written here by hand, has no claim and no history
def test_what_is_given_back_while_its_account_is_opened_does_not_stay_held(
    cast: Cast, beside: Callable[[Do], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    number, company = _booked_before_accounts(cast)
    there, on = paused(monkeypatch, account, "post", before=True)  # what the bookings take has been read
    opening = beside(lambda: services.open_account(SYSTEM, company, clock.now()))
    assert there.wait(PATIENCE)
    cancelling = beside(lambda: bookings.cancel(cast.li, number).state)
    on.wait(PATIENCE / 3)
    on.set()
    assert opening.result() == 1
    assert cancelling.result() == "cancelled"
    with snapshot() as session:
        assert bookkeeping.differences(session) == []
    [(lines,)] = rows(sa.select(sa.func.count()).select_from(Account).where(Account.company_id == company))
    assert lines == 1


def _booked_before_accounts(cast: Cast) -> tuple[int, int]:
    wish = slot("09:00", "10:00", 5)
    with transaction() as tx:
        named = {"name": "Vega Valves", "org_id_type": "foreign", "org_id": "VV 1", "state": "active"}
        new = sa.insert(Company).values(**named, created_at=clock.now()).returning(Company.id)
        company = tx.execute(new).scalar_one()
        row = {"state": "requested", "instrument_id": cast.sem, "company_id": company, "person_id": cast.mei.person_id}
        row |= {"starts_at": wish.start, "ends_at": wish.end, "purpose": "Seals", "created_at": clock.now()}
        number = tx.execute(sa.insert(Booking).values(row).returning(Booking.id)).scalar_one()
        cast._tell(tx)
    return number, company
