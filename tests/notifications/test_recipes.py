"""Who is told what: each recipe, with those who are told and those who never are."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from labshare.booking import events as booking
from labshare.booking import services
from labshare.booking.services.asking import Draft
from labshare.clockwork.events import ClockJumped, JobFailed, JobLate
from labshare.kernel import clock
from labshare.kernel.actor import STRANGER, SYSTEM
from labshare.kernel.db import transaction
from labshare.kernel.journal import Event
from labshare.maintenance import events as maintenance
from labshare.notifications import queries
from labshare.notifications.jobs import deliver
from labshare.notifications.models import Delivery
from labshare.notifications.recipes import RECIPES, choosable
from labshare.notifications.services import choose
from labshare.people.events import (
    CompanyApproved,
    CompanyReactivated,
    CompanyRegistered,
    CompanyRejected,
    CompanySuspended,
    PersonRemoved,
)
from labshare.people.models import Person
from labshare.quotas import events as quotas
from labshare.usage import events as usage
from tests.booking.conftest import slot
from tests.cast import Cast
from tests.notifications.conftest import IN_HOUSE, House
from tests.notifications.reading import calendar_of, mails, post, text_of

Make = Callable[[House, dict[str, Any]], Event]


def _due(escalated: bool, **how: Any) -> Make:
    def make(house: House, fact: dict[str, Any]) -> Event:
        said = {**fact, "object_id": 77, "booking_id": fact["object_id"], **how}
        return booking.AnswerDue(**said, decide_by=fact["starts_at"] - timedelta(hours=1), escalated=escalated)

    return make


def _moved(was: str, state: str, **how: Any) -> Make:
    def make(house: House, fact: dict[str, Any]) -> Event:
        old = {
            "old_starts_at": fact["starts_at"] - timedelta(days=1),
            "old_ends_at": fact["ends_at"] - timedelta(days=1),
        }
        return booking.BookingMoved(**fact, **old, was=was, state=state, **how)

    return make


def _endorsed(state: str) -> Make:
    return lambda _, fact: booking.BookingEndorsed(**fact, state=state, decide_by=fact["starts_at"])


def _handed_over(to: str) -> Make:
    def make(house: House, fact: dict[str, Any]) -> Event:
        hands = {"person_id": house.cast.people[to], "old_person_id": house.cast.people["mei"]}
        return booking.BookingHandedOver(**fact, **hands, state="approved")

    return make


def _another_end(**how: Any) -> Make:
    return lambda _, fact: booking.BookingEndChanged(
        **fact, old_ends_at=fact["starts_at"] + timedelta(minutes=30), **how
    )


def _completed(**how: Any) -> Make:
    def make(house: House, fact: dict[str, Any]) -> Event:
        used = {"used_from": fact["starts_at"], "used_to": fact["ends_at"], "source": "checked_in", **how}
        return booking.BookingCompleted(**fact, **used)

    return make


def _corrected(house: House, fact: dict[str, Any]) -> Event:
    said = {**fact, "object_id": 88, "booking_id": fact["object_id"]}
    return booking.UsageCorrected(**said, before={"samples": 1}, after={"samples": 2}, reason="Counted again")


def _offer(kind: type[Any], **how: Any) -> Make:
    def make(house: House, fact: dict[str, Any]) -> Event:
        said = {**fact, "object_id": 77, "booking_id": fact["object_id"], **how}
        if kind in (booking.OfferMade, booking.OfferLapsed):
            said["answer_by"] = fact["starts_at"]
        event: Event = kind(**said)
        return event

    return make


def _held(**how: Any) -> Make:
    """Time is held until its company answers; where none was waited for, another had been asked for."""

    def make(house: House, fact: dict[str, Any]) -> Event:
        said = {**fact, "person_id": house.cast.people["mei"], "answer_by": fact["starts_at"], **how}
        if "waitlist_id" not in how:
            said |= {f"old_{name}": fact[name] - timedelta(hours=3) for name in ("starts_at", "ends_at")}
        return booking.BookingOffered(**said)

    return make


def _conduct(kind: type[Any], who: str = "mei", **how: Any) -> Make:
    def make(house: House, fact: dict[str, Any]) -> Event:
        whose = {"person_id": house.cast.people[who], "name": "Mei" if who == "mei" else "", "what": "no_show"}
        said = {"company_id": fact["company_id"], "instrument_id": fact["instrument_id"], **whose}
        event: Event = kind(object_id=66, version=1, booking_id=fact["object_id"], **said, **how)
        return event

    return make


ASKED: dict[str, tuple[str, str, Make, set[str]]] = {  # who does it, the booking's state then, the fact, who is told
    "a request that needs an answer": (
        "mei",
        "requested",
        lambda _, fact: booking.BookingRequested(**fact, person_id=1, decide_by=fact["starts_at"]),
        {"li"},
    ),
    "a request that is more than is left": (
        "mei",
        "requested",
        lambda _, fact: booking.BookingRequested(**fact, person_id=1, decide_by=fact["starts_at"], over_quota=True),
        {"li"},
    ),
    "a request that needs none": (
        "mei",
        "approved",
        lambda _, fact: booking.BookingRequested(**fact, person_id=1),
        set(),
    ),
    "a request that its company answers first": (
        "mei",
        IN_HOUSE,
        lambda _, fact: booking.BookingRequested(**fact, person_id=1, decide_by=fact["starts_at"], awaiting="company"),
        {"chen"},
    ),
    "Mei moves it to what her company answers first": (
        "mei",
        IN_HOUSE,
        _moved("approved", "requested", awaiting="company"),
        {"chen"},
    ),
    "its company's answer is due": ("", IN_HOUSE, _due(False, awaiting="company"), {"chen"}),
    "its company's answer is overdue": ("", IN_HOUSE, _due(True, awaiting="company"), {"chen"}),
    "its company says yes, and the laboratory is asked": ("chen", "requested", _endorsed("requested"), {"mei", "li"}),
    "its company says yes, and that is all": ("chen", "approved", _endorsed("approved"), {"mei"}),
    "Mei hands it to Chen": ("mei", "approved", _handed_over("chen"), {"chen"}),
    "Chen takes it": ("chen", "approved", _handed_over("chen"), {"mei"}),
    "Mei stays longer": ("mei", "in_use", _another_end(), set()),
    "the laboratory lets Mei stay longer": ("li", "in_use", _another_end(), {"mei"}),
    "the laboratory lets rules pass for it": (
        "li",
        "in_use",
        _another_end(waived=("too_long",), reason="The last sample"),
        {"mei"},
    ),
    "a yes": ("li", "approved", lambda _, fact: booking.BookingApproved(**fact, answer="Welcome"), {"mei"}),
    "a yes that waives the hours": (
        "li",
        "approved",
        lambda _, fact: booking.BookingApproved(**fact, answer="For the review", waived=("quota_exceeded",)),
        {"mei"},
    ),
    "a no": ("li", "rejected", lambda _, fact: booking.BookingRejected(**fact, answer="No"), {"mei"}),
    "Mei gives a request back": (
        "mei",
        "cancelled",
        lambda _, fact: booking.BookingCancelled(**fact, was="requested"),
        set(),
    ),
    "Mei gives an approved time back": (
        "mei",
        "cancelled",
        lambda _, fact: booking.BookingCancelled(**fact, was="approved"),
        {"li"},
    ),
    "Chen gives Mei's time back": (
        "chen",
        "cancelled",
        lambda _, fact: booking.BookingCancelled(**fact, was="approved"),
        {"mei", "li"},
    ),
    "the lab gives Mei's time back": (
        "li",
        "cancelled",
        lambda _, fact: booking.BookingCancelled(**fact, was="approved"),
        {"mei"},
    ),
    "Mei gives an approved time back too late": (
        "mei",
        "cancelled",
        lambda _, fact: booking.BookingCancelled(**fact, was="approved", charge=50),
        {"li"},
    ),
    "the company is suspended": (
        "",
        "cancelled",
        lambda _, fact: booking.BookingCancelled(**fact, was="approved", why="company_suspended"),
        {"mei", "li"},
    ),
    "the company may use less": ("", "requested", lambda _, fact: booking.BookingOverQuota(**fact), {"mei", "li"}),
    "Mei moves it to more than is left": ("mei", "requested", _moved("approved", "requested", over_quota=True), {"li"}),
    "Mei moves it": ("mei", "requested", _moved("approved", "requested"), {"li"}),
    "Chen moves it": ("chen", "requested", _moved("approved", "requested"), {"mei", "li"}),
    "nobody answered": (
        "",
        "expired",
        lambda _, fact: booking.BookingExpired(**fact, decide_by=fact["starts_at"]),
        {"mei", "li"},
    ),
    "an answer is due": ("", "requested", _due(False), {"li"}),
    "an answer is overdue": ("", "requested", _due(True), {"li", "dan"}),
    "tomorrow": (
        "",
        "approved",
        lambda _, fact: booking.BookingComingUp(**{**fact, "object_id": 77}, booking_id=fact["object_id"]),
        {"mei"},
    ),
    "nobody came": ("", "missed", lambda _, fact: booking.BookingMissed(**fact), {"mei", "chen", "li"}),
    "nobody came, and it costs": (
        "",
        "missed",
        lambda _, fact: booking.BookingMissed(**fact, charge=100),
        {"mei", "chen", "li"},
    ),
    "a use without anything to tell": ("mei", "completed", _completed(), set()),
    "a use with a problem": ("mei", "completed", _completed(problem="Pump is loud"), {"li"}),
    "a use that is assumed": ("", "completed", _completed(source="assumed"), {"mei"}),
    "a corrected record": ("li", "completed", _corrected, {"mei"}),
    "the laboratory needs the time itself": (
        "li",
        "displaced",
        lambda _, fact: booking.BookingDisplaced(**fact, was="approved", cause="maintenance", cause_id=1),
        {"mei", "chen"},
    ),
    "another time is held": ("", "displaced", _offer(booking.OfferMade), {"mei", "chen"}),
    "nobody took it": ("", "displaced", _offer(booking.OfferLapsed), {"mei"}),
    "the laboratory needs that time too": ("li", "displaced", _offer(booking.OfferWithdrawn), {"mei"}),
    "it does not need the old time after all": ("li", "displaced", _offer(booking.TimeFreed), {"mei"}),
    "Mei takes another time": ("mei", "displaced", _offer(booking.OfferAccepted, new_booking_id=9), {"li"}),
    "time is held that was waited for": ("", "offered", _held(waitlist_id=5), {"mei", "chen"}),
    "a manager says yes to another time": ("li", "offered", _held(was="requested"), {"mei", "chen"}),
    "and why": ("li", "offered", _held(was="requested", answer="The pump"), {"mei", "chen"}),
    "Chen takes it for Mei": (
        "chen",
        "approved",
        lambda _, fact: booking.BookingAccepted(**fact, state="approved"),
        {"mei"},
    ),
    "Mei takes it, and it needs an answer": (
        "mei",
        "requested",
        lambda _, fact: booking.BookingAccepted(**fact, state="requested", decide_by=fact["starts_at"]),
        {"li"},
    ),
    "nobody took what was held": (
        "",
        "lapsed",
        lambda _, fact: booking.BookingLapsed(**fact, answer_by=fact["starts_at"]),
        {"mei", "chen"},
    ),
    "others took what was cancelled late": (
        "",
        "cancelled",
        lambda _, fact: booking.BookingTakenOver(**fact, charge=50),
        {"mei", "chen"},
    ),
    "what Mei waited for did not become free": (
        "",
        "approved",
        lambda house, fact: booking.WaitlistOver(**{**fact, "object_id": 78}, person_id=house.cast.people["mei"]),
        {"mei"},
    ),
    "Chen does without": ("chen", "displaced", _offer(booking.OfferDeclined), {"li"}),
    "it is held against Mei": (
        "",
        "missed",
        _conduct(booking.ConductNoted, points=2, expires_at=datetime(2030, 1, 1, tzinfo=UTC)),
        {"mei", "chen"},
    ),
    "Mei objects to that": ("mei", "missed", _conduct(booking.ConductObjected, objection="I was there"), {"li"}),
    "Li lifts it": ("li", "missed", _conduct(booking.ConductLifted, reason="So you were"), {"mei", "chen"}),
    "what it rested on is gone": (
        "",
        "completed",
        _conduct(booking.ConductLifted, reason="usage_corrected"),
        {"mei", "chen"},
    ),
}


@pytest.mark.parametrize("case", ASKED)
def test_of_a_booking_those_are_told_whom_it_concerns_and_a_rival_never(house: House, case: str) -> None:
    who, state, make, told = ASKED[case]
    fact = house.booking("mei", state)
    event = make(house, fact)
    house.happens(house.cast.actor(who) if who else SYSTEM, event)
    deliver(clock.now())
    assert house.told(event.kind()) == told
    assert house.mailed(event.kind()) == told
    assert not {"bo", "bea", "wen", "ada"} & told, "rivals, other sites, and admins who do not manage"


LABORATORY = {
    "a company waits to be let in": (lambda o: CompanyRegistered(**o, person_id=1), {"ada"}),
    "a company is let in": (lambda o: CompanyApproved(**o), {"chen"}),
    "a company is not let in": (lambda o: CompanyRejected(**o, reason="Not a company"), {"chen"}),
    "a company may not book for now": (lambda o: CompanySuspended(**o, reason="Unpaid"), {"chen"}),
    "a company may book again": (lambda o: CompanyReactivated(**o), {"chen"}),
}


@pytest.mark.parametrize("case", LABORATORY)
def test_of_a_company_its_own_admins_are_told_or_those_who_let_it_in(house: House, case: str) -> None:
    make, told = LABORATORY[case]
    event = make({"object_id": house.cast.aurora, "company_id": house.cast.aurora, "name": "Aurora Displays"})
    house.happens(STRANGER, event)
    deliver(clock.now())
    assert house.told(event.kind()) == house.mailed(event.kind()) == told


PERIOD: dict[str, Any] = {
    "balance_id": 1,
    "scope": "all",
    "scope_en": "",
    "scope_zh": "",
    "period": "quarter",
    "limit": 6000,
}
QUARTER = PERIOD | {"starts_on": "2026-10-01"}
IN_SEM = QUARTER | {"scope": "instrument", "scope_en": "SEM-01", "scope_zh": "SEM-01"}
SET: dict[str, Any] = {"items": ("all year 6000 refuse",)}
HOURS: dict[str, tuple[Callable[[dict[str, Any]], Event], str, set[str], str]] = {  # what, who does it, told, in words
    "the allowances are set": (
        lambda o: quotas.AllowancesSet(**o, **SET, follows=False),
        "ada",
        {"chen"},
        "Ada set anew what Aurora Displays may use; its account shows it.",
    ),
    "the default has changed": (
        lambda o: quotas.AllowancesSet(**o, **SET, follows=True),
        "",
        {"chen"},
        "Aurora Displays may use what the laboratory allows every company; its account shows what that is now.",
    ),
    "an allowance is extended": (
        lambda o: quotas.AllowanceExtended(**o, **QUARTER, minutes=450, reason="A late start."),
        "ada",
        {"chen"},
        "Ada added 7.5 h once for Aurora Displays: All instruments, Quarter 4 of 2026. A late start.",
    ),
    "an extension is taken back": (
        lambda o: quotas.AllowanceExtended(**o, **IN_SEM, minutes=-60, reason="A slip."),
        "ada",
        {"chen"},
        "Ada took back 1 h that had been added for Aurora Displays: SEM-01, Quarter 4 of 2026. A slip.",
    ),
    "most is spoken for": (
        lambda o: quotas.AllowanceNearlyUsed(**o, **QUARTER, percent=80, spoken_for=4830),
        "",
        {"chen", "li", "wen", "ada"},
        "Aurora Displays holds or has used 80.5 of the 100 h it may use (All instruments, Quarter 4 of 2026): "
        "80 % or more.",
    ),
    "nothing is left": (
        lambda o: quotas.AllowanceNearlyUsed(**o, **IN_SEM, percent=100, spoken_for=6000),
        "",
        {"chen", "li", "wen", "ada"},
        "Nothing is left of what Aurora Displays may use (SEM-01, Quarter 4 of 2026): 100 of 100 h are held or used.",
    ),
}


@pytest.mark.parametrize("case", HOURS)
def test_of_its_hours_a_companys_own_admins_are_told_in_whole_sentences(
    house: House, tmp_path: Path, case: str
) -> None:
    make, who, told, words = HOURS[case]
    event = make({"object_id": 1, "company_id": house.cast.aurora})
    house.happens(house.cast.actor(who) if who else SYSTEM, event)
    deliver(clock.now())
    assert house.told(event.kind()) == house.mailed(event.kind()) == told
    [letter, *_] = mails(tmp_path)
    assert words in " ".join(text_of(letter).split())
    assert "%" not in str(letter["Subject"]).replace(" % ", "")
    assert f"/companies/{house.cast.aurora}/account" in text_of(letter)
    page = house.cast.browser("chen").get("/inbox").text
    assert f'href="/companies/{house.cast.aurora}/account"' in page


_YEAR: dict[str, Any] = {"object_id": 2026, "year": 2026}
_UNTIL: dict[str, Any] = {"object_by": datetime(2030, 1, 31, 4, tzinfo=UTC)}
YEARS: dict[str, tuple[Callable[[House], Event], str, set[str], str]] = {  # what, who does it, told, in words
    "the year is issued": (
        lambda house: usage.StatementIssued(**_YEAR, **_UNTIL, company_id=house.cast.aurora),
        "ada",
        {"chen"},
        "The figures of Aurora Displays in 2026 are issued. Please look whether they are right; you may object until "
        "31 Jan 2030, 12:00.",
    ),
    "the time to object is nearly over": (
        lambda house: usage.StatementDue(**_YEAR, **_UNTIL, company_id=house.cast.aurora),
        "",
        {"chen"},
        "Until 31 Jan 2030, 12:00 you may object to the figures of Aurora Displays in 2026.",
    ),
    "the year is closed": (
        lambda house: usage.StatementClosed(**_YEAR, company_id=house.cast.aurora),
        "",
        {"chen"},
        "The figures of Aurora Displays in 2026 are closed and do not change any more.",
    ),
    "Chen objects": (
        lambda house: usage.ObjectionRaised(**_objection(house), text="We were not there."),
        "chen",
        {"ada"},
        "Chen of Aurora Displays objects to its figures of 2026: We were not there.",
    ),
    "Chen is answered": (
        lambda house: usage.ObjectionAnswered(**_objection(house), answer="It was corrected."),
        "ada",
        {"chen"},
        "Ada answered the objection of Aurora Displays to its figures of 2026: It was corrected.",
    ),
}


def _objection(house: House) -> dict[str, Any]:
    return {"object_id": 5, "year": 2026, "company_id": house.cast.aurora, "person_id": house.cast.people["chen"]}


@pytest.mark.parametrize("case", YEARS)
def test_of_a_year_each_company_is_told_of_its_own_figures(house: House, tmp_path: Path, case: str) -> None:
    make, who, told, words = YEARS[case]
    event = make(house)
    house.happens(house.cast.actor(who) if who else SYSTEM, event)
    deliver(clock.now())
    assert house.told(event.kind()) == house.mailed(event.kind()) == told
    [letter] = mails(tmp_path)
    assert words in " ".join(text_of(letter).split())
    assert "2026" in letter["Subject"]
    assert "%(" not in letter["Subject"]
    assert "/usage/years/2026/objections" in text_of(letter)
    [reader] = told
    assert 'href="/usage/years/2026/objections"' in house.cast.browser(reader).get("/inbox").text
    assert house.cast.browser(reader).get("/usage/years/2026/objections").status_code == 200


def test_of_a_company_one_has_left_one_reads_no_figures_any_more(house: House) -> None:
    house.happens(SYSTEM, HOURS["nothing is left"][0]({"object_id": 1, "company_id": house.cast.aurora}))
    deliver(clock.now())
    assert queries.unread(house.cast.chen) == 1
    with house.untold() as tx:
        chen = sa.update(Person).where(Person.id == house.cast.people["chen"])
        tx.execute(chen.values(company_id=house.cast.borealis))
    assert queries.unread(house.cast.actor("chen")) == 0


def test_of_hours_mail_comes_unless_it_is_refused(house: House) -> None:
    assert "hours" in choosable(house.cast.chen)
    assert "hours" in choosable(house.cast.ada)
    assert "hours" in choosable(house.cast.li)
    assert "hours" not in choosable(house.cast.mei)
    assert ("queue" in choosable(house.cast.chen), "queue" in choosable(house.cast.mei)) == (True, False)
    choose(house.cast.chen, ["bookings"])
    house.happens(SYSTEM, HOURS["most is spoken for"][0]({"object_id": 1, "company_id": house.cast.aurora}))
    deliver(clock.now())
    assert house.told("allowance_nearly_used") == {"chen", "li", "wen", "ada"}
    assert house.mailed("allowance_nearly_used") == {"li", "wen", "ada"}


def test_a_lab_manager_reads_of_a_companys_hours_and_goes_on_to_its_account(house: House) -> None:
    """The company is told, and every lab manager; those who stand in for one, and a rival, are not."""
    house.happens(SYSTEM, HOURS["most is spoken for"][0]({"object_id": 1, "company_id": house.cast.aurora}))
    house.happens(SYSTEM, booking.BookingOverQuota(**house.booking("mei", "requested")))
    deliver(clock.now())
    assert house.told("allowance_nearly_used") == {"chen", "li", "wen", "ada"}
    assert house.told("booking_over_quota") == {"mei", "li"}, "a booking is the matter of its own site still"
    path = f"/companies/{house.cast.aurora}/account"
    assert f'href="{path}"' in house.cast.browser("wen").get("/inbox").text
    assert house.cast.browser("wen").get(path).status_code == 200
    assert 'value="hours"' in house.cast.browser("li").get("/account/messages").text


def _window(kind: type[Any], days: float = 3, later: float = 0, **how: Any) -> Callable[[House], Event]:
    """A window on SEM-01, so many days from now, or that many hours later than it was."""

    def make(house: House) -> Event:
        start = clock.now() + timedelta(days=days)
        times = {"starts_at": start, "ends_at": start + timedelta(hours=4)}
        if kind is maintenance.WindowChanged:
            moved = {name: moment + timedelta(hours=later) for name, moment in times.items()}
            times = moved | {f"old_{name}": moment for name, moment in times.items()}
        event: Event = kind(
            object_id=5, version=1, instrument_ids=(house.cast.sem,), kind_of_work="calibration", **times, **how
        )
        return event

    return make


def _outage(kind: type[Any], **how: Any) -> Callable[[House], Event]:
    def make(house: House) -> Event:
        event: Event = kind(object_id=6, version=1, instrument_id=house.cast.sem, began_at=clock.now(), **how)
        return event

    return make


def _overdue(house: House) -> Event:
    said: dict[str, Any] = {"instrument_id": house.cast.sem, "kind_of_work": "calibration", "since": clock.now()}
    return maintenance.UpkeepOverdue(object_id=7, every_days=30, every_hours=None, hours_run=12, **said)


PLANNED, CHANGED, CANCELLED = maintenance.WindowPlanned, maintenance.WindowChanged, maintenance.WindowCancelled
UNTIL = datetime(2030, 1, 1, tzinfo=UTC)
KEPT: dict[str, tuple[Callable[[House], Event], set[str]]] = {  # what happens at SEM-01, where Mei has time in 3 days
    "a window that hits somebody": (_window(PLANNED, displaced=2), {"li"}),
    "a window that hits nobody": (_window(PLANNED, displaced=0), set()),
    "a window is called something else": (_window(CHANGED, displaced=0), set()),
    "a window far ahead is moved over somebody": (_window(CHANGED, displaced=1, later=1), {"li"}),
    "a window far ahead is moved over nobody": (_window(CHANGED, displaced=0, later=1), set()),
    "a window they were reminded of is moved": (_window(CHANGED, 0.5, displaced=0, later=60), {"li", "mei"}),
    "a window far ahead is called off": (_window(CANCELLED, was="planned"), set()),
    "a window they were reminded of is called off": (_window(CANCELLED, 0.9, was="planned"), {"li"}),
    "a window is ended early": (_window(CANCELLED, -0.1, was="open"), {"li"}),
    "a window comes up, and Mei is there the day after": (_window(maintenance.WindowComingUp, 2.5), {"li", "mei"}),
    "a window comes up, and Mei is there much later": (_window(maintenance.WindowComingUp, 0.9), {"li"}),
    "it breaks down": (
        _outage(maintenance.OutageBegan, claimed_until=UNTIL, note="No vacuum", displaced=0),
        {"li", "mei"},
    ),
    "it works again": (_outage(maintenance.OutageEnded, ended_at=UNTIL, remedy="New pump"), {"li", "mei"}),
    "it should have been calibrated": (_overdue, {"li"}),
}


@pytest.mark.parametrize("case", KEPT)
@pytest.mark.parametrize("language", ["en", "zh"])
def test_of_maintenance_its_managers_are_told_and_who_is_there_around_it(
    house: House, tmp_path: Path, case: str, language: str
) -> None:
    with house.untold() as tx:
        tx.execute(sa.update(Person).values(language=language))
    make, told = KEPT[case]
    house.booking("mei")
    house.booking("bo", "requested")  # who has no yes yet is not told
    event = make(house)
    house.happens(SYSTEM, event)
    deliver(clock.now())
    assert house.told(event.kind()) == house.mailed(event.kind()) == told
    letters = mails(tmp_path)
    assert len(letters) == len(told)
    for letter in letters:
        words = letter["Subject"] + text_of(letter)
        assert "%(" not in words
        assert ("Scanning electron microscope" in words) == (language == "en")
        assert ("扫描电子显微镜" in words) == (language == "zh")
        assert "vacuum" not in words, "what is wrong with it is the laboratory's matter"
        mine = "mei" in letter["To"]
        assert ("/instruments/SEM-01/week?day=" in words) == mine, "everybody is led to a page they may open"
    if told:
        assert "SEM-01" in house.cast.browser("li").get("/inbox").text
    assert "SEM-01" not in house.cast.browser("bo").get("/inbox").text


def test_of_maintenance_nobody_is_told_what_they_did_themselves(house: House) -> None:
    house.booking("mei")
    house.happens(house.cast.li, _outage(maintenance.OutageBegan, claimed_until=UNTIL, note="", displaced=0)(house))
    deliver(clock.now())
    assert house.told("outage_began") == {"mei"}


def test_where_staff_booked_on_a_companys_behalf_its_admins_hear_of_an_outage(house: House) -> None:
    house.booking("li", on_behalf=True)
    house.happens(SYSTEM, _outage(maintenance.OutageEnded, ended_at=UNTIL, remedy="")(house))
    deliver(clock.now())
    assert house.told("outage_ended") == {"li", "chen"}


def test_an_offer_names_the_instrument_it_is_on_and_the_one_it_is_instead_of(house: House, tmp_path: Path) -> None:
    fact = house.booking("mei", "displaced")
    said = {**fact, "object_id": 77, "booking_id": fact["object_id"], "instrument_id": house.cast.bat}
    house.happens(SYSTEM, booking.OfferMade(**said, answer_by=fact["starts_at"]))
    deliver(clock.now())
    letter = next(one for one in mails(tmp_path) if one["To"].startswith("mei"))
    assert "BAT-01" in letter["Subject"]
    words = " ".join(text_of(letter).split())
    assert "Instead of SEM-01 Scanning electron microscope" in words
    assert f"/bookings/{fact['object_id']}" in words


def test_an_offer_whose_time_to_answer_is_over_is_no_news(house: House, tmp_path: Path) -> None:
    fact = house.booking("mei", "displaced")
    said = {**fact, "object_id": 77, "booking_id": fact["object_id"], "answer_by": clock.now() - timedelta(minutes=1)}
    house.happens(SYSTEM, booking.OfferMade(**said))
    assert post(clock.now()) == {"needless": 2}
    assert mails(tmp_path) == []


def test_what_the_laboratory_took_goes_out_of_the_calendar(house: House, tmp_path: Path) -> None:
    fact = house.booking("mei")
    house.happens(house.cast.li, booking.BookingApproved(**fact, answer=""))
    house.happens(house.cast.li, booking.BookingDisplaced(**fact, was="approved", cause="outage", cause_id=1))
    deliver(clock.now())
    events = [calendar_of(one) for one in mails(tmp_path) if one["To"].startswith("mei")]
    assert ["METHOD:REQUEST" in events[0], "METHOD:CANCEL" in events[1]] == [True, True]


def _restriction(kind: type[Any], who: str | None, **how: Any) -> Callable[[House], Event]:
    def make(house: House) -> Event:
        whose = {"person_id": house.cast.people[who] if who else None, "name": who.title() if who else ""}
        ends_at = datetime(2030, 1, 1, 4, tzinfo=UTC)
        event: Event = kind(object_id=8, version=1, company_id=house.cast.aurora, ends_at=ends_at, **whose, **how)
        return event

    return make


BARRED: dict[str, tuple[Callable[[House], Event], str, set[str], str]] = {  # what, who does it, told, in words
    "Mei may not ask": (
        _restriction(booking.RestrictionBegan, "mei", points=4),
        "",
        {"mei", "chen"},
        "Mei of Aurora Displays may not ask for time until 1 Jan 2030, 12:00, with 4 points.",
    ),
    "nobody of Aurora may ask": (
        _restriction(booking.RestrictionBegan, None, points=12),
        "",
        {"mei", "chen"},
        "Nobody of Aurora Displays may ask for time until 1 Jan 2030, 12:00: its people have 12 points together.",
    ),
    "Mei may ask again": (
        _restriction(booking.RestrictionLifted, "mei", reason="They called"),
        "li",
        {"mei", "chen"},
        "Mei may ask for time again: They called",
    ),
    "Aurora may ask again, by the rules": (
        _restriction(booking.RestrictionLifted, None, reason="below_limit"),
        "",
        {"mei", "chen"},
        "Aurora Displays may ask for time again: What it rested on was lifted.",
    ),
}


@pytest.mark.parametrize("case", BARRED)
def test_of_a_restriction_those_are_told_whom_it_keeps_from_asking(house: House, tmp_path: Path, case: str) -> None:
    make, who, told, words = BARRED[case]
    event = make(house)
    house.happens(house.cast.actor(who) if who else SYSTEM, event)
    deliver(clock.now())
    assert house.told(event.kind()) == house.mailed(event.kind()) == told
    for letter in mails(tmp_path):
        assert words in " ".join(text_of(letter).split())
        assert "%(" not in letter["Subject"]
        assert f"/companies/{house.cast.aurora}/conduct" in text_of(letter)


def test_what_is_held_against_somebody_is_no_colleagues_matter(house: House) -> None:
    house.add("min", "member", company_id=house.cast.aurora)
    make, _who, told, _words = BARRED["Mei may not ask"]
    house.happens(SYSTEM, make(house))
    house.happens(SYSTEM, ASKED["it is held against Mei"][2](house, house.booking("mei", "missed")))
    deliver(clock.now())
    assert house.told("restriction_began") == house.told("conduct_noted") == told
    make, _who, _told, _words = BARRED["nobody of Aurora may ask"]
    house.happens(SYSTEM, make(house))
    deliver(clock.now())
    assert house.told("restriction_began") == {"mei", "chen", "min"}


def test_of_what_staff_booked_on_its_behalf_the_companys_admins_hear(house: House) -> None:
    fact = house.booking("li", "missed", on_behalf=True)
    make = _conduct(booking.ConductNoted, "li", points=2, expires_at=datetime(2030, 1, 1, tzinfo=UTC))
    house.happens(SYSTEM, make(house, fact))
    deliver(clock.now())
    assert house.told("conduct_noted") == {"chen"}


ALARMS = {
    "a job failed": lambda now: JobFailed(object_id=1, job="deliver", period=now, tries=4, error="KeyError: x"),
    "a job is late": lambda now: JobLate(object_id=1, job="deliver", lag_seconds=3600),
    "the clock jumped": lambda now: ClockJumped(object_id=1, seconds=3600, paused=("tidy_messages",)),
}


@pytest.mark.parametrize("case", ALARMS)
def test_alarms_go_to_admins(house: House, case: str) -> None:
    event = ALARMS[case](clock.now())
    house.happens(SYSTEM, event)
    deliver(clock.now())
    assert house.told(event.kind()) == house.mailed(event.kind()) == {"ada"}


def test_every_recipe_is_tried_here(house: House) -> None:
    fact = house.booking()
    company = {"object_id": 1, "name": "Aurora"}
    tried = {make(house, fact).kind() for _who, _state, make, _told in ASKED.values()}
    tried |= {make(company).kind() for make, _told in LABORATORY.values()}
    tried |= {make(clock.now()).kind() for make in ALARMS.values()}
    tried |= {make(house).kind() for make, _told in KEPT.values()}
    tried |= {make(house).kind() for make, _who, _told, _words in BARRED.values()}
    tried |= {make({"object_id": 1}).kind() for make, _who, _told, _words in HOURS.values()}
    tried |= {make(house).kind() for make, _who, _told, _words in YEARS.values()}
    assert set(RECIPES) - tried == {"colleague_invited", "password_reset_asked"}, "these two are in test_mailing.py"


@pytest.mark.parametrize("case", ASKED)
@pytest.mark.parametrize("language", ["en", "zh"])
def test_each_is_said_whole_in_either_language(house: House, tmp_path: Path, case: str, language: str) -> None:
    with transaction() as tx:
        tx.execute(sa.update(Person).values(language=language))
        house.cast._tell(tx)
    who, state, make, told = ASKED[case]
    house.happens(house.cast.actor(who) if who else SYSTEM, make(house, house.booking("mei", state)))
    deliver(clock.now())
    letters = mails(tmp_path)
    assert len(letters) == len(told)
    for letter in letters:
        words = letter["Subject"] + text_of(letter)
        assert "%(" not in words
        assert "SEM-01" in letter["Subject"]
        assert ("Scanning electron microscope" in words) == (language == "en")
        assert ("扫描电子显微镜" in words) == (language == "zh")


def test_what_needs_no_approval_is_confirmed_to_the_one_who_asked(house: House) -> None:
    cast = house.cast
    services.request(cast.mei, Draft("BAT-01", slot("09:00", "10:00"), "Cycling"))
    deliver(clock.now())
    assert house.told("booking_approved") == {"mei"}
    assert house.told("booking_requested") == set()


def test_where_staff_ask_for_a_company_its_admins_are_told(house: House) -> None:
    house.happens(house.cast.li, booking.BookingApproved(**house.booking("li", on_behalf=True)))
    deliver(clock.now())
    assert house.told("booking_approved") == {"chen"}


def test_who_was_removed_is_told_nothing_and_their_company_instead(house: House) -> None:
    fact = house.booking("mei")
    with transaction() as tx:
        tx.execute(sa.update(Person).where(Person.id == house.cast.people["mei"]).values(active=False))
        house.cast._tell(tx)
    house.happens(house.cast.li, booking.BookingRejected(**fact, answer="No"))
    deliver(clock.now())
    assert house.told("booking_rejected") == house.mailed("booking_rejected") == {"chen"}


def test_who_is_removed_before_the_mail_goes_out_gets_none(house: House, tmp_path: Path) -> None:
    house.happens(house.cast.li, booking.BookingApproved(**house.booking("mei")))
    deliver(clock.now())
    with transaction() as tx:
        mei = house.cast.people["mei"]
        tx.execute(sa.update(Person).where(Person.id == mei).values(active=False))
        tx.execute(sa.update(Delivery).values(state="waiting"))
        house.happens_in(tx, PersonRemoved(object_id=mei, name="Mei"))
    assert post(clock.now())["needless"] == 1
    assert [mail["To"] for mail in mails(tmp_path)].count("mei@cast.labshare.test") == 1


def test_who_moved_to_another_company_hears_no_more_of_the_old_one(house: House) -> None:
    fact = house.booking("mei")
    with transaction() as tx:
        mine = sa.update(Person).where(Person.id == house.cast.people["mei"])
        tx.execute(mine.values(company_id=house.cast.borealis))
        house.cast._tell(tx)
    house.happens(house.cast.li, booking.BookingRejected(**fact, answer="No"))
    deliver(clock.now())
    assert "mei" not in house.told("booking_rejected")


def test_a_suspended_company_still_hears_what_becomes_of_its_bookings(house: House, cast: Cast) -> None:
    fact = house.booking("mei")
    suspended = CompanySuspended(object_id=cast.aurora, company_id=cast.aurora, name="Aurora", reason="Unpaid")
    house.happens(cast.ada, suspended)
    house.happens(cast.li, booking.BookingCancelled(**fact, was="approved"))
    deliver(clock.now())
    assert house.told("booking_cancelled") == {"mei"}


@pytest.mark.parametrize("state", [IN_HOUSE, "requested"])
def test_nobody_is_asked_for_a_yes_that_a_colleague_has_said(house: House, tmp_path: Path, state: str) -> None:
    fact = house.booking("mei", state)
    house.happens(SYSTEM, _due(False, awaiting="company")(house, fact))
    assert post(clock.now()) == ({"sent": 1} if state == IN_HOUSE else {"needless": 1})
    assert len(mails(tmp_path)) == (state == IN_HOUSE)


def test_nobody_is_reminded_of_what_was_answered_meanwhile(house: House, tmp_path: Path) -> None:
    house.happens(SYSTEM, _due(True)(house, house.booking("mei", "approved")))
    assert post(clock.now()) == {"needless": 2}
    assert mails(tmp_path) == []
