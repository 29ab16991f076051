"""Mails with links: each fact is told once, late rather than never, and no name adds a header."""

from __future__ import annotations

import email
import email.policy
import re
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from labshare.kernel import clock
from labshare.kernel.actor import SYSTEM
from labshare.kernel.db import rows, transaction
from labshare.kernel.journal import publish
from labshare.notifications.jobs import CLAIMED, PAUSES, TRIES, mail_links
from labshare.notifications.models import Delivery
from labshare.people import links
from labshare.people.events import ColleagueInvited, InvitationWithdrawn, PasswordResetAsked, PersonRenamed
from labshare.people.models import Invitation, Person
from tests.cast import Cast

FOREVER = timedelta(days=7)


def ask_for_a_new_password(cast: Cast, name: str = "mei", at: datetime | None = None) -> None:
    person = cast.people[name]
    with transaction() as tx:
        publish(tx, SYSTEM, PasswordResetAsked(object_id=person, company_id=cast.aurora), at or clock.now())


def invite(cast: Cast, address: str = "new@aurora.test") -> int:
    now = clock.now()
    values = {"company_id": cast.aurora, "email": address, "invited_by": cast.people["chen"], "created_at": now}
    with transaction() as tx:
        made = sa.insert(Invitation).values(expires_at=now + FOREVER, **values).returning(Invitation.id)
        number: int = tx.execute(made).scalar_one()
        publish(tx, cast.chen, ColleagueInvited(object_id=number, email=address, role="member"), now)
    return number


def call(cast: Cast, person: str, **values: Any) -> None:
    with transaction() as tx:
        tx.execute(sa.update(Person).where(Person.id == cast.people[person]).values(**values))
        publish(tx, SYSTEM, PersonRenamed(object_id=cast.people[person], name=""), clock.now())


def mails(folder: Path) -> list[EmailMessage]:
    found = sorted((folder / "mail").glob("*.eml"))
    return [email.message_from_bytes(path.read_bytes(), policy=email.policy.default) for path in found]  # type: ignore[misc]


def text_of(mail: EmailMessage) -> str:
    body = mail.get_body(("plain",))
    assert body is not None
    return str(body.get_content())


def deliveries() -> list[Any]:
    return list(rows(sa.select(Delivery.state, Delivery.tries, Delivery.last_error).order_by(Delivery.id)))


def test_mei_gets_a_link_that_opens_her_new_password(cast: Cast, tmp_path: Path) -> None:
    ask_for_a_new_password(cast)
    assert mail_links(clock.now()) == {"sent": 1}
    [mail] = mails(tmp_path)
    assert mail["To"] == "mei@cast.labshare.test"
    assert mail["Subject"] == "A new password for LabShare"
    assert "Hello Mei," in text_of(mail)
    found = re.search(r"\S*/reset/(\S+)", text_of(mail))
    assert found is not None
    assert links.read(links.RESET, found[1])[0] == cast.people["mei"]
    html = mail.get_body(("html",))
    assert html is not None
    assert found[0] in html.get_content()


def test_a_job_run_twice_sends_once(cast: Cast, tmp_path: Path) -> None:
    ask_for_a_new_password(cast)
    mail_links(clock.now())
    assert mail_links(clock.now()) == {}
    assert len(mails(tmp_path)) == 1
    assert deliveries() == [("sent", 1, "")]


def test_an_invitation_names_who_invites_and_for_which_company(cast: Cast, tmp_path: Path) -> None:
    number = invite(cast)
    mail_links(clock.now())
    [mail] = mails(tmp_path)
    assert mail["To"] == "new@aurora.test"
    assert mail["Subject"] == "Chen invites you to LabShare"
    assert "Aurora Displays" in text_of(mail)
    found = re.search(r"/join/(\S+)", text_of(mail))
    assert found is not None
    assert links.read(links.JOIN, found[1]) == (number, 1)


