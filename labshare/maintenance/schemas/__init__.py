"""How maintenance is written and read on the wire."""

from labshare.maintenance.schemas.asked import RepeatIn

__all__ = ["RepeatIn"]
