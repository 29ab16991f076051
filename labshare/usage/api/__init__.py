"""The JSON door to the yearly figures."""

from labshare.usage.api import reading, settling
from labshare.usage.api.frame import blp

__all__ = ["blp", "reading", "settling"]
