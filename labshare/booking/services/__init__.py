"""What people do with bookings."""

from labshare.booking.services.answering_many import answer_many
from labshare.booking.services.asking import check, move, request
from labshare.booking.services.deciding import approve, cancel, offer, reject
from labshare.booking.services.enforcing import pass_to_manager, release_suspended
from labshare.booking.services.offering import Wish, accept, decline, lapse, make_offer
from labshare.booking.services.using import check_in, check_out, judge, record
from labshare.booking.services.waiting import expire, remind_of_booking, remind_of_request

__all__ = [
    "Wish",
    "accept",
    "answer_many",
    "approve",
    "cancel",
    "check",
    "check_in",
    "check_out",
    "decline",
    "expire",
    "judge",
    "lapse",
    "make_offer",
    "move",
    "offer",
    "pass_to_manager",
    "record",
    "reject",
    "release_suspended",
    "remind_of_booking",
    "remind_of_request",
    "request",
]
