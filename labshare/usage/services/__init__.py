"""What people do with years: show their figures to companies, hear them, and write the figures down for good."""

from labshare.usage.services.counting import count_heat
from labshare.usage.services.objecting import answer, object_to
from labshare.usage.services.settling import close, issue, remind, withdraw

__all__ = ["answer", "close", "count_heat", "issue", "object_to", "remind", "withdraw"]
