"""How mail leaves the house: by SMTP where a server is set, else into a folder where it can be read."""

from __future__ import annotations

import ipaddress
import smtplib
import ssl
import unicodedata
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from email.utils import format_datetime
from pathlib import Path
from urllib.parse import SplitResult, unquote, urlsplit

from labshare.config import Settings
from labshare.notifications.letters import Letter

FOLDER = "mail"
PATIENCE = 20  # seconds a mail server gets to answer


def send(letter: Letter, settings: Settings, now: datetime) -> None:
    """Hand the letter on. Raises OSError or smtplib.SMTPException where it could not be, ValueError for no address."""
    message = compose(letter, settings, now)
    if settings.smtp_url:
        _by_smtp(message, urlsplit(settings.smtp_url))
    else:
        _into_folder(message, settings.data_dir / FOLDER, letter.fact)


def compose(letter: Letter, settings: Settings, now: datetime) -> EmailMessage:
    """The letter as MIME, text and HTML; its Message-ID is the fact's, so that a second copy is known as one."""
    house = urlsplit(settings.base_url).hostname or "labshare"
    message = EmailMessage(policy=SMTP if letter.to.isascii() else SMTPUTF8)
    message["Subject"] = in_one_line(letter.subject)
    message["From"] = Address("LabShare", addr_spec=settings.mail_from)
    message["To"] = Address(addr_spec=letter.to)
    message["Date"] = format_datetime(now)
    message["Message-ID"] = f"<fact-{letter.fact}@{house}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(letter.text)
    message.add_alternative(letter.html, subtype="html")
    return message


def in_one_line(text: str) -> str:
    """The text with every control sign and line end made a blank: what people call themselves adds no header."""
    plain = "".join(" " if unicodedata.category(sign) in ("Cc", "Cs", "Zl", "Zp") else sign for sign in text)
    return " ".join(plain.split())[:200]


def _into_folder(message: EmailMessage, folder: Path, fact: int) -> None:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)  # the links in it open doors
    (folder / f"{fact:09d}.eml").write_bytes(message.as_bytes())


def _by_smtp(message: EmailMessage, server: SplitResult) -> None:
    host, secure = server.hostname or "localhost", ssl.create_default_context()
    wrapped = server.scheme == "smtps"
    if wrapped:
        post: smtplib.SMTP = smtplib.SMTP_SSL(host, server.port or 465, timeout=PATIENCE, context=secure)
    else:
        post = smtplib.SMTP(host, server.port or 587, timeout=PATIENCE)
    with post:
        post.ehlo()
        if not wrapped and post.has_extn("starttls"):
            post.starttls(context=secure)
            post.ehlo()
            wrapped = True
        if server.username:
            if not wrapped and not _is_loopback(host):
                raise smtplib.SMTPNotSupportedError("the mail server offers no TLS, so it gets no password")
            post.login(unquote(server.username), unquote(server.password or ""))
        post.send_message(message)


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
