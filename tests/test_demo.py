"""The demo laboratory: the same every time, sound in every row, and never where it does not belong."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
import time_machine
from click.testing import CliRunner, Result
from flask import Flask

from labshare import cli, create_app, demo, wiring
from labshare.booking import conduct, displacement, free
from labshare.booking.jobs import (
    ENFORCE_SUSPENSIONS,
    JUDGE_USE,
    LAPSE_OFFERS,
    MAKE_OFFERS,
    RECHECK_ALLOWANCES,
    RECHECK_CALENDARS,
)
from labshare.booking.lifecycle import COMPLETED, LIVE
from labshare.booking.models import Booking, ConductEntry, Restriction, UsageRecord
from labshare.booking.rules import Facts, decide_by, held, refusals
from labshare.booking.rules.conduct import OF_COMPANY, OF_PERSON, POINTS
from labshare.config import Settings
from labshare.instruments import hours
from labshare.instruments.jobs import SEED_CALENDARS
from labshare.instruments.models import Claim, Instrument
from labshare.instruments.queries import Known, known_all
from labshare.kernel.actor import SYSTEM, Actor
from labshare.kernel.db import db, rows, snapshot
from labshare.kernel.errors import Conflict, Forbidden
from labshare.kernel.journal import Entry
from labshare.kernel.slots import Slot
from labshare.maintenance import queries as windows
from labshare.maintenance import upkeep
from labshare.maintenance.jobs import KEEP_WINDOWS, REMIND_OF_WINDOWS, WARN_OF_UPKEEP
from labshare.maintenance.models import Document, Outage, Window
from labshare.people import access, passwords
from labshare.people.models import Company, Person, Site
from labshare.people.rules import uscc_faults, uscc_warnings
from labshare.quotas import account, quotes, watch
from labshare.quotas import queries as accounts
from labshare.quotas.jobs import OPEN_PERIODS, WARN_OF_LIMITS
from labshare.quotas.models import Line
from labshare.quotas.rules import over_quota
from tests.conftest import Databases

WEDNESDAY = date(2026, 11, 18)
MIDNIGHT = datetime(2026, 11, 17, 16, tzinfo=UTC)  # where Wednesday begins in Chengdu


@dataclass(frozen=True)
class Filled:
    """What the command said, and how to say it again."""

    said: str
    again: Callable[[], Result]


@pytest.fixture(scope="module")
def filled(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Filled]:
    """The whole demo, loaded once an engine by the command, and only looked at."""
    url, folder = databases.fresh(), tmp_path_factory.mktemp("demo")

    def command() -> Result:
        with pytest.MonkeyPatch.context() as patch, time_machine.travel(MIDNIGHT + timedelta(hours=9)):
            patch.setenv("LABSHARE_DATABASE_URL", url)
            patch.setenv("LABSHARE_DATA_DIR", str(folder))
            return CliRunner().invoke(cli.main, ["demo"])

    done = command()
    assert done.exit_code == 0, done.output
    with create_app(Settings(database_url=url, data_dir=folder)).app_context():
        yield Filled(done.stdout, command)
        db.session.remove()
        db.engine.dispose()
    databases.drop(url)


@pytest.fixture(scope="module")
def laboratory(filled: Filled) -> dict[str, int]:
    """How much there is of everything, as the command said."""
    return {name: int(number) for number, name in re.findall(r"(\d+) (companies|instruments|bookings)\b", filled.said)}


def all_rows() -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table, but for the salted hash of the password, and stamps, which are drawn."""
    found = {}
    for table in db.metadata.sorted_tables:
        columns = [column for column in table.c if column.name not in ("password_hash", "hours_stamp")]
        found[table.name] = [tuple(row) for row in rows(sa.select(*columns).order_by(*table.primary_key))]
    return found


def catalogue() -> dict[int, Known]:
    return {known.id: known for known in known_all(code for (code,) in rows(sa.select(Instrument.code)))}


def manager() -> Actor:
    """The lab manager of the sign-ins."""
    number = db.session.scalar(sa.select(Person.id).where(Person.email == demo.SIGN_INS[3])) or 0
    found = access.by_id(number)
    assert found is not None
    return found


