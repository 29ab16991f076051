"""The companies' accounts of hours: what each may use, and line by line what its bookings held and used of it.

Who may use how much is reckoned from what they used, so that some stand near their limit and two are far from it.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from math import ceil
from typing import Any

import sqlalchemy as sa

from labshare.booking.bookkeeping import Limit, limits
from labshare.booking.events import (
    BookingApproved,
    BookingCancelled,
    BookingCompleted,
    BookingDisplaced,
    BookingMissed,
    BookingMoved,
    BookingRejected,
    BookingRequested,
)
from labshare.booking.lifecycle import APPROVED, COMPLETED, IN_USE, REQUESTED
from labshare.booking.rules import QUOTA
from labshare.demo.cast import Cast, Told
from labshare.demo.stories import Story
from labshare.kernel.actor import SYSTEM, Actor
from labshare.kernel.db import Transaction, table_of
from labshare.kernel.slots import day_at, local
from labshare.people.models import Company
from labshare.quotas import allowances, rules, watch
from labshare.quotas import queries as accounts
from labshare.quotas.allowances import ZONES, Caps
from labshare.quotas.events import AllowanceNearlyUsed, AllowancesSet, DefaultAllowancesSet
from labshare.quotas.models import (
    ALL,
    ASK,
    CATEGORY,
    EFFECTS,
    HOLD,
    LATE_CANCEL,
    MONTH,
    NO_SHOW,
    QUARTER,
    REFUSE,
    RELEASE,
    USE,
    WAIVER,
    YEAR,
    Account,
    Balance,
    Line,
    Warned,
)
from labshare.quotas.rules import Terms

HOUR = 60  # minutes, as accounts count
GENEROUS = 1500 * HOUR  # what companies without allowances of their own may use in a quarter
PLENTY = 800 * HOUR  # what the companies of the sign-ins have left
NEAR = {3: 0.82, 5: 0.88, 8: 0.93, 13: 0.97}  # how near their limit some are, by how many use more than they
AGREED = timedelta(days=40)  # so long ago companies got allowances of their own
MICROSCOPES = "Electron microscopy"
REASON = "The series has to be finished before the review. 评审前需完成这一系列测试。"
ENDINGS = (BookingRejected, BookingCancelled, BookingMissed, BookingCompleted, BookingDisplaced)
_account, _balance, _ledger, _warned = map(table_of, (Account, Balance, Line, Warned))


@dataclass(frozen=True)
class Step:
    """Something a booking did to its company's account: a line in every allowance that counts it."""

    at: datetime
    actor_id: int | None
    kind: str
    start: datetime
    end: datetime
    percent: int = 100


def steps(story: Story) -> Iterator[Step]:
    """What the story's facts did, in their order."""
    row, held = story.values, False
    for who, at, kind, more in story.facts:
        slot = more.get("starts_at", row["starts_at"]), more.get("ends_at", row["ends_at"])
        by = at, who.person_id
        if kind is BookingMoved:
            yield Step(*by, RELEASE, more["old_starts_at"], more["old_ends_at"])
        elif held and kind in ENDINGS:
            yield Step(*by, RELEASE, *slot)
        asks = kind is BookingRequested and not more.get("over_quota")
        if asks or kind is BookingMoved or (kind is BookingApproved and more.get("waived")):
            yield Step(*by, HOLD, *slot)
            held = True
        if kind in (BookingCancelled, BookingMissed) and row["charge"]:
            yield Step(*by, NO_SHOW if kind is BookingMissed else LATE_CANCEL, *slot, row["charge"])
        if kind is BookingCompleted:
            yield Step(*by, USE, more["used_from"], more["used_to"])


