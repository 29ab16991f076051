"""What the tests of messages share: one round of the job, and the mails it left in the folder."""

from __future__ import annotations

import email
import email.policy
from datetime import datetime
from email.message import EmailMessage
from pathlib import Path

from labshare.notifications.jobs import deliver


def post(now: datetime) -> dict[str, int]:
    """One round; how the mails went that were tried in it."""
    return {name: number for name, number in deliver(now).items() if number and name not in ("messages", "mails")}


def mails(folder: Path) -> list[EmailMessage]:
    """Every mail in the folder, in the order of their facts."""
    found = sorted((folder / "mail").glob("*.eml"), key=lambda path: [int(part) for part in path.stem.split("-")[1:]])
    return [parsed(path.read_bytes()) for path in found]


def parsed(raw: bytes) -> EmailMessage:
    return email.message_from_bytes(raw, policy=email.policy.default)  # type: ignore[return-value]


def text_of(mail: EmailMessage) -> str:
    body = mail.get_body(("plain",))
    assert body is not None
    return str(body.get_content())


def html_of(mail: EmailMessage) -> str:
    body = mail.get_body(("html",))
    assert body is not None
    return str(body.get_content())


def calendar_of(mail: EmailMessage) -> str:
    """The event the mail carries; empty where it carries none."""
    return "".join(part.get_content() for part in mail.iter_attachments() if part.get_content_type() == "text/calendar")