def bookings() -> Sequence[sa.Row[Any]]:
    return rows(sa.select(Booking.__table__))


def test_the_same_day_and_seed_make_the_same_laboratory(databases: Databases, tmp_path: Path) -> None:
    made = []
    for _ in range(2):
        url = databases.fresh()
        with create_app(Settings(database_url=url, data_dir=tmp_path)).app_context():
            demo.load(today=WEDNESDAY, size=0.05)
            made.append(all_rows())
            db.session.remove()
            db.engine.dispose()
        databases.drop(url)
    assert made[0] == made[1]
    assert len(made[0]["booking"]) > 300


def test_another_seed_makes_another_laboratory(databases: Databases, tmp_path: Path) -> None:
    names = []
    for seed in (1, 2):
        url = databases.fresh()
        with create_app(Settings(database_url=url, data_dir=tmp_path)).app_context():
            demo.load(today=WEDNESDAY, seed=seed, size=0.01)
            names.append([name for (name,) in rows(sa.select(Company.name).order_by(Company.id))])
            db.session.remove()
            db.engine.dispose()
        databases.drop(url)
    assert names[0] != names[1]


def test_it_is_refused_in_production_and_leaves_no_trace(app: Flask) -> None:
    app.extensions["settings"] = replace(app.extensions["settings"], env="production")
    with pytest.raises(Forbidden):
        demo.load()
    assert rows(sa.select(Company.id)) == rows(sa.select(Site.id)) == rows(sa.select(Entry.id)) == []


def test_a_database_that_holds_companies_is_left_alone(app: Flask) -> None:
    demo.load(today=WEDNESDAY, size=0.01)
    before = all_rows()
    with pytest.raises(Conflict) as refusal:
        demo.load(today=WEDNESDAY, size=0.01)
    assert refusal.value.code == "not_empty"
    assert all_rows() == before


def test_its_size_is_that_of_a_busy_year(laboratory: dict[str, int]) -> None:
    found = Counter(row.state for row in bookings())
    assert 8_000 <= found.total() == laboratory["bookings"] <= 12_000
    assert 0.06 < found["cancelled"] / found.total() < 0.1
    assert 0.03 < found["rejected"] / found.total() < 0.05
    customers = sa.select(sa.func.count()).where(Company.kind == "company", Company.state == "active")
    assert db.session.scalar(customers) == 100
    assert len(catalogue()) == 40
    assert len(rows(sa.select(Instrument.site_id).distinct())) == 3
    assert len(rows(sa.select(Instrument.owner_id).distinct())) == 5


def test_the_five_sign_ins_are_who_they_say(laboratory: dict[str, int]) -> None:
    found = {
        row.email.partition("@")[0]: (access.by_id(row.id), row.password_hash)
        for row in rows(sa.select(Person.id, Person.email, Person.password_hash))
        if row.email in demo.SIGN_INS
    }
    assert all(passwords.fits(password_hash, "labshare-demo") for _, password_hash in found.values())
    who = {name: actor for name, (actor, _) in found.items() if actor is not None}
    assert {name: set(actor.roles) for name, actor in who.items()} == {
        "member": {"member"},
        "company-admin": {"company_admin"},
        "rival": {"member"},
        "manager": {"lab_manager"},
        "admin": {"admin"},
    }
    assert who["member"].company_id == who["company-admin"].company_id != who["rival"].company_id
    assert who["member"].company_active
    assert who["rival"].company_active
    assert who["manager"].site_ids == {number for (number,) in rows(sa.select(Site.id))}
    assert sum(password is not None for (password,) in rows(sa.select(Person.password_hash))) == 5


def test_no_organisation_of_the_demo_can_exist(laboratory: dict[str, int]) -> None:
    codes = [code for (code,) in rows(sa.select(Company.org_id))]
    assert len(codes) == 107
    for code in codes:
        assert code.startswith("9199")
        assert uscc_faults(code) == uscc_warnings(code) == []


def test_every_invariant_of_the_house_holds(laboratory: dict[str, int]) -> None:
    with snapshot() as session:
        assert {name: breaches_of(session) for name, breaches_of in wiring.CHECKS} == {
            name: [] for name, _ in wiring.CHECKS
        }


