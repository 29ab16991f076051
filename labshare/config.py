"""Settings, read from the environment once, and what each means; README's table says the same of them all."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path

from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

DEFAULT_SECRET = "development-only-secret-not-for-production"  # noqa: S105 - refused in production below


class BadSetting(ValueError):
    """A setting that cannot work; the message names the variable and what it should be."""


N_ = str  # marks a sentence for the catalogue; it is said in the reader's language where it is shown
_LISTENS, _SERVES = N_("where labshare serve listens"), N_("web workers and threads in each")
MEANINGS: Mapping[str, str] = {
    "env": N_(
        "production refuses to start with the default or a short secret and sends cookies over https only",
    ),
    "database_url": N_("dialect://user:password@host/name of a database elsewhere; else a file in the data directory"),
    "secret_key": N_("at least 32 random characters; signs sessions and mailed links"),
    "data_dir": N_("the database's file, mails not sent, figures"),
    "host": _LISTENS,
    "port": _LISTENS,
    "base_url": N_("the public address; mailed links begin with it"),
    "trusted_hosts": N_("comma-separated; other Host: headers get 400"),
    "proxies": N_("how many proxies in front may set X-Forwarded-*"),
    "workers": _SERVES,
    "threads": _SERVES,
    "body_limit": N_("bytes of a request's body"),
    "session_hours": N_("how long a browser stays signed in"),
    "smtp_url": N_("smtp://user:password@host:587 (STARTTLS) or smtps://…"),
    "mail_from": N_("sender of mails"),
    "language": N_("en or zh: mails to people who chose no language"),
    "metrics_token": N_("bearer token that opens /metrics to others than loopback"),
    "lease_seconds": N_("how long the leading scheduler may be silent before another takes over"),
    "rated_hours": N_(
        "rated hours a year and channel, which utilisation is measured against; a report may ask for another base",
    ),
    "companies_goal": N_("how many companies the laboratory means to serve in a year"),
}


@dataclass(frozen=True)
class Told:
    """A setting as admins may read it: of one that may hold a secret only whether it is set."""

    name: str  # of the variable
    value: str | None
    is_set: bool
    meaning: str


@dataclass(frozen=True)
class Settings:
    """How this installation runs."""

    env: str = "development"
    database_url: str = field(default="", repr=False)
    secret_key: str = field(default=DEFAULT_SECRET, repr=False)
    host: str = "127.0.0.1"
    port: int = 8000
    data_dir: Path = Path("var")
    base_url: str = ""
    trusted_hosts: tuple[str, ...] = ()
    proxies: int = 0
    workers: int = 4
    threads: int = 2
    body_limit: int = 1 << 20
    session_hours: int = 12
    smtp_url: str = field(default="", repr=False)
    mail_from: str = "labshare@localhost"
    language: str = "en"
    metrics_token: str = field(default="", repr=False)
    lease_seconds: int = 15
    rated_hours: int = 1400
    companies_goal: int = 100

    @property
    def production(self) -> bool:
        return self.env == "production"

    def told(self) -> list[Told]:
        """Every setting as it is in force, in README's order; what is not to be printed has no value here."""
        secret = {one.name for one in fields(self) if not one.repr}
        found = []
        for name, meaning in MEANINGS.items():
            value = getattr(self, name)
            text = ", ".join(value) if isinstance(value, tuple) else str(value)
            found.append(Told(f"LABSHARE_{name.upper()}", None if name in secret else text, bool(text), meaning))
        return found

    @classmethod
    def from_env(cls, environ: Mapping[str, str] = os.environ) -> Settings:
        """Read LABSHARE_*; raises BadSetting for what cannot work, in production also for what is unsafe."""

        def text(name: str, default: str) -> str:
            return environ.get(f"LABSHARE_{name}", default).strip() or default

        def number(name: str, default: int, low: int, high: int) -> int:
            said = text(name, str(default))
            if not re.fullmatch("[0-9]{1,9}", said) or not low <= int(said) <= high:
                raise BadSetting(f"LABSHARE_{name} must be a whole number from {low} to {high}, not {said[:40]!r}")
            return int(said)

        env = text("ENV", "development")
        if env not in ("development", "production"):
            raise BadSetting(f"LABSHARE_ENV must be development or production, not {env!r}")
        data_dir = Path(text("DATA_DIR", "var")).resolve()
        secret = text("SECRET_KEY", DEFAULT_SECRET)
        if env == "production" and (secret == DEFAULT_SECRET or len(secret) < 32):
            raise BadSetting("LABSHARE_SECRET_KEY must be set to at least 32 random characters in production")
        smtp_url = text("SMTP_URL", "")
        if smtp_url and not smtp_url.startswith(("smtp://", "smtps://")):
            raise BadSetting("LABSHARE_SMTP_URL must look like smtp://user:password@host:587 or smtps://…")
        language = text("LANGUAGE", "en")
        if language not in ("en", "zh"):
            raise BadSetting(f"LABSHARE_LANGUAGE must be en or zh, not {language[:40]!r}")
        base_url = text("BASE_URL", "").rstrip("/")
        port = number("PORT", 8000, 1, 65535)
        database_url = text("DATABASE_URL", f"sqlite:///{data_dir / 'labshare.sqlite3'}")
        try:
            make_url(database_url).get_dialect()
        except ArgumentError:  # its own message might show the password
            raise BadSetting(
                "LABSHARE_DATABASE_URL must be a database's address, as README's table of settings shows it"
            ) from None
        return cls(
            env=env,
            database_url=database_url,
            secret_key=secret,
            host=text("HOST", "127.0.0.1"),
            port=port,
            data_dir=data_dir,
            base_url=base_url or f"http://127.0.0.1:{port}",
            trusted_hosts=tuple(host.strip() for host in text("TRUSTED_HOSTS", "").split(",") if host.strip()),
            proxies=number("PROXIES", 0, 0, 5),
            workers=number("WORKERS", 4, 1, 64),
            threads=number("THREADS", 2, 1, 64),
            body_limit=number("BODY_LIMIT", 1 << 20, 1 << 12, 1 << 26),
            session_hours=number("SESSION_HOURS", 12, 1, 24 * 30),
            smtp_url=smtp_url,
            mail_from=text("MAIL_FROM", "labshare@localhost"),
            language=language,
            metrics_token=text("METRICS_TOKEN", ""),
            lease_seconds=number("LEASE_SECONDS", 15, 1, 300),
            rated_hours=number("RATED_HOURS", 1400, 1, 8784),
            companies_goal=number("COMPANIES_GOAL", 100, 1, 1_000_000),
        )
