"""How accounts of hours are written and read on the wire."""

from labshare.quotas.schemas.asked import FIRST_YEAR, LAST_YEAR, AccountIn, AllowancesIn, DefaultIn, ExtendIn
from labshare.quotas.schemas.told import AccountOut, AllowancesOut, DefaultOut, ExtendedOut, account_out, set_out

__all__ = [
    "FIRST_YEAR",
    "LAST_YEAR",
    "AccountIn",
    "AccountOut",
    "AllowancesIn",
    "AllowancesOut",
    "DefaultIn",
    "DefaultOut",
    "ExtendIn",
    "ExtendedOut",
    "account_out",
    "set_out",
]
