"""Who is it? From a session cookie or an API token to an Actor, in one statement; removal ends it at once."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from flask import Flask, Request
from flask_login import LoginManager, UserMixin

from labshare.kernel import clock
from labshare.kernel.actor import Actor
from labshare.kernel.db import rows, table_of
from labshare.people.models import Company, Person, RoleGrant, SignIn, Token
from labshare.web.guard import is_api

TOKEN_PREFIX = "lst_"  # noqa: S105 - a mark that lets scanners recognise a leaked token


def new_secret() -> str:
    """A secret of 256 random bits, safe in addresses."""
    return secrets.token_urlsafe(32)


def hashed(secret: str) -> str:
    """How a secret is stored: SHA-256 is enough for 256 random bits."""
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()


def storable(text: str) -> str:
    """Text made fit to be asked for: no database takes NUL, and no row holds a text with it."""
    return text.replace("\x00", "").encode("utf-8", "replace").decode()


_person, _company, _grant = table_of(Person), table_of(Company), table_of(RoleGrant)
_sign_in, _token = table_of(SignIn), table_of(Token)
_WHO = (
    sa.select(
        _person.c.id,
        _person.c.name,
        _person.c.email,
        _person.c.language,
        _person.c.company_id,
        _company.c.name.label("company_name"),
        _company.c.state.label("company_state"),
        _grant.c.role,
        _grant.c.site_id,
    )
    .select_from(_person)
    .outerjoin(_company, _company.c.id == _person.c.company_id)
    .outerjoin(_grant, _grant.c.person_id == _person.c.id)
    .where(_person.c.active)
)
_BY_SIGN_IN = _WHO.join(_sign_in, _sign_in.c.person_id == _person.c.id).where(
    _sign_in.c.secret_hash == sa.bindparam("secret"), _sign_in.c.expires_at > sa.bindparam("now")
)
_BY_TOKEN = _WHO.join(_token, _token.c.person_id == _person.c.id).where(
    _token.c.secret_hash == sa.bindparam("secret"), _token.c.revoked_at.is_(None)
)
_BY_ID = _WHO.where(_person.c.id == sa.bindparam("person_id"))


def _actor(found: Sequence[sa.Row[Any]]) -> Actor | None:
    if not found:
        return None
    one = found[0]
    return Actor(
        kind="person",
        person_id=one.id,
        name=one.name,
        email=one.email,
        language=one.language,
        company_id=one.company_id,
        company_name=one.company_name or "",
        company_active=one.company_state == "active",
        roles=frozenset(row.role for row in found if row.role),
        site_ids=frozenset(row.site_id for row in found if row.site_id is not None),
    )


def by_sign_in(secret: str) -> Actor | None:
    """The actor of a browser session, or None where it ended."""
    return _actor(rows(_BY_SIGN_IN, secret=hashed(secret), now=clock.now()))


def by_token(secret: str) -> Actor | None:
    """The actor of an API token, or None where it was revoked or its person removed."""
    return _actor(rows(_BY_TOKEN, secret=hashed(secret)))


def by_id(person_id: int) -> Actor | None:
    """The actor a person is; for commands and jobs that act in somebody's name."""
    return _actor(rows(_BY_ID, person_id=person_id))


class SignedIn(UserMixin):
    """What Flask-Login keeps: the actor, and the secret that names the session."""

    def __init__(self, actor: Actor, secret: str) -> None:
        self.actor, self.secret = actor, secret

    def get_id(self) -> str:
        return self.secret


def init_app(app: Flask) -> None:
    """Pages are opened by the session cookie, the API by a bearer token; neither opens the other's doors."""
    login = LoginManager(app, add_context_processor=False)  # templates know `actor`, and render without a database
    login.session_protection = None  # the secret is random and short-lived; addresses of phones change

    @login.user_loader
    def from_session(secret: str) -> SignedIn | None:
        actor = None if is_api() else by_sign_in(secret)
        return SignedIn(actor, secret) if actor else None

    app.extensions["by_bearer"] = by_bearer


def by_bearer(request: Request) -> Actor | None:
    """The actor of the token a request to the API carries; None without a good one."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.startswith(TOKEN_PREFIX):
        return None
    return by_token(token.strip())