def test_each_live_booking_claims_exactly_its_time_with_its_buffers(laboratory: dict[str, int]) -> None:
    known = catalogue()
    wanted = set()
    for row in bookings():
        if row.state in LIVE - {COMPLETED}:
            slot = held(known[row.instrument_id], Slot(row.starts_at, row.ends_at))
            wanted.add((row.id, "booking", row.instrument_id, row.channel, slot.start, slot.end))
    used = {booking for (booking,) in rows(sa.select(UsageRecord.booking_id).where(UsageRecord.ends_at.is_not(None)))}
    claims = [
        claim
        for claim in rows(
            sa.select(
                Claim.owner_id, Claim.kind, Claim.instrument_id, Claim.channel, Claim.starts_at, Claim.ends_at
            ).where(Claim.kind == "booking")
        )
        if claim.owner_id not in used
    ]
    assert len(claims) == len(wanted)
    assert {tuple(claim) for claim in claims} == wanted


def test_every_request_and_every_move_kept_the_rules_when_it_was_made(laboratory: dict[str, int]) -> None:
    known = catalogue()
    whole = Slot(MIDNIGHT - timedelta(days=400), MIDNIGHT + timedelta(days=100))
    open_at = hours.of(list(known.values()))
    assert sum(one.offered_minutes(whole) < whole.minutes for one in open_at.values()) > 30, "most are closed at night"
    kinds = ("booking_requested", "booking_moved")
    told = rows(sa.select(Entry.at, Entry.kind, Entry.data).where(Entry.kind.in_(kinds)))
    assert {row.kind for row in told} == set(kinds)
    for row in told:
        terms = known[row.data["instrument_id"]]
        moments = (datetime.fromisoformat(row.data[end]) for end in ("starts_at", "ends_at"))
        facts = Facts(row.at, Slot(*moments), terms, True, 1, hours=open_at[terms.id])
        assert refusals(facts) == [], row
        assert facts.provisional == row.data["provisional"], row


def test_the_journal_tells_every_booking_version_by_version(laboratory: dict[str, int]) -> None:
    told: dict[int, list[sa.Row[Any]]] = {}
    statement = sa.select(Entry.object_id, Entry.version, Entry.kind, Entry.at, Entry.company_id, Entry.actor_id)
    for row in rows(statement.where(Entry.object == "booking").order_by(Entry.id)):
        told.setdefault(row.object_id, []).append(row)
    approval = {number: known.approval for number, known in catalogue().items()}
    managers = {number for (number,) in rows(sa.select(Person.id).where(Person.company_id.is_(None)))}
    for booking in bookings():
        facts = told[booking.id]
        assert [fact.version for fact in facts] == list(range(1, booking.version + 1))
        assert [fact.at for fact in facts] == sorted(fact.at for fact in facts)
        assert facts[0].kind == "booking_requested"
        assert (facts[0].at, facts[0].actor_id) == (booking.created_at, booking.person_id)
        assert {fact.company_id for fact in facts} == {booking.company_id}
        answers = {fact.actor_id for fact in facts if fact.kind in ("booking_approved", "booking_rejected")}
        assert answers <= (managers if approval[booking.instrument_id] else {None})
        if booking.state == "cancelled":
            assert facts[-1].at < booking.starts_at


def test_nothing_happened_in_the_future_and_the_journal_runs_forward(laboratory: dict[str, int]) -> None:
    moments = [at for (at,) in rows(sa.select(Entry.at).order_by(Entry.id))]
    assert max(moments) < MIDNIGHT
    assert moments == sorted(moments)
    assert db.session.scalar(sa.select(sa.func.max(Booking.created_at))) < MIDNIGHT


