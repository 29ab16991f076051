"""A real mail server on loopback, which keeps what it was given."""

from __future__ import annotations

import socket
import ssl
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword
from flask import Flask

from tests.notifications.reading import parsed


@dataclass(frozen=True)
class Taken:
    """One letter the server took."""

    sender: str
    rcpt: list[str]
    mail: EmailMessage
    sealed: bool


class _Server(SMTP):
    def connection_made(self, transport: Any) -> None:
        if not self.transport:  # after STARTTLS it is told a second time
            self.event_handler.connections += 1
        super().connection_made(transport)


class _Controller(Controller):
    def factory(self) -> SMTP:
        return _Server(self.handler, **self.SMTP_kwargs)


class Postman:
    """Takes every letter but those to `refused@…`, and notes who gave the user's password."""

    def __init__(self, user: tuple[str, str] | None, certificate: Path | None, wrapped: bool) -> None:
        self.taken: list[Taken] = []
        self.signed_in: list[str] = []
        self.connections = -1  # the controller itself knocks once, to see whether somebody is in
        self.at: Callable[[str], None] = lambda _moment: None  # is told "asked" before a letter comes, then "taken"
        self.user, self.scheme = user, "smtps" if wrapped else "smtp"
        context = None
        if certificate is not None:
            context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            context.load_cert_chain(certificate)
        more: dict[str, Any] = {"ssl_context": context} if wrapped else {"tls_context": context}
        if user is not None:
            more |= {"authenticator": self._may, "auth_require_tls": certificate is not None and not wrapped}
        with socket.create_server(("127.0.0.1", 0)) as probe:
            self.port = probe.getsockname()[1]
        self.controller = _Controller(self, hostname="127.0.0.1", port=self.port, **more)

    def address(self, user: str = "", host: str = "127.0.0.1") -> str:
        """What LABSHARE_SMTP_URL says."""
        return f"{self.scheme}://{user}{host}:{self.port}"

    def _may(self, _server: Any, _session: Any, _envelope: Any, _mechanism: str, given: Any) -> AuthResult:
        assert isinstance(given, LoginPassword)
        login, password = given.login.decode(), given.password.decode()
        if (login, password) != self.user:
            return AuthResult(success=False, handled=False)
        self.signed_in.append(login)
        return AuthResult(success=True)

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any
    ) -> str:
        if address.startswith("refused@"):
            return "550 nobody of that name"
        self.at("asked")
        envelope.rcpt_tos.append(address)
        return "250 ok"

    async def handle_DATA(self, _server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        sealed = session.ssl is not None or self.scheme == "smtps"
        self.taken.append(Taken(envelope.mail_from, envelope.rcpt_tos, parsed(envelope.content), sealed))
        self.at("taken")  # and the sender does not know yet
        return "250 taken"


@contextmanager
def postman(
    user: tuple[str, str] | None = None, certificate: Path | None = None, wrapped: bool = False
) -> Iterator[Postman]:
    """A server for as long as the block lasts."""
    server = Postman(user, certificate, wrapped)
    server.controller.start()
    try:
        yield server
    finally:
        server.controller.stop()


def use(app: Flask, address: str) -> None:
    """Let the application post its mail there."""
    app.extensions["settings"] = replace(app.extensions["settings"], smtp_url=address)


def self_signed(folder: Path) -> Path:
    """A certificate for localhost with its key, in one file."""
    path = folder / "localhost.pem"
    made = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"]
    names = ["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
    subprocess.run([*made, *names, "-keyout", path, "-out", folder / "only.pem"], check=True, capture_output=True)
    path.write_bytes(path.read_bytes() + (folder / "only.pem").read_bytes())
    return path
