"""How mail leaves the house: by SMTP where a server is set, else into a folder where it can be read."""

from __future__ import annotations

import ipaddress
import os
import smtplib
import ssl
from datetime import datetime
from email.header import Header
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from email.utils import format_datetime
from pathlib import Path
from urllib.parse import SplitResult, unquote, urlsplit

from labshare.config import Settings
from labshare.notifications.ics import in_lines, in_one_line
from labshare.notifications.letters import Letter

FOLDER = "mail"
LONGEST = 100_000  # characters of a letter
PATIENCE = 20  # seconds a mail server gets to answer


class Unreachable(OSError):
    """The mail server itself could not be had; the other letters need not be tried now."""


class Post:
    """One round of letters: the connection is opened for the first and kept for the others. A context manager."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._server: smtplib.SMTP | None = None

    def send(self, letter: Letter, now: datetime) -> None:
        """Hand the letter on. Raises Unreachable, OSError, smtplib.SMTPException, or ValueError for no address."""
        message = compose(letter, self.settings, now)
        if not self.settings.smtp_url:
            _into_folder(message, self.settings.data_dir / FOLDER, letter.id)
            return
        server = self._connected()
        try:
            server.send_message(message)
        except smtplib.SMTPResponseException as refused:
            if refused.smtp_code == 421:  # it hangs up on us: the next letter knocks again
                self._hang_up()
            raise
        except (smtplib.SMTPServerDisconnected, OSError) as broken:
            if isinstance(broken, smtplib.SMTPRecipientsRefused | smtplib.SMTPNotSupportedError):
                raise
            self._hang_up()
            raise

    def _connected(self) -> smtplib.SMTP:
        if self._server is None:
            try:
                self._server = _connect(urlsplit(self.settings.smtp_url))
            except (smtplib.SMTPException, OSError) as failure:
                raise Unreachable(f"{type(failure).__name__}: {failure}") from failure
        return self._server

    def _hang_up(self) -> None:
        server, self._server = self._server, None
        if server is not None:
            server.close()

    def __enter__(self) -> Post:
        return self

    def __exit__(self, *_error: object) -> None:
        server, self._server = self._server, None
        if server is not None:
            try:
                server.quit()
            except (smtplib.SMTPException, OSError):
                server.close()


def compose(letter: Letter, settings: Settings, now: datetime) -> EmailMessage:
    """The letter as MIME: text, HTML, and the event for the calendar; a second copy is known by its Message-ID."""
    house = urlsplit(settings.base_url).hostname or "labshare"
    message = EmailMessage(policy=SMTP if letter.to.isascii() else SMTPUTF8)
    message.set_raw("Subject", _encoded("Subject", in_one_line(letter.subject)))
    message["From"] = Address("LabShare", addr_spec=settings.mail_from)
    message["To"] = Address(addr_spec=letter.to)
    message["Date"] = format_datetime(now)
    message["Message-ID"] = f"<{letter.id}@{house}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(in_lines(letter.text, LONGEST))
    message.add_alternative(in_lines(letter.html, LONGEST), subtype="html")
    if letter.calendar is not None:
        method, event = letter.calendar
        message.add_attachment(
            event.decode(), subtype="calendar", filename="booking.ics", params={"method": method}, cte="base64"
        )
    return message


def _encoded(name: str, text: str) -> str:
    """A header's text in ASCII, folded; EmailMessage's own folding loses spaces between two encoded words."""
    text = text.replace("–", "-")  # else an English one would have to be encoded
    return Header(text, None if text.isascii() else "utf-8", header_name=name).encode(linesep="\r\n")


def _into_folder(message: EmailMessage, folder: Path, name: str) -> None:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)  # the links in it open doors
    half = folder / f".{name}.{os.getpid()}"
    half.write_bytes(message.as_bytes())
    half.replace(folder / f"{name}.eml")  # whole or not at all, whoever is killed


def _connect(server: SplitResult) -> smtplib.SMTP:
    host, secure = server.hostname or "localhost", ssl.create_default_context()
    wrapped = server.scheme == "smtps"
    if wrapped:
        post: smtplib.SMTP = smtplib.SMTP_SSL(host, server.port or 465, timeout=PATIENCE, context=secure)
    else:
        post = smtplib.SMTP(host, server.port or 587, timeout=PATIENCE)
    try:
        post.ehlo()
        if not wrapped and post.has_extn("starttls"):
            post.starttls(context=secure)
            post.ehlo()
            wrapped = True
        if server.username:
            if not wrapped and not _is_loopback(host):
                raise smtplib.SMTPNotSupportedError("the mail server offers no TLS, so it gets no password")
            post.login(unquote(server.username), unquote(server.password or ""))
    except BaseException:
        post.close()
        raise
    return post


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
