"""A laboratory with something behind every door: fresh objects of one company, and somebody of every role to ask."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import insert
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from labshare.booking.models import Booking, ConductEntry, Displacement, Restriction, WaitlistEntry
from labshare.instruments.models import CalendarYear, Claim, OpeningException
from labshare.kernel import clock
from labshare.kernel.db import Base, Transaction, db, transaction
from labshare.kernel.journal import Entry
from labshare.maintenance.models import Dependence, Document, Outage, Upkeep, Utility, Window, WindowPlace
from labshare.notifications.models import Delivery, Message
from labshare.people.models import Invitation, Person, RoleGrant, SignIn, Token
from labshare.usage.models import Objection
from tests.cast import LONG_AGO, Cast

# Column of the table of doors -> who stands for it.
ROLES = {
    "member": "mei",
    "company_admin": "chen",
    "rival": "bo",
    "lab_manager": "li",
    "lab_manager_elsewhere": "wei",
    "admin": "ada",
}
UNCHANGED = {"answer", "sign_in_failure"}  # a hostile request may be counted; nothing else may change


class Scene:
    """The cast, a lab manager of another site, and objects made as they are needed."""

    def __init__(self, app: Flask, cast: Cast) -> None:
        self.app, self.cast = app, cast
        self.count = 0
        with transaction() as tx:
            values = {"email": "wei@cast.labshare.test", "name": "Wei", "created_at": LONG_AGO}
            wei = tx.execute(insert(Person).values(values).returning(Person.id)).scalar_one()
            tx.execute(insert(RoleGrant).values(person_id=wei, role="lab_manager", site_id=cast.west))
            cast._tell(tx)
        cast.people["wei"] = wei
        self._browsers: dict[str | None, FlaskClient] = {None: app.test_client()}
        self._grants = self._rows(RoleGrant)

    # ------------------------------------------------------------ asking

    def browser(self, name: str | None) -> FlaskClient:
        if name not in self._browsers:
            assert name is not None
            self._browsers[name] = self.cast.browser(name)
        return self._browsers[name]

    def ask(self, name: str | None, method: str, path: str, body: Any = None, **more: Any) -> TestResponse:
        """Ask as a person would: by token at the JSON door, by a browser at a page; None is a stranger."""
        if path.startswith("/api/v1"):
            return self.cast.api(name)._send(method, path, body, buffered=True, **more)
        return self.browser(name).open(path, method=method, data=body, buffered=True, **more)

    def path(self, rule: Rule, **given: Any) -> str:
        """The address of a route, with a fresh object of Aurora's wherever it names one."""
        built = rule.build({**self.named(rule.arguments - given.keys(), rule.rule), **given})
        assert built is not None
        return str(built[1])

    def named(self, names: Iterable[str], address: str) -> dict[str, Any]:
        """Fresh objects for what an address names; a window before its document."""
        found = {}
        for name in sorted(names, reverse=True):
            answers = name == "booking_id" and address.endswith(ANSWERING)
            found[name] = self.displaced() if answers else OBJECTS[name](self)
        return found

    # ------------------------------------------------------------ objects of Aurora's

    def booking(self) -> int:
        """A request of Mei's, still waiting, at a time nobody else holds."""
        self.count += 1
        start = datetime(2030, 1, 1, tzinfo=UTC) + timedelta(hours=self.count)
        end = start + timedelta(minutes=30)
        booking_id = self._made(
            Booking,
            state="requested",
            instrument_id=self.cast.sem,
            company_id=self.cast.aurora,
            person_id=self.cast.people["mei"],
            starts_at=start,
            ends_at=end,
            purpose="Quiet work",
            decide_by=start,
            created_at=LONG_AGO,
        )
        held = {"starts_at": start - timedelta(minutes=15), "ends_at": end}  # SEM-01 warms up for so long
        self._made(Claim, instrument_id=self.cast.sem, channel=1, kind="booking", owner_id=booking_id, **held)
        return booking_id

    def displaced(self) -> int:
        """A request of Mei's that was displaced; another time is held for it, within reach."""
        booking_id = self.booking()
        with transaction() as tx:
            mine = {"kind": "booking", "owner_id": booking_id}
            tx.execute(sa.delete(Claim).filter_by(**mine))
            tx.execute(sa.update(Booking).filter_by(id=booking_id).values(state="displaced", decide_by=None))
            self.cast._tell(tx)
        tomorrow = clock.now().replace(minute=0, second=0, microsecond=0) + timedelta(days=1)
        start = tomorrow + self.count * timedelta(minutes=30)
        slot = {"starts_at": start, "ends_at": start + timedelta(minutes=30)}
        place = {"instrument_id": self.cast.bat, "channel": 1, **slot}
        why = {"cause": "maintenance", "cause_id": 1, "at": LONG_AGO, "was": "requested", "state": "offered"}
        offer_id = self._made(Displacement, booking_id=booking_id, answer_by=start, **why, **place)
        self._made(Claim, kind="offer", owner_id=offer_id, **place)
        return booking_id

    def wait(self) -> int:
        """Mei waits for time in two years."""
        self.count += 1
        start = datetime(2031, 6, 1, tzinfo=UTC) + timedelta(hours=self.count)
        slot = {"starts_at": start, "ends_at": start + timedelta(minutes=30)}
        whose = {"company_id": self.cast.aurora, "person_id": self.cast.people["mei"]}
        about = {"instrument_id": self.cast.sem, "purpose": "Quiet work", "created_at": LONG_AGO}
        return self._made(WaitlistEntry, **slot, **whose, **about)

    def entry(self) -> int:
        """What is held against Mei: a no-show of hers."""
        booking_id = self.booking()
        with transaction() as tx:
            tx.execute(sa.delete(Claim).filter_by(kind="booking", owner_id=booking_id))
            tx.execute(sa.update(Booking).filter_by(id=booking_id).values(state="missed", decide_by=None))
            self.cast._tell(tx)
        whose = {"company_id": self.cast.aurora, "person_id": self.cast.people["mei"], "booking_id": booking_id}
        times = {"at": LONG_AGO, "expires_at": datetime(2040, 1, 1, tzinfo=UTC)}
        return self._made(ConductEntry, what="no_show", points=2, **whose, **times)

    def restriction(self) -> int:
        """Mei may not ask for time, long ago, so that she may now."""
        self.count += 1
        starts_at = LONG_AGO + timedelta(days=self.count)
        whose = {"company_id": self.cast.aurora, "person_id": self.cast.people["mei"], "points": 4}
        return self._made(Restriction, starts_at=starts_at, ends_at=starts_at + timedelta(days=1), **whose)

    def colleague(self) -> int:
        """Another member of Aurora, to be looked at, changed and removed."""
        self.count += 1
        email = f"colleague{self.count}@cast.labshare.test"
        values = {"email": email, "name": "Min", "created_at": LONG_AGO, "company_id": self.cast.aurora}
        person_id = self._made(Person, **values)
        self._made(RoleGrant, person_id=person_id, role="member")
        self._grants = self._rows(RoleGrant)
        return person_id

    def invitation(self) -> int:
        self.count += 1
        email = f"guest{self.count}@cast.labshare.test"
        times = {"created_at": LONG_AGO, "expires_at": datetime(2040, 1, 1, tzinfo=UTC)}
        inviter = self.cast.people["chen"]
        return self._made(Invitation, company_id=self.cast.aurora, email=email, invited_by=inviter, **times)

    def token(self) -> int:
        self.count += 1
        values = {"name": "a script", "secret_hash": f"{self.count:064d}", "created_at": LONG_AGO}
        return self._made(Token, person_id=self.cast.people["mei"], **values)

    def session(self) -> int:
        self.count += 1
        times = {"created_at": LONG_AGO, "expires_at": datetime(2040, 1, 1, tzinfo=UTC)}
        return self._made(SignIn, person_id=self.cast.people["mei"], secret_hash=f"{self.count:064d}", **times)

    def message(self) -> int:
        """A message of Mei's, of a fact about nothing that others may see."""
        values = {"person_id": self.cast.people["mei"], "group": "account", "at": LONG_AGO}
        return self._made(Message, journal_id=self._fact(), **values)

    def exception(self) -> int:
        """Other hours of the East site on a day to come."""
        self.count += 1
        said = {"site_id": self.cast.east, "day": date(2031, 1, 1) + timedelta(days=self.count), "at": LONG_AGO}
        return self._made(OpeningException, intervals=[[480, 720]], note="Stocktaking", **said)

    def year(self) -> int:
        """A year of the East site's calendar that is known."""
        with transaction() as tx:
            tx.execute(sa.delete(CalendarYear))
            said = {"site_id": self.cast.east, "year": 2026, "source": "notice", "published": True}
            tx.execute(insert(CalendarYear).values(**said, rechecked_at=LONG_AGO, version=1))
            self.cast._tell(tx)
        return 2026

    def delivery(self) -> int:
        """A mail to Mei that never arrived."""
        values = {"person_id": self.cast.people["mei"], "address": "mei@cast.labshare.test", "state": "dead"}
        times = {"next_try_at": LONG_AGO, "changed_at": LONG_AGO}
        return self._made(Delivery, journal_id=self._fact(), tries=5, last_error="away", **values, **times)

    # ------------------------------------------------------------ what the laboratory keeps of SEM-01

    def window(self) -> int:
        self.count += 1
        start = datetime(2031, 1, 1, tzinfo=UTC) + timedelta(hours=self.count)
        times = {"starts_at": start, "ends_at": start + timedelta(hours=1), "created_at": LONG_AGO}
        said = {"note": "New filament", "performed_by": "Li"}
        window_id = self._made(Window, kind="preventive", state="planned", **times, **said)
        self._made(WindowPlace, window_id=window_id, instrument_id=self.cast.sem)
        self._window = window_id
        return window_id

    def document(self) -> int:
        """A file of the window that was made last."""
        file = {"name": "sheet.pdf", "size": 5, "content": b"%PDF-", "at": LONG_AGO}
        return self._made(Document, window_id=self._window, **file)

    def outage(self) -> int:
        times = {"began_at": LONG_AGO, "claimed_until": LONG_AGO + timedelta(days=1)}
        return self._made(Outage, instrument_id=self.cast.sem, state="open", note="No vacuum", **times)

    def utility(self) -> int:
        names = {"name_en": "Chiller 2", "name_zh": "2 号冷水机"}
        utility_id = self._made(Utility, site_id=self.cast.east, **names)
        self._made(Dependence, utility_id=utility_id, instrument_id=self.cast.sem)
        return utility_id

    def upkeep(self) -> int:
        """What it needs once a year; there is one of a kind, so the last one goes."""
        mine = {"instrument_id": self.cast.sem, "kind": "vendor_visit"}
        with transaction() as tx:
            tx.execute(sa.delete(Upkeep).filter_by(**mine))
            self.cast._tell(tx)
        return self._made(Upkeep, every_days=365, since=LONG_AGO, note="By the maker", **mine)

    # ------------------------------------------------------------ what Aurora says to its figures

    def objection(self) -> int:
        """Chen objects to what Aurora is said to have used; nobody has answered."""
        whose = {"company_id": self.cast.aurora, "person_id": self.cast.people["chen"]}
        return self._made(Objection, year=2026, text="One use too many", at=LONG_AGO, answer="", **whose)

    def _fact(self) -> int:
        said = {"kind": "company_approved", "object": "company", "object_id": self.cast.aurora, "at": LONG_AGO}
        return self._made(Entry, company_id=self.cast.aurora, data={"name": "Aurora Displays"}, **said)

    def _made(self, model: Any, **values: Any) -> int:
        with transaction() as tx:
            made = int(tx.execute(insert(model).values(values).returning(model.id)).scalar_one())
            self.cast._tell(tx)
        return made

    # ------------------------------------------------------------ what there is, and putting it back

    def _rows(self, model: Any) -> list[dict[str, Any]]:
        with db.engine.connect() as connection:
            return [dict(row) for row in connection.execute(sa.select(model.__table__)).mappings()]

    def heal(self) -> None:
        """Undo what an allowed request did to people, companies and instruments, so that the next one finds them."""
        with transaction() as tx:
            tx.execute(sa.update(Base.metadata.tables["company"]).values(state="active"))
            tx.execute(sa.update(Base.metadata.tables["person"]).values(active=True))
            tx.execute(sa.update(Base.metadata.tables["token"]).values(revoked_at=None))
            tx.execute(sa.update(Base.metadata.tables["instrument"]).values(state="in_service"))
            self._put_back(tx)
            self.cast._tell(tx)
        self._browsers = {None: self.app.test_client()}

    def _put_back(self, tx: Transaction) -> None:
        grants = RoleGrant.__table__
        tx.execute(sa.delete(grants))
        tx.execute(insert(grants), self._grants)

    def contents_of(self, table: str, column: str) -> list[Any]:
        """One column of a table, in order."""
        wanted = Base.metadata.tables[table].c[column]
        with db.engine.connect() as connection:
            return list(connection.execute(sa.select(wanted).order_by(wanted)).scalars())

    def contents(self) -> dict[str, str]:
        """A hash of every table but those that may count a refused request."""
        found = {}
        with db.engine.connect() as connection:
            for table in Base.metadata.sorted_tables:
                if table.name not in UNCHANGED:
                    rows = connection.execute(sa.select(table).order_by(*table.primary_key.columns))
                    found[table.name] = hashlib.sha256(repr([tuple(row) for row in rows]).encode()).hexdigest()
        return found