def test_a_withdrawn_invitation_is_mailed_no_more(cast: Cast, tmp_path: Path) -> None:
    number = invite(cast)
    with transaction() as tx:
        tx.execute(sa.update(Invitation).where(Invitation.id == number).values(state="withdrawn"))
        publish(tx, cast.chen, InvitationWithdrawn(object_id=number, email="new@aurora.test"), clock.now())
    assert mail_links(clock.now()) == {"needless": 1}
    assert mails(tmp_path) == []


def test_after_three_days_of_downtime_nobody_waits_for_a_new_password(cast: Cast, tmp_path: Path) -> None:
    ask_for_a_new_password(cast, at=clock.now() - timedelta(days=3))
    assert mail_links(clock.now()) == {"needless": 1}
    assert mails(tmp_path) == []


def test_what_was_rolled_back_is_not_mailed(cast: Cast, tmp_path: Path) -> None:
    asked = PasswordResetAsked(object_id=cast.people["mei"])

    def ask_and_fail() -> None:
        with transaction() as tx:
            publish(tx, SYSTEM, asked, clock.now())
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        ask_and_fail()
    assert mail_links(clock.now()) == {}
    assert mails(tmp_path) == []


def test_a_person_reads_their_own_language(cast: Cast, tmp_path: Path) -> None:
    call(cast, "mei", language="zh", name="梅")
    ask_for_a_new_password(cast)
    mail_links(clock.now())
    [mail] = mails(tmp_path)
    assert "梅" in text_of(mail)


@pytest.mark.parametrize("sign", ["\r\n", "\n", "\r", "\x00", "\u2028", "\u2029", "\x85", "\x0b"])
def test_no_name_adds_a_header(cast: Cast, tmp_path: Path, sign: str) -> None:
    if sign == "\x00":
        sign = "\x01"  # no database here keeps a NUL in a text
    call(cast, "chen", name=f"Chen{sign}Bcc: thief@example.test, =1+1")
    invite(cast)
    assert mail_links(clock.now()) == {"sent": 1}
    [mail] = mails(tmp_path)
    assert mail["Bcc"] is None
    assert mail["Subject"] == "Chen Bcc: thief@example.test, =1+1 invites you to LabShare"
    assert set(mail.keys()) == {
        *("Subject", "From", "To", "Date", "Message-ID", "Auto-Submitted", "MIME-Version", "Content-Type"),
    }


def test_names_are_escaped_in_html(cast: Cast, tmp_path: Path) -> None:
    call(cast, "mei", name="<b onclick=alert(1)>")
    ask_for_a_new_password(cast)
    mail_links(clock.now())
    [mail] = mails(tmp_path)
    html = mail.get_body(("html",))
    assert html is not None
    assert "<b onclick" not in html.get_content()
    assert "<b onclick" in text_of(mail)


def test_a_second_copy_of_a_mail_is_known_by_its_id(cast: Cast, tmp_path: Path) -> None:
    ask_for_a_new_password(cast)
    now = clock.now()
    mail_links(now)
    with transaction() as tx:  # as though the sender had been killed between sending and noting it
        tx.execute(sa.update(Delivery).values(state="waiting", next_try_at=now, version=Delivery.version + 1))
    [first] = mails(tmp_path)
    assert mail_links(now) == {"sent": 1}
    [second] = mails(tmp_path)
    assert first["Message-ID"] == second["Message-ID"] is not None


def test_a_sender_that_never_came_back_is_followed_by_another(cast: Cast, tmp_path: Path) -> None:
    ask_for_a_new_password(cast)
    now = clock.now()
    mail_links(now)
    with transaction() as tx:  # what a sender leaves behind that was killed before it sent
        tx.execute(sa.update(Delivery).values(state="waiting", next_try_at=now + CLAIMED))
    (tmp_path / "mail").rename(tmp_path / "of the first sender")
    assert mail_links(now) == {}, "its claim still stands"
    assert mail_links(now + CLAIMED) == {"sent": 1}
    assert deliveries() == [("sent", 2, "")]