class Books:
    """Plans the accounts of everybody who books, and then enters them with their lines; `told` is what was said."""

    def __init__(self, cast: Cast, stories: Sequence[Story], now: datetime) -> None:
        self.cast, self.now, self.told = cast, now, list[Told]()
        self.counted = (now - ZONES).date()  # of periods that are running on this day, all of it
        self.of: dict[int, list[Story]] = defaultdict(list)
        for story in stories:
            self.of[story.values["company_id"]].append(story)
        self._pieces: dict[tuple[Any, ...], list[tuple[date, int]]] = {}
        self.own: dict[int, list[Terms]] = {}
        self.waived: tuple[Story, int] | None = None  # and how many minutes of it
        self._plan()

    # -- who may use how much

    def _plan(self) -> None:
        years = {company: self._taken(stories, YEAR) for company, stories in sorted(self.of.items())}
        for company in sorted({_company(self.cast.known[name]) for name in ("member", "rival")}):
            microscopes = [one for one in self.of[company] if one.placed.instrument.category_en == MICROSCOPES]
            self.own[company] = [
                Terms(ALL, None, YEAR, _plenty(years.get(company, {})), REFUSE),
                *(
                    Terms(CATEGORY, number, QUARTER, _plenty(self._taken(microscopes, QUARTER)), ASK)
                    for number in sorted({one.placed.instrument.category_id for one in microscopes})
                ),
            ]
        self._ask_for_too_much()
        self._waive(years)
        busy = sorted(years, key=lambda company: (-_most(years[company]), company))
        for rank, company in enumerate(one for one in busy if one not in self.own and _most(years[one])):
            if rank in NEAR:
                self.own[company] = [Terms(ALL, None, YEAR, _hours(_most(years[company]) / NEAR[rank]), ASK)]
            elif 4 * min(_most(years[company]), _most(self._taken(self.of[company], QUARTER))) > 3 * GENEROUS:
                self.own[company] = [Terms(ALL, None, YEAR, _hours(_most(years[company]) * 1.6, 500), ASK)]

    def _ask_for_too_much(self) -> None:
        """One request that waits is more than its company may use in that month; it holds none of it."""
        waiting = (story for stories in self.of.values() for story in stories if story.values["state"] == REQUESTED)
        for story in sorted(waiting, key=lambda story: (story.values["created_at"], story.values["company_id"])):
            company, slot = story.values["company_id"], story.placed.slot
            first, _ = rules.period_of(MONTH, day_at(slot.start, story.placed.instrument.zone))
            others = self._taken([one for one in self.of[company] if one is not story], MONTH, first)
            if company in self.own or slot.minutes < 2 * HOUR or not 0 < others[first] == _most(others):
                continue
            story.values["over_quota"] = story.facts[0][3]["over_quota"] = True
            self.own[company] = [Terms(ALL, None, MONTH, _hours(others[first]), ASK, valid_from=first)]
            return

    def _waive(self, years: Mapping[int, Counter[date]]) -> None:
        """One booking, its company's latest, was more than was left, and a manager let it pass and said why."""
        year, _ = rules.period_of(YEAR, self.counted)
        for company, stories in sorted(self.of.items()):
            story = max(stories, key=lambda one: one.values["created_at"])
            kinds = [kind for _who, _at, kind, _more in story.facts]
            if company in self.own or story.values["state"] not in (APPROVED, IN_USE, COMPLETED):
                continue
            mine, asked = self._taken([story], YEAR), story.placed.slot.minutes
            if BookingMoved in kinds or not story.placed.instrument.approval or set(mine) != {year}:
                continue
            before = years[company] - mine
            limit = _hours(before[year])
            left = limit - before[year]
            if not 0 < mine[year] <= asked or asked <= left or limit < _most(before):
                continue
            story.facts[0][3]["over_quota"] = True
            story.facts[1][3].update(answer=REASON, waived=(QUOTA,))
            story.values["answer"] = REASON
            self.own[company] = [Terms(ALL, None, YEAR, limit, ASK)]
            self.waived = story, asked - left
            return

    def _taken(self, stories: Iterable[Story], period: str, first: date | None = None) -> Counter[date]:
        """What these bookings hold and used by the day each period begins, of those that are counted."""
        found: Counter[date] = Counter()
        counted, _ = rules.period_of(period, self.counted)
        for story in stories:
            for step in steps(story):
                sign = sum(EFFECTS[step.kind][:2])
                for day, minutes in self._split(story, step, period):
                    if day >= max(counted, first or counted):
                        found[day] += sign * minutes
        return found

    def _split(self, story: Story, step: Step, period: str) -> list[tuple[date, int]]:
        zone = story.placed.instrument.zone
        key = (step.start, step.end, period, zone.key)
        if key not in self._pieces:
            self._pieces[key] = rules.pieces(step.start, step.end, period, zone)
        if step.percent == 100:
            return self._pieces[key]
        return [(day, rules.charged(minutes, step.percent)) for day, minutes in self._pieces[key]]

    # -- the rows

    def enter(self, tx: Transaction, numbered: Sequence[tuple[Story, int]]) -> None:
        """Everybody's account with all its lines, those of the oldest facts first, and balances that are their sums."""
        self._open(tx)
        by_company, _ = limits(tx.session)
        lines = [line for story, number in numbered for line in self._lines(story, number, by_company)]
        lines.sort(key=lambda line: line["at"])  # stable: what one fact did stays in its order
        for start in range(0, len(lines), 5000):
            tx.execute(sa.insert(_ledger), lines[start : start + 5000])
        sums: dict[int, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
        for line in lines:
            for column, effect in enumerate(EFFECTS[line["kind"]]):
                sums[line["balance_id"]][column] += effect * line["minutes"]
        change = sa.update(_balance).where(_balance.c.id == sa.bindparam("number"))
        stands = [
            {"number": number, "held": held, "used": used, "granted": granted}
            for number, (held, used, _extended, granted) in sorted(sums.items())
        ]
        if stands:
            names = ("held", "used", "granted")
            tx.execute(change.values({name: sa.bindparam(name) for name in names}), stands)
        self._warn(tx, lines)

    def _open(self, tx: Transaction) -> None:
        admin, opened = self.cast.admin, self.now - AGREED
        [default] = tx.execute(sa.select(_account).where(_account.c.company_id.is_(None)))
        items = [Terms(ALL, None, QUARTER, GENEROUS, ASK)]
        version = allowances.replace(tx, admin, default, items, Caps(), None, self.now).version
        fact = DefaultAllowancesSet(object_id=default.id, version=version, items=tuple(one.told for one in items))
        self.told.append((admin, fact, opened))
        for (company,) in tx.execute(sa.select(table_of(Company).c.id).order_by(table_of(Company).c.id)).all():
            number = allowances.open_account(tx, company, self.now).account_id
            if items := self.own.get(company, []):
                [mine] = tx.execute(sa.select(_account).where(_account.c.id == number))
                version = allowances.replace(tx, admin, mine, items, Caps(), None, self.now).version
                said: dict[str, Any] = {"follows": False, "items": tuple(one.told for one in items)}
                about = {"object_id": number, "version": version, "company_id": company}
                self.told.append((admin, AllowancesSet(**about, **said), opened))

    def _lines(self, story: Story, number: int, by_company: Mapping[int, list[Limit]]) -> Iterator[dict[str, Any]]:
        row, known = story.values, story.placed.instrument
        scopes = {CATEGORY: known.category_id, ALL: None}
        about = {"booking_id": number, "instrument_id": row["instrument_id"], "person_id": row["person_id"]}
        counting = [
            limit
            for limit in by_company[row["company_id"]]
            if not limit.withdrawn and limit.scope_id == scopes[limit.scope]
        ]
        since = {one.id: local(one.counts_from, time(), known.zone) for one in counting}
        for step in steps(story):
            by = about | {"actor_id": step.actor_id, "at": step.at}
            for limit in counting:
                if step.end <= since[limit.id]:  # as most of a year does where only the running quarter counts
                    continue
                for day, minutes in self._split(story, step, limit.period):
                    if day >= limit.counts_from and minutes:
                        balance = {"balance_id": limit.balances[day], "kind": step.kind, "minutes": minutes}
                        yield by | balance | {"reason": ""}
            if step.kind == HOLD and self.waived is not None and story is self.waived[0]:
                # On the last of them: a company's own limit comes after the account itself.
                granted = {"balance_id": limit.balances[day], "kind": WAIVER, "minutes": self.waived[1]}
                yield by | granted | {"reason": REASON}

    def _warn(self, tx: Transaction, lines: Sequence[Mapping[str, Any]]) -> None:
        """Who stands near a limit was told when they came near it."""
        for company, balance_id, percent in watch.to_warn(self.now):
            standing = accounts.balance(company, balance_id)
            limit, stood, at = standing.limit or 0, 0, self.now - AGREED
            for line in lines:
                if line["balance_id"] == balance_id:
                    stood += sum(EFFECTS[line["kind"]][:2]) * line["minutes"]
                    at = max(at, line["at"])
                    if 100 * stood >= percent * limit:
                        break
            tx.execute(sa.insert(_warned).values(balance_id=balance_id, percent=percent, minutes=limit, at=at))
            about: dict[str, Any] = {"object_id": standing.account_id, "company_id": company, "balance_id": balance_id}
            about |= {"scope": standing.scope, "scope_en": standing.scope_en, "scope_zh": standing.scope_zh}
            about |= {"period": standing.period, "starts_on": standing.starts_on.isoformat(), "limit": limit}
            fact = AllowanceNearlyUsed(**about, percent=percent, spoken_for=stood)
            self.told.append((SYSTEM, fact, at))


def _company(who: Actor) -> int:
    if who.company_id is None:
        raise ValueError(f"{who.name} is of no company")
    return who.company_id


def _most(taken: Mapping[date, int]) -> int:
    return max(taken.values(), default=0)


def _plenty(taken: Mapping[date, int]) -> int:
    """So much that nobody comes near it."""
    return _hours(max(_most(taken) + PLENTY, 1.5 * _most(taken)), 50)


def _hours(minutes: float, step: int = 1) -> int:
    """As many whole hours, in steps of so many, as hold the minutes; in minutes."""
    return ceil(minutes / (HOUR * step)) * HOUR * step