ANSWERING = ("/accept", "/decline")  # where a booking has to be a displaced one
OBJECTS: dict[str, Callable[[Scene], Any]] = {
    "booking_id": Scene.booking,
    "wait_id": Scene.wait,
    "company_id": lambda scene: scene.cast.aurora,
    "person_id": Scene.colleague,
    "invitation_id": Scene.invitation,
    "token_id": Scene.token,
    "sign_in_id": Scene.session,
    "message_id": Scene.message,
    "delivery_id": Scene.delivery,
    "window_id": Scene.window,
    "document_id": Scene.document,
    "outage_id": Scene.outage,
    "utility_id": Scene.utility,
    "upkeep_id": Scene.upkeep,
    "site_id": lambda scene: scene.cast.east,
    "entry_id": Scene.entry,
    "restriction_id": Scene.restriction,
    "objection_id": Scene.objection,
    "code": lambda _scene: "SEM-01",
    "site": lambda _scene: "EAST",
    "exception_id": Scene.exception,
    "year": Scene.year,
    "day": lambda _scene: "2026-10-01",
    "name": lambda scene: next(iter(scene.app.extensions["jobs"])).name,
    "reader": lambda _scene: "member",
    "token": lambda _scene: "no-such-token",
    "filename": lambda _scene: "dist/manifest.json",
}
MISSING = {
    "code": "NO-SUCH",
    "site": "NOWHERE",
    "name": "no-such-job",
    "reader": "nobody",
    "token": "another-token",
    "filename": "none",
}