def test_its_past_was_used_and_a_recount_of_the_hours_is_the_sum_of_its_records(laboratory: dict[str, int]) -> None:
    records = rows(sa.select(UsageRecord.__table__))
    recounted = 0
    for (data,) in rows(sa.select(Entry.data).where(Entry.kind == "booking_completed")):
        start, end = (datetime.fromisoformat(data[name]) for name in ("used_from", "used_to"))
        recounted += int((end - start).total_seconds()) // 60
    assert all(record.company_name and record.category_zh for record in records)
    assert recounted == sum(record.minutes or 0 for record in records) > 60 * 10_000
    states = Counter(row.state for row in bookings() if row.starts_at < MIDNIGHT)
    assert states["completed"] > 6_000
    assert 0.02 < states["missed"] / states["completed"] < 0.06
    assert 0 < states["in_use"] == sum(record.ends_at is None for record in records) < 50
    ended = [record for record in records if record.ends_at is not None]
    for share, found in {
        "late": sum(record.late for record in ended),
        "overtime": sum(record.overtime for record in ended),
        "left_early": sum(record.left_early for record in ended),
        "problem": sum(record.problem != "" for record in ended),
        "assumed": sum(record.source == "assumed" for record in ended),
        "operator": sum(record.source == "operator" for record in ended),
    }.items():
        assert 0.005 < found / len(ended) < 0.15, share


def test_nobody_of_the_demo_uses_a_channel_that_somebody_else_is_at(laboratory: dict[str, int]) -> None:
    at: dict[tuple[int, int], datetime] = {}
    for record in rows(sa.select(UsageRecord.__table__).order_by(UsageRecord.starts_at, UsageRecord.id)):
        place = (record.instrument_id, record.channel)
        assert at.get(place, record.starts_at) <= record.starts_at, record
        at[place] = max(at.get(place, record.starts_at), record.freed_at or MIDNIGHT)


CALENDARS = (SEED_CALENDARS, RECHECK_CALENDARS)


def test_the_clockwork_finds_nothing_odd_in_it(laboratory: dict[str, int]) -> None:
    ours = (JUDGE_USE, RECHECK_ALLOWANCES, ENFORCE_SUSPENSIONS, OPEN_PERIODS, WARN_OF_LIMITS, *CALENDARS)
    for job in (*ours, KEEP_WINDOWS, REMIND_OF_WINDOWS, WARN_OF_UPKEEP, MAKE_OFFERS, LAPSE_OFFERS):
        assert job.preview is not None
        assert not any(job.preview(MIDNIGHT).values()), job.name


def test_its_instruments_are_cared_for(laboratory: dict[str, int]) -> None:
    listed = windows.read(windows.WINDOW.order_by(Window.starts_at))
    past = [one for one in listed if one.ends_at < MIDNIGHT]
    coming = [one for one in listed if one.starts_at > MIDNIGHT]
    assert len(past) + len(coming) == len(listed)
    assert {one.state for one in past} == {"done"}
    assert {one.kind for one in past} >= {"preventive", "calibration", "vendor_visit"}
    assert {one.state for one in coming} == {"planned"}
    assert [one.instruments[0].code for one in coming if one.series_id] == ["SEM-01"] * 8
    [chiller] = windows.utilities(manager())
    [shared] = [one for one in coming if one.utility_id == chiller.id]
    assert [one.code for one in shared.instruments] == list(chiller.instruments) == ["FIB-01", "TEM-01", "XRD-01"]
    outages = rows(sa.select(Outage.state, Outage.remedy))
    assert [state for state, remedy in outages if remedy] == ["ended", "ended"]
    needs = upkeep.every(SYSTEM)
    assert len(needs) >= 6
    assert [one.code for one in needs if one.is_overdue(MIDNIGHT)] == ["GCM-01"]
    assert {"SEM-01", "AFM-01"} <= {one.code for one in needs if one.next_at}
    assert {row.state for row in rows(sa.select(Instrument.state))} == {"in_service"}
    files = rows(sa.select(Document.size, Document.content))
    assert [(size, len(content)) for size, content in files] == [(files[0].size, files[0].size)]


