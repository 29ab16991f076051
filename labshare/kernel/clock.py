"""The only place that asks what time it is."""

import secrets
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path


def _machine() -> datetime:
    return datetime.now(UTC)


source: Callable[[], datetime] = _machine  # where the present moment comes from; tests put their own here


def now() -> datetime:
    """The present moment, aware, in UTC."""
    return source()


def uptime() -> timedelta:
    """How long this machine has been up, sleep included where it tells; nothing sets this clock."""
    return timedelta(seconds=time.clock_gettime(_CLOCK))


_CLOCK = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


def _boot() -> str:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()[:60]
    except OSError:
        return secrets.token_hex(16)  # known to this process alone, so that uptimes are compared within it only


BOOT = _boot()  # tells this machine's present life from every other
