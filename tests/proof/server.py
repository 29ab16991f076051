"""The application behind gunicorn, as it is served; its workers can be killed, and nothing of it outlives the proof."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from tests.proof.stage import Stage

LOST = (OSError, http.client.HTTPException)  # the connection is gone: nobody knows what was done
ROOT = Path(__file__).parents[2]


class Server:
    """gunicorn on a socket of the proof's own; a context manager."""

    def __init__(self, stage: Stage, workers: int) -> None:
        self.stage, self.size = stage, workers
        self.flags = stage.folder / "flags"
        (self.flags / "workers").mkdir(parents=True)
        self.log = stage.folder / "gunicorn.log"
        self.socket = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.port = self.socket.getsockname()[1]

    def __enter__(self) -> Server:
        file = self.socket.fileno()
        command = [sys.executable, "-m", "gunicorn", "-c", "python:tests.proof.warm", "--bind", f"fd://{file}"]
        environment = os.environ | {
            "LABSHARE_DATABASE_URL": self.stage.url,
            "LABSHARE_DATA_DIR": str(self.stage.folder),
            "LABSHARE_PROOF_FLAGS": str(self.flags),
            "LABSHARE_WORKERS": str(self.size),
        }
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [*command, "tests.proof.served:app"],
                cwd=ROOT, env=environment, pass_fds=[file], stdout=log, stderr=log, stdin=subprocess.DEVNULL,
            )  # fmt: skip
        try:
            self.wait_for(self.size, 60)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_error: object) -> None:
        self.socket.close()
        left = self.workers()
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            for worker in left:
                self.kill(worker)

    def workers(self) -> list[int]:
        """The process ids of the workers that are ready."""
        return [int(path.name) for path in (self.flags / "workers").iterdir()]

    def wait_for(self, many: int, seconds: float) -> None:
        """Until so many workers are ready."""
        until = time.monotonic() + seconds
        while len(self.workers()) < many:
            if self.process.poll() is not None or time.monotonic() > until:
                raise RuntimeError(f"gunicorn has {len(self.workers())} workers: {self.log.read_text()[-3000:]}")
            time.sleep(0.02)

    def kill(self, worker: int) -> None:
        """SIGKILL, as the kernel does when memory is short."""
        (self.flags / "workers" / str(worker)).unlink(missing_ok=True)
        try:
            os.kill(worker, signal.SIGKILL)
        except ProcessLookupError:
            return

    def dies_at(self, moment: str) -> Path:
        """The next worker that comes to this moment dies there; the flag is gone once it has."""
        flag = self.flags / moment
        flag.touch()
        return flag

    def post(self, token: str, path: str, body: dict[str, Any], key: str) -> tuple[int, bytes, str]:
        """POST under a key: status, body, and Retry-After. Raises one of LOST where no answer came."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            headers = {
                "Authorization": f"Bearer {token}", "Content-Type": "application/json", "Idempotency-Key": key,
                "Connection": "close",
            }  # fmt: skip
            connection.request("POST", f"/api/v1{path}", json.dumps(body), headers)
            answer = connection.getresponse()
            return answer.status, answer.read(), answer.headers.get("Retry-After", "")
        finally:
            connection.close()

    def post_json(self, token: str, path: str, body: dict[str, Any], key: str) -> tuple[int, dict[str, Any], str]:
        """The same, with the body read."""
        status, said, again = self.post(token, path, body, key)
        return status, json.loads(said), again