def test_two_bookings_of_the_member_were_displaced_one_was_replaced_and_one_has_an_offer(
    laboratory: dict[str, int],
) -> None:
    company = db.session.scalar(sa.select(Person.company_id).where(Person.email == demo.SIGN_INS[0]))
    found = {row.id: row for row in bookings() if row.state == "displaced"}
    assert {row.company_id for row in found.values()} == {company}
    ways = {way.state: way for way in map(displacement.of_booking, found) if way is not None}
    assert set(ways) == {"offered", "accepted"}
    open_one, old_one = ways["offered"], ways["accepted"]
    assert open_one.answer_by is not None
    assert open_one.answer_by > MIDNIGHT + timedelta(days=1)
    assert found[open_one.booking_id].starts_at > MIDNIGHT > found[old_one.booking_id].starts_at
    [successor] = [row for row in bookings() if row.replaces_id == old_one.booking_id]
    assert Slot(successor.starts_at, successor.ends_at) == old_one.slot
    for way in ways.values():
        assert [(one.held, one.used) for one in account.standing(way.booking_id)] == [
            (0, 0) for _ in account.standing(way.booking_id)
        ]
        window = windows.window(SYSTEM, way.cause_id)
        row = found[way.booking_id]
        assert window.slot.contains(Slot(row.starts_at, row.ends_at))


def test_the_companies_of_the_sign_ins_have_hours_to_spare_this_year_and_the_next(laboratory: dict[str, int]) -> None:
    for email in (demo.SIGN_INS[0], demo.SIGN_INS[2]):
        company = db.session.scalar(sa.select(Person.company_id).where(Person.email == email)) or 0
        mine = accounts.allowances_of(SYSTEM, company)
        assert (mine.caps.company, mine.caps.person, mine.follows) == (None, None, False)
        assert {item.terms.scope for item in mine.items} == {"all", "category"}
        for year in (2026, 2027):
            standings = accounts.statement(SYSTEM, company, year).standings
            assert {one.period for one in standings} == {"year", "quarter"}
            assert all((one.left or 0) >= 500 * 60 for one in standings), email


def test_some_companies_stand_near_their_limit_and_were_told(laboratory: dict[str, int]) -> None:
    near = watch.near_limit(MIDNIGHT, 80)
    assert 3 <= len(near) <= 6
    assert all(80 <= one.percent <= 101 for one in near)
    assert watch.to_warn(MIDNIGHT) == []
    told = rows(sa.select(Entry.company_id).where(Entry.kind == "allowance_nearly_used"))
    assert {one.company_id for one in near} == {company for (company,) in told}


def test_one_request_waits_over_quota_and_holds_nothing(laboratory: dict[str, int]) -> None:
    [waiting] = [row for row in bookings() if row.over_quota]
    assert waiting.state == "requested"
    assert account.standing(waiting.id) == []
    known = next(one for one in catalogue().values() if one.id == waiting.instrument_id)
    shares = quotes.of_slot(waiting.company_id, known, Slot(waiting.starts_at, waiting.ends_at)).shares
    assert over_quota(shares)


def test_one_booking_was_let_pass_over_its_limit_by_somebody_who_said_why(laboratory: dict[str, int]) -> None:
    [line] = rows(sa.select(Line.__table__).where(Line.kind == "waiver"))
    told = sa.select(Entry.actor_id, Entry.data).where(Entry.object_id == line.booking_id)
    [approval] = rows(told.where(Entry.object == "booking", Entry.kind == "booking_approved"))
    assert approval.data["waived"] == ["quota_exceeded"]
    assert (approval.actor_id, approval.data["answer"]) == (line.actor_id, line.reason)


def test_who_came_not_or_cancelled_late_was_charged(laboratory: dict[str, int]) -> None:
    kinds = Counter(kind for (kind,) in rows(sa.select(Line.kind).where(Line.kind.in_(("no_show", "late_cancel")))))
    charged = Counter(row.state for row in bookings() if row.charge)
    assert kinds["no_show"] >= charged["missed"] > 100
    assert kinds["late_cancel"] >= charged["cancelled"] > 100
    assert set(charged) == {"missed", "cancelled"}


