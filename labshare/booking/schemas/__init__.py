"""How bookings are written and read on the wire."""

from labshare.booking.schemas.asked import (
    ApproveIn,
    BookingIn,
    CheckIn,
    CheckOutIn,
    FreeIn,
    ListIn,
    MoveIn,
    RejectIn,
    TimelineIn,
    UsageIn,
    VersionIn,
)
from labshare.booking.schemas.told import (
    BookingOut,
    BookingsOut,
    FreesOut,
    TimelineOut,
    UsageOut,
    VerdictOut,
    listing,
    nothing_used,
    shares_out,
)

__all__ = [
    "ApproveIn",
    "BookingIn",
    "BookingOut",
    "BookingsOut",
    "CheckIn",
    "CheckOutIn",
    "FreeIn",
    "FreesOut",
    "ListIn",
    "MoveIn",
    "RejectIn",
    "TimelineIn",
    "TimelineOut",
    "UsageIn",
    "UsageOut",
    "VerdictOut",
    "VersionIn",
    "listing",
    "nothing_used",
    "shares_out",
]
