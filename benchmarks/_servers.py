"""The web server both sides run on: the product's own gunicorn settings, whatever it serves."""

from __future__ import annotations

import http.client
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
READY_WITHIN, END_WITHIN, CLIENT_WITHIN = 30.0, 15.0, 120.0
PRODUCT, BARE = "labshare.webserver:application()", "_bare:app"


@contextmanager
def serving(what: str, url: str, folder: Path) -> Iterator[int]:
    """A running server of the product or of the bare route, with the workers the product has by itself; its port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    metrics = folder / f"metrics-{port}"
    metrics.mkdir()
    environment = {
        **os.environ,
        "LABSHARE_ENV": "development", "LABSHARE_DATABASE_URL": url, "LABSHARE_DATA_DIR": str(folder),
        "LABSHARE_HOST": "127.0.0.1", "LABSHARE_PORT": str(port), "BENCH_DATABASE_URL": url,
        "PROMETHEUS_MULTIPROC_DIR": str(metrics),
    }  # fmt: skip
    command = [sys.executable, "-m", "gunicorn", "-c", "python:labshare.webserver", what]
    process = subprocess.Popen(command, env=environment, cwd=HERE)
    try:
        _wait(process, port)
        yield port
    finally:
        process.terminate()
        try:
            process.wait(END_WITHIN)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait(process: subprocess.Popen[bytes], port: int) -> None:
    until = time.monotonic() + READY_WITHIN
    while time.monotonic() < until and process.poll() is None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            connection.request("GET", "/healthz")
            connection.getresponse().read()
            return
        except OSError:
            time.sleep(0.1)
        finally:
            connection.close()
    raise RuntimeError("the server did not start")


def load(port: int, **said: Any) -> dict[str, Any]:
    """Send requests from a process of its own; what it saw. Every answer must be a yes."""
    command = [sys.executable, "-S", str(HERE / "_client.py")]
    done = subprocess.run(
        command,
        input=json.dumps({"port": port, **said}),
        capture_output=True,
        text=True,
        timeout=CLIENT_WITHIN,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(done.stderr)
    found: dict[str, Any] = json.loads(done.stdout)
    if found["refused"]:
        raise RuntimeError(f"refused: {found['refused'][0]}")
    return found
