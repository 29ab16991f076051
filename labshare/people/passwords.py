"""Passwords at rest: argon2id by OWASP's figures, and as long a look at unknown accounts as at known ones."""

from __future__ import annotations

import os
import unicodedata
from threading import BoundedSemaphore

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

_hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
_turns = BoundedSemaphore(os.cpu_count() or 1)  # more at once only makes each of them slower, and memory scarce
_NOBODY = _hasher.hash(os.urandom(32))


def _bytes(password: str) -> bytes:
    # The same password typed on a Mac and on Windows must be the same bytes.
    return unicodedata.normalize("NFKC", password).encode("utf-8", "surrogatepass")


def hashed(password: str) -> str:
    """How a password is stored; never shortened."""
    with _turns:
        return _hasher.hash(_bytes(password))


def fits(password_hash: str | None, password: str) -> bool:
    """Is this the password? Takes as long where there is none to compare with."""
    with _turns:
        try:
            return _hasher.verify(password_hash or _NOBODY, _bytes(password)) and password_hash is not None
        except (VerificationError, InvalidHashError):
            return False
