"""The people of the tests, their companies and two instruments; each can act, hold a token or browse."""

from __future__ import annotations

from copy import copy
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import insert
from werkzeug.test import TestResponse

from labshare.instruments.models import Category, Instrument
from labshare.kernel import clock
from labshare.kernel.actor import SYSTEM, Actor
from labshare.kernel.db import Transaction, transaction
from labshare.kernel.journal import publish
from labshare.people import access, passwords
from labshare.people.events import CompanyChanged, SiteAdded
from labshare.people.models import Company, Person, RoleGrant, SignIn, Site, Token
from labshare.quotas.allowances import open_account

PASSWORD = "labshare-demo"
LONG_AGO = datetime(2025, 1, 1, tzinfo=UTC)
EMAIL = "{}@cast.labshare.test"

COMPANIES = {
    "aurora": ("Aurora Displays", "91990000MA0000015Q", "company"),
    "borealis": ("Borealis Photonics", "91990000MA0000023K", "company"),
    "operator": ("Shared Lab Operator", "91990000MA0000031E", "operator"),
}
PEOPLE = {  # name, company, roles
    "mei": ("Mei", "aurora", ("member",)),
    "chen": ("Chen", "aurora", ("company_admin",)),
    "bo": ("Bo", "borealis", ("member",)),
    "li": ("Li", None, ("lab_manager",)),
    "ada": ("Ada", None, ("admin",)),
}


@cache
def password_hash() -> str:
    """Everybody's password, hashed once for the whole run: hashing is slow on purpose."""
    return passwords.hashed(PASSWORD)


class ApiClient:
    """Speaks JSON with a bearer token; answers are werkzeug's."""

    def __init__(self, client: FlaskClient, token: str | None) -> None:
        self.client = client
        self.headers = {"Authorization": f"Bearer {token}"} if token else {}

    def _send(
        self, method: str, path: str, json: Any = None, headers: dict[str, str] | None = None, **more: Any
    ) -> TestResponse:
        body = {} if json is None else {"json": json}
        address = path if path.startswith("/api/") else f"/api/v1{path}"
        return self.client.open(address, method=method, headers={**self.headers, **(headers or {})}, **body, **more)

    def get(self, path: str, **more: Any) -> TestResponse:
        return self._send("GET", path, **more)

    def post(self, path: str, json: Any = None, **more: Any) -> TestResponse:
        return self._send("POST", path, json, **more)

    def patch(self, path: str, json: Any = None, **more: Any) -> TestResponse:
        return self._send("PATCH", path, json, **more)

    def put(self, path: str, json: Any = None, **more: Any) -> TestResponse:
        return self._send("PUT", path, json, **more)

    def delete(self, path: str, **more: Any) -> TestResponse:
        return self._send("DELETE", path, **more)


