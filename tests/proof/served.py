"""What gunicorn serves in the proofs: the application, and a worker that dies where it is told to.

A file in the folder LABSHARE_PROOF_FLAGS names the moment; who removes the file, dies.
"""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

from sqlalchemy import event
from sqlalchemy.orm import Session

from labshare.webserver import application

FLAGS = Path(os.environ["LABSHARE_PROOF_FLAGS"])
MOMENTS = ("before_commit", "after_commit")


def _may_die(moment: str) -> Any:
    def die(_session: Session) -> None:
        try:
            (FLAGS / moment).unlink()
        except FileNotFoundError:
            return
        _me.unlink(missing_ok=True)
        os.kill(os.getpid(), signal.SIGKILL)

    return die


app = application()
for name in MOMENTS:
    event.listen(Session, name, _may_die(name))
_me = FLAGS / "workers" / str(os.getpid())
_me.touch()  # ready, and this is its process id
