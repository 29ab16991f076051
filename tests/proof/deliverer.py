"""A process that fans out and sends, and nothing else, until it is killed: what the proof of messages kills.

    python -m tests.proof.deliverer DATABASE_URL FOLDER SMTP_URL SPOIL…

Each word of SPOIL takes a guard away. Its clock runs ahead by the seconds on its standard input, a line a round.
"""

from __future__ import annotations

import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from flask import Flask

from labshare import create_app
from labshare.config import Settings
from labshare.kernel import clock
from labshare.kernel.db import db, rows
from labshare.notifications import jobs
from labshare.notifications.letters import Addressed
from labshare.notifications.models import Delivery


def unclaimed(_app: Flask) -> None:
    """Nobody says beforehand what they are about to send."""

    def claim(row: Any, _now: Any) -> jobs.Claim:
        return jobs.Claim(Addressed(row.id, row.journal_id, row.address, row.person_id), row.version, row.tries + 1)

    jobs._claim = claim


def unnoted(_app: Flask) -> None:
    """A mail is taken for sent before it is: noted first, sent after."""
    send, note = jobs._send, jobs._note

    def noted_first(claim: jobs.Claim, post: Any, now: Any) -> Any:
        note(claim, "sent", "", now)
        return send(claim, post, now)

    jobs._send = noted_first
    jobs._note = lambda *_: None


SPOILING = {"unclaimed": unclaimed, "unnoted": unnoted}


def main() -> None:
    url, folder, smtp, *spoil = sys.argv[1:]
    settings = Settings(database_url=url, data_dir=Path(folder), smtp_url=smtp)
    app = create_app(settings)
    for name in spoil:
        SPOILING[name](app)
    for line in sys.stdin:
        now = clock.now() + timedelta(seconds=float(line))
        with app.app_context():
            jobs.deliver(now)
            left = rows(sa.select(sa.func.count()).where(Delivery.state == "waiting"))[0][0]
            db.session.remove()
        print(left, flush=True)  # noqa: T201 - what the proof listens to


if __name__ == "__main__":
    main()