def test_something_is_held_against_people_and_nobody_is_kept_from_asking(laboratory: dict[str, int]) -> None:
    kinds = {what for (what,) in rows(sa.select(ConductEntry.what).distinct())}
    assert kinds == set(POINTS)
    assert rows(sa.select(Restriction.id)) == []
    people = [number for (number,) in rows(sa.select(ConductEntry.person_id).distinct())]
    companies = [number for (number,) in rows(sa.select(ConductEntry.company_id).distinct())]
    stands = conduct.standing_of(people, companies, MIDNIGHT)
    assert max(one.points for one in stands.people.values()) < OF_PERSON.points
    assert max(one.points for one in stands.companies.values()) < OF_COMPANY.points


def test_every_row_has_its_first_fact(laboratory: dict[str, int]) -> None:
    told = Counter(kind for (kind,) in rows(sa.select(Entry.object).where(Entry.version == 1)))
    for name, model in (("site", Site), ("company", Company), ("person", Person), ("instrument", Instrument)):
        assert told[name] == db.session.scalar(sa.select(sa.func.count()).select_from(model))


def test_the_coming_weeks_are_alive_and_some_requests_wait_for_an_answer(laboratory: dict[str, int]) -> None:
    known = catalogue()
    ahead = [row for row in bookings() if row.state in LIVE and row.starts_at > MIDNIGHT + timedelta(days=1)]
    assert len(ahead) >= 500
    assert max(row.starts_at for row in ahead) > MIDNIGHT + timedelta(days=38)
    waiting = [row for row in bookings() if row.state == "requested"]
    assert len(waiting) >= 30
    assert {known[row.instrument_id].site_code for row in waiting} == {"ECO-2", "LAKE", "MEISHAN"}
    for row in waiting:
        slot = Slot(row.starts_at, row.ends_at)
        assert row.decide_by == decide_by(known[row.instrument_id], slot, row.created_at)
        assert row.decide_by > MIDNIGHT + timedelta(days=1)
    assert all(row.decide_by is None for row in bookings() if row.state != "requested")


@pytest.mark.parametrize("name", ["member", "company-admin", "rival"])
def test_whoever_tries_the_demo_finds_bookings_of_their_own(laboratory: dict[str, int], name: str) -> None:
    mine = rows(sa.select(Booking.state, Booking.starts_at).join(Person).where(Person.email.like(f"{name}@%")))
    soon = Counter(row.state for row in mine if MIDNIGHT < row.starts_at < MIDNIGHT + timedelta(days=15))
    assert soon["approved"] >= (4 if name == "member" else 1)
    assert soon["requested"] >= 1
    assert any(row.starts_at < MIDNIGHT for row in mine)


def test_a_few_companies_book_most_and_the_members_is_in_the_upper_middle(laboratory: dict[str, int]) -> None:
    counted = Counter(row.company_id for row in bookings())
    by_size = [company for company, _ in counted.most_common()]
    assert counted[by_size[0]] > 10 * counted[by_size[60]] > 0
    company = db.session.scalar(sa.select(Person.company_id).where(Person.email == demo.SIGN_INS[0]))
    assert 5 <= by_size.index(company) <= 30


def test_most_people_come_on_workdays_by_day(laboratory: dict[str, int]) -> None:
    zone = next(iter(catalogue().values())).zone
    starts = [row.starts_at.astimezone(zone) for row in bookings()]
    assert sum(start.weekday() < 5 for start in starts) > 0.9 * len(starts)
    assert sum(8 <= start.hour < 18 for start in starts) > 0.8 * len(starts)
    assert sum(start.hour >= 18 for start in starts) > 100


def test_every_instrument_has_free_time_in_the_coming_week(laboratory: dict[str, int]) -> None:
    week = Slot(MIDNIGHT, MIDNIGHT + timedelta(days=7))
    for known in catalogue().values():
        assert known.horizon_days >= 42
        assert known.notice_minutes <= 24 * 60
        assert len(free.of_instrument(known, week, known.min_minutes, MIDNIGHT)) >= 5, known.code


def test_the_command_fills_the_database_and_prints_the_sign_ins(filled: Filled) -> None:
    assert all(email in filled.said for email in demo.SIGN_INS)
    assert demo.PASSWORD in filled.said
    before = all_rows()
    again = filled.again()
    assert again.exit_code == 1
    assert "holds companies already" in again.stderr
    assert all_rows() == before