def test_five_tries_each_later_than_the_last_and_then_it_is_dead(cast: Cast, tmp_path: Path) -> None:
    ask_for_a_new_password(cast)
    (tmp_path / "mail").write_text("a file where the folder should be")
    now = clock.now()
    came = [mail_links(now + minutes * timedelta(minutes=1)) for minutes in (0, 2, 8, 40, 200, 400)]
    assert came == [*([{"waiting": 1}] * (TRIES - 1)), {"dead": 1}, {}]
    [(state, tries, error)] = deliveries()
    assert (state, tries) == ("dead", TRIES)
    assert error.startswith("FileExistsError")
    assert sorted(PAUSES) == list(PAUSES)


def test_one_address_that_cannot_be_holds_up_no_other(cast: Cast, tmp_path: Path) -> None:
    invite(cast, "nobody at all")
    ask_for_a_new_password(cast)
    assert mail_links(clock.now()) == {"waiting": 1, "sent": 1}
    assert len(mails(tmp_path)) == 1


# ---------------------------------------------------------------- by SMTP


class Postman:
    """The smallest mail server: takes one mail a connection and remembers what was said."""

    def __init__(self) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.said: list[str] = []
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            with connection, connection.makefile("rwb") as wire:
                self._talk(wire)

    def _talk(self, wire: Any) -> None:
        def answer(line: str) -> None:
            wire.write(f"{line}\r\n".encode())
            wire.flush()

        answer("220 postman")
        while line := wire.readline().decode().rstrip("\r\n"):
            self.said.append(line)
            verb = line.split(" ")[0].upper()
            if verb == "EHLO":
                answer("250-postman")
                answer("250 AUTH PLAIN")
            elif verb == "DATA":
                answer("354 go on")
                while (data := wire.readline().decode()) != ".\r\n":
                    self.said.append(data.rstrip("\r\n"))
                answer("250 taken")
            elif verb == "AUTH":
                answer("235 welcome")
            else:
                answer("221 bye" if verb == "QUIT" else "250 ok")
                if verb == "QUIT":
                    return

    def close(self) -> None:
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.thread.join(5)


@contextmanager
def postman() -> Iterator[Postman]:
    server = Postman()
    try:
        yield server
    finally:
        server.close()


def test_with_a_mail_server_the_mail_goes_there(app: Flask, cast: Cast, tmp_path: Path) -> None:
    ask_for_a_new_password(cast)
    with postman() as server:
        address = f"smtp://lab%40share:s%2Fecret@127.0.0.1:{server.port}"
        app.extensions["settings"] = replace(app.extensions["settings"], smtp_url=address)
        assert mail_links(clock.now()) == {"sent": 1}
    assert any(line.startswith("AUTH PLAIN") for line in server.said)
    assert "rcpt TO:<mei@cast.labshare.test>" in server.said
    assert "Subject: A new password for LabShare" in server.said
    assert not (tmp_path / "mail").exists()


def test_a_mail_server_that_is_away_is_asked_again(app: Flask, cast: Cast) -> None:
    ask_for_a_new_password(cast)
    with postman() as server:
        port = server.port
    app.extensions["settings"] = replace(app.extensions["settings"], smtp_url=f"smtp://127.0.0.1:{port}")
    assert mail_links(clock.now()) == {"waiting": 1}
    [(_state, _tries, error)] = deliveries()
    assert error.startswith("ConnectionRefusedError")


def test_moments_in_mails_are_the_jobs(cast: Cast, tmp_path: Path) -> None:
    ask_for_a_new_password(cast, at=datetime(2026, 11, 22, 12, 0, tzinfo=UTC))
    mail_links(datetime(2026, 11, 22, 12, 1, tzinfo=UTC))
    [mail] = mails(tmp_path)
    assert mail["Date"].datetime == datetime(2026, 11, 22, 12, 1, tzinfo=UTC)