class Cast:
    """Everybody in one place: `cast.mei` is an Actor, `cast.sem` and `cast.bat` are instrument ids."""

    mei: Actor
    chen: Actor
    bo: Actor
    li: Actor
    ada: Actor

    def __init__(self, app: Flask) -> None:
        self.app = app
        self._tokens: dict[str, str] = {}
        self.sites: dict[str, int] = {}
        self.companies: dict[str, int] = {}
        self.people: dict[str, int] = {}
        with transaction() as tx:
            self._sites(tx)
            self._companies(tx)
            self._people(tx)
            self._instruments(tx)
        for name in PEOPLE:
            setattr(self, name, self.actor(name))

    def on(self, app: Flask) -> Cast:
        """The same people, in a database that was made like theirs; what this cast comes by, the others do not see."""
        found = copy(self)
        found.app, found._tokens = app, {}
        found.sites, found.companies, found.people = dict(self.sites), dict(self.companies), dict(self.people)
        return found

    # ------------------------------------------------------------ handles

    def actor(self, name: str) -> Actor:
        """The person as they are now, read afresh."""
        found = access.by_id(self.people[name])
        assert found is not None, f"{name} has no access any more"
        return found

    @property
    def aurora(self) -> int:
        return self.companies["aurora"]

    @property
    def borealis(self) -> int:
        return self.companies["borealis"]

    @property
    def operator(self) -> int:
        return self.companies["operator"]

    @property
    def east(self) -> int:
        return self.sites["EAST"]

    @property
    def west(self) -> int:
        return self.sites["WEST"]

    def token(self, name: str) -> str:
        """An API token of the person's, made when first asked for."""
        if name not in self._tokens:
            secret = access.TOKEN_PREFIX + access.new_secret()
            values = {"person_id": self.people[name], "name": "tests", "secret_hash": access.hashed(secret)}
            with transaction() as tx:
                tx.execute(insert(Token).values(created_at=LONG_AGO, **values))
                self._tell(tx)
            self._tokens[name] = secret
        return self._tokens[name]

    def api(self, name: str | None) -> ApiClient:
        """A client of the JSON door in the person's name; of a stranger for None."""
        return ApiClient(self.app.test_client(), self.token(name) if name else None)

    def browser(self, name: str) -> FlaskClient:
        """A browser in which the person is signed in."""
        secret = access.new_secret()
        values = {"person_id": self.people[name], "secret_hash": access.hashed(secret), "agent": "tests"}
        far = datetime.now(UTC) + timedelta(days=3650)
        with transaction() as tx:
            tx.execute(insert(SignIn).values(created_at=LONG_AGO, expires_at=far, **values))
        client = self.app.test_client()
        with client.session_transaction() as session:
            session["_user_id"], session["_fresh"] = secret, True
            session.permanent = True
        return client

    # ------------------------------------------------------------ what is there at the start

    def _tell(self, tx: Transaction) -> None:
        about = {"object_id": self.operator, "version": 1, "company_id": self.operator}
        event = CompanyChanged(**about, name="cast", changed=())
        publish(tx, SYSTEM, event, LONG_AGO)

    def _sites(self, tx: Transaction) -> None:
        for code, english, chinese in (
            ("EAST", "East Lab", "东区实验室"),
            ("WEST", "West Lab", "西区实验室"),
        ):
            values = {"code": code, "name_en": english, "name_zh": chinese, "zone": "Asia/Shanghai"}
            self.sites[code] = tx.execute(insert(Site).values(values).returning(Site.id)).scalar_one()
            publish(tx, SYSTEM, SiteAdded(object_id=self.sites[code], version=1, code=code), LONG_AGO)

    def _companies(self, tx: Transaction) -> None:
        for key, (name, org_id, kind) in COMPANIES.items():
            values = {"name": name, "org_id": org_id, "kind": kind, "state": "active", "created_at": LONG_AGO}
            self.companies[key] = tx.execute(insert(Company).values(values).returning(Company.id)).scalar_one()
            open_account(tx, self.companies[key], clock.now())

    def _people(self, tx: Transaction) -> None:
        for key, (name, company, roles) in PEOPLE.items():
            values = {
                "email": EMAIL.format(key),
                "name": name,
                "password_hash": password_hash(),
                "company_id": self.companies[company] if company else None,
                "created_at": LONG_AGO,
            }
            person_id = tx.execute(insert(Person).values(values).returning(Person.id)).scalar_one()
            self.people[key] = person_id
            for role in roles:
                for site_id in self.sites.values() if role == "lab_manager" else [None]:
                    tx.execute(insert(RoleGrant).values(person_id=person_id, role=role, site_id=site_id))

    def _instruments(self, tx: Transaction) -> None:
        named = {"name_en": "Electron microscopes", "name_zh": "电子显微镜"}
        self.category = tx.execute(insert(Category).values(named).returning(Category.id)).scalar_one()
        shared = {
            "category_id": self.category,
            "owner_id": self.operator,
            "site_id": self.east,
            "grid_minutes": 30,
            "min_minutes": 30,
            "notice_minutes": 0,
            "horizon_days": 60,
        }
        sem = {
            "code": "SEM-01", "name_en": "Scanning electron microscope", "name_zh": "扫描电子显微镜",
            "max_minutes": 240, "warmup_minutes": 15, "cooldown_minutes": 0, "approval": True, "channels": 1,
        }  # fmt: skip
        bat = {
            "code": "BAT-01", "name_en": "Battery cycler", "name_zh": "电池充放电测试仪",
            "max_minutes": 480, "approval": False, "channels": 4,
        }  # fmt: skip
        self.sem, self.bat = (
            tx.execute(insert(Instrument).values(**shared, **one).returning(Instrument.id)).scalar_one()
            for one in (sem, bat)
        )
