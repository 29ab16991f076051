"""Mails, those with links above all: each is sent once, late rather than never, and no name adds a header."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from labshare.kernel import clock
from labshare.kernel.actor import SYSTEM
from labshare.kernel.db import rows, transaction
from labshare.kernel.journal import publish
from labshare.notifications.jobs import CLAIMED, KNOCKS, PAUSES, TRIES
from labshare.notifications.models import Delivery
from labshare.people import links
from labshare.people.events import ColleagueInvited, InvitationWithdrawn, PasswordResetAsked, PersonRenamed
from labshare.people.models import Invitation, Person
from tests.cast import Cast
from tests.notifications.postman import postman, self_signed, use
from tests.notifications.reading import mails, post, text_of

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


def deliveries() -> list[Any]:
    return list(rows(sa.select(Delivery.state, Delivery.tries, Delivery.last_error).order_by(Delivery.id)))


def test_mei_gets_a_link_that_opens_her_new_password(cast: Cast, tmp_path: Path) -> None:
    ask_for_a_new_password(cast)
    assert post(clock.now()) == {"sent": 1}
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
    post(clock.now())
    assert post(clock.now()) == {}
    assert len(mails(tmp_path)) == 1
    assert deliveries() == [("sent", 1, "")]


def test_an_invitation_names_who_invites_and_for_which_company(cast: Cast, tmp_path: Path) -> None:
    number = invite(cast)
    post(clock.now())
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
    assert post(clock.now()) == {"needless": 1}
    assert mails(tmp_path) == []


def test_after_three_days_of_downtime_nobody_waits_for_a_new_password(cast: Cast, tmp_path: Path) -> None:
    ask_for_a_new_password(cast, at=clock.now() - timedelta(days=3))
    assert post(clock.now()) == {"needless": 1}
    assert mails(tmp_path) == []


def test_what_was_rolled_back_is_not_mailed(cast: Cast, tmp_path: Path) -> None:
    asked = PasswordResetAsked(object_id=cast.people["mei"])

    def ask_and_fail() -> None:
        with transaction() as tx:
            publish(tx, SYSTEM, asked, clock.now())
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        ask_and_fail()
    assert post(clock.now()) == {}
    assert mails(tmp_path) == []


def test_a_person_reads_their_own_language(cast: Cast, tmp_path: Path) -> None:
    call(cast, "mei", language="zh", name="梅")
    ask_for_a_new_password(cast)
    post(clock.now())
    [mail] = mails(tmp_path)
    assert "梅" in text_of(mail)


@pytest.mark.parametrize("sign", ["\r\n", "\n", "\r", "\x00", "\u2028", "\u2029", "\x85", "\x0b"])
def test_no_name_adds_a_header(cast: Cast, tmp_path: Path, sign: str) -> None:
    if sign == "\x00":
        sign = "\x01"  # no database here keeps a NUL in a text
    call(cast, "chen", name=f"Chen{sign}Bcc: thief@example.test, =1+1")
    invite(cast)
    assert post(clock.now()) == {"sent": 1}
    [mail] = mails(tmp_path)
    assert mail["Bcc"] is None
    assert mail["Subject"] == "Chen Bcc: thief@example.test, =1+1 invites you to LabShare"
    assert set(mail.keys()) == {
        *("Subject", "From", "To", "Date", "Message-ID", "Auto-Submitted", "MIME-Version", "Content-Type"),
    }


def test_names_are_escaped_in_html(cast: Cast, tmp_path: Path) -> None:
    call(cast, "mei", name="<b onclick=alert(1)>")
    ask_for_a_new_password(cast)
    post(clock.now())
    [mail] = mails(tmp_path)
    html = mail.get_body(("html",))
    assert html is not None
    assert "<b onclick" not in html.get_content()
    assert "<b onclick" in text_of(mail)


def test_a_second_copy_of_a_mail_is_known_by_its_id(cast: Cast, tmp_path: Path) -> None:
    ask_for_a_new_password(cast)
    now = clock.now()
    post(now)
    with transaction() as tx:  # as though the sender had been killed between sending and noting it
        tx.execute(sa.update(Delivery).values(state="waiting", next_try_at=now, version=Delivery.version + 1))
    [first] = mails(tmp_path)
    assert post(now) == {"sent": 1}
    [second] = mails(tmp_path)
    assert first["Message-ID"] == second["Message-ID"] is not None


def test_a_sender_that_never_came_back_is_followed_by_another(cast: Cast, tmp_path: Path) -> None:
    ask_for_a_new_password(cast)
    now = clock.now()
    post(now)
    with transaction() as tx:  # what a sender leaves behind that was killed before it sent
        tx.execute(sa.update(Delivery).values(state="waiting", next_try_at=now + CLAIMED))
    (tmp_path / "mail").rename(tmp_path / "of the first sender")
    assert post(now) == {}, "its claim still stands"
    assert post(now + CLAIMED) == {"sent": 1}
    assert deliveries() == [("sent", 2, "")]


def test_five_tries_each_later_than_the_last_and_then_it_is_dead(cast: Cast, tmp_path: Path) -> None:
    ask_for_a_new_password(cast)
    (tmp_path / "mail").write_text("a file where the folder should be")
    now = clock.now()
    came = [post(now + minutes * timedelta(minutes=1)) for minutes in (0, 2, 8, 40, 200, 400)]
    assert came == [*([{"waiting": 1}] * (TRIES - 1)), {"dead": 1}, {}]
    [(state, tries, error)] = deliveries()
    assert (state, tries) == ("dead", TRIES)
    assert error.startswith("FileExistsError")
    assert sorted(PAUSES) == list(PAUSES)


def test_one_address_that_cannot_be_holds_up_no_other(cast: Cast, tmp_path: Path) -> None:
    invite(cast, "nobody at all")
    ask_for_a_new_password(cast)
    assert post(clock.now()) == {"waiting": 1, "sent": 1}
    assert len(mails(tmp_path)) == 1


# ---------------------------------------------------------------- by SMTP


def test_with_a_mail_server_the_mail_goes_there(app: Flask, cast: Cast, tmp_path: Path) -> None:
    ask_for_a_new_password(cast)
    with postman(user=("lab@share", "s/ecret")) as server:
        use(app, server.address("lab%40share:s%2Fecret@"))
        assert post(clock.now()) == {"sent": 1}
    [taken] = server.taken
    assert taken.rcpt == ["mei@cast.labshare.test"]
    assert taken.mail["Subject"] == "A new password for LabShare"
    assert server.signed_in == ["lab@share"]
    assert not (tmp_path / "mail").exists()


def test_a_wrong_password_is_told_and_tried_again(app: Flask, cast: Cast) -> None:
    ask_for_a_new_password(cast)
    with postman(user=("lab@share", "s/ecret")) as server:
        use(app, server.address("lab%40share:wrong@"))
        assert post(clock.now()) == {"waiting": 1}
    [(_state, _tries, error)] = deliveries()
    assert "SMTPAuthenticationError" in error
    assert "wrong" not in error


def test_a_round_of_letters_takes_one_connection(app: Flask, cast: Cast) -> None:
    for number in range(5):
        invite(cast, f"new{number}@aurora.test")
    with postman() as server:
        use(app, server.address())
        assert post(clock.now()) == {"sent": 5}
    assert len(server.taken) == 5
    assert server.connections == 1


def test_one_refused_address_holds_up_no_other(app: Flask, cast: Cast) -> None:
    for name in ("one", "refused", "three"):
        invite(cast, f"{name}@aurora.test")
    with postman() as server:
        use(app, server.address())
        assert post(clock.now()) == {"sent": 2, "waiting": 1}
    assert [taken.rcpt for taken in server.taken] == [["one@aurora.test"], ["three@aurora.test"]]
    assert server.connections == 1
    [error] = [error for _state, _tries, error in deliveries() if error]
    assert error.startswith("SMTPRecipientsRefused")


def test_by_starttls_and_by_smtps_the_letter_and_the_password_are_sealed(
    app: Flask, cast: Cast, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate = self_signed(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))  # where our side finds whom to trust
    for number, wrapped in enumerate((False, True)):
        invite(cast, f"sealed{number}@aurora.test")
        with postman(user=("lab", "secret"), certificate=certificate, wrapped=wrapped) as server:
            use(app, server.address("lab:secret@", host="localhost"))
            assert post(clock.now()) == {"sent": 1}
        assert [taken.sealed for taken in server.taken] == [True]


def test_a_server_whose_certificate_nobody_vouches_for_gets_nothing(app: Flask, cast: Cast, tmp_path: Path) -> None:
    ask_for_a_new_password(cast)
    with postman(user=("lab", "secret"), certificate=self_signed(tmp_path)) as server:
        use(app, server.address("lab:secret@", host="localhost"))
        assert post(clock.now()) == {"waiting": 1}
    assert server.taken == []
    assert server.signed_in == []
    assert "CERTIFICATE_VERIFY_FAILED" in deliveries()[0][2]


def test_a_mail_server_that_is_away_is_asked_again_and_not_for_every_letter(app: Flask, cast: Cast) -> None:
    for number in range(5):
        invite(cast, f"new{number}@aurora.test")
    with postman() as server:
        address = server.address()
    use(app, address)
    assert post(clock.now()) == {"waiting": KNOCKS}
    errors = [error for _state, _tries, error in deliveries()]
    assert sum("ConnectionRefusedError" in error for error in errors) == KNOCKS


def test_moments_in_mails_are_the_jobs(cast: Cast, tmp_path: Path) -> None:
    ask_for_a_new_password(cast, at=datetime(2026, 11, 22, 12, 0, tzinfo=UTC))
    post(datetime(2026, 11, 22, 12, 1, tzinfo=UTC))
    [mail] = mails(tmp_path)
    assert mail["Date"].datetime == datetime(2026, 11, 22, 12, 1, tzinfo=UTC)
