"""Settings, read from the environment once; README's table lists them all."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

DEFAULT_SECRET = "development-only-secret-not-for-production"  # noqa: S105 - refused in production below


class BadSetting(ValueError):
    """A setting that cannot work; the message names the variable and what it should be."""


@dataclass(frozen=True)
class Settings:
    """How this installation runs."""

    env: str = "development"
    database_url: str = ""
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
