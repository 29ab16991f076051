"""The web server's settings as they are, and all its modules read beforehand: a new worker costs a fork, no more."""

import labshare.wiring  # noqa: F401 - read once, in the master; no connection is opened by it
from labshare.webserver import *  # noqa: F403 - gunicorn reads its settings from this module's names
