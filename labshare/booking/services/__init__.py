"""What people do with bookings."""

from labshare.booking.services.asking import check, move, request
from labshare.booking.services.deciding import approve, cancel, reject
from labshare.booking.services.using import check_in, check_out, judge, record
from labshare.booking.services.waiting import expire, remind_of_booking, remind_of_request

__all__ = [
    "approve",
    "cancel",
    "check",
    "check_in",
    "check_out",
    "expire",
    "judge",
    "move",
    "record",
    "reject",
    "remind_of_booking",
    "remind_of_request",
    "request",
]
