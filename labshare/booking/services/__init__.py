"""What people do with bookings."""

from labshare.booking.services.answering_many import answer_many
from labshare.booking.services.asking import check, move, request
from labshare.booking.services.conducting import lift_entry, lift_restriction, object_to
from labshare.booking.services.deciding import approve, cancel, offer, reject
from labshare.booking.services.endorsing import endorse, hand_over
from labshare.booking.services.enforcing import pass_to_manager, release_suspended
from labshare.booking.services.extending import change_end
from labshare.booking.services.forgiving import forgive
from labshare.booking.services.lining_up import close_past, join, leave, offer_next
from labshare.booking.services.offering import Wish, accept, decline, lapse, make_offer
from labshare.booking.services.recounting import recount
from labshare.booking.services.using import check_in, check_out, judge, record
from labshare.booking.services.waiting import expire, remind_of_booking, remind_of_request

__all__ = [
    "Wish",
    "accept",
    "answer_many",
    "approve",
    "cancel",
    "change_end",
    "check",
    "check_in",
    "check_out",
    "close_past",
    "decline",
    "endorse",
    "expire",
    "forgive",
    "hand_over",
    "join",
    "judge",
    "lapse",
    "leave",
    "lift_entry",
    "lift_restriction",
    "make_offer",
    "move",
    "object_to",
    "offer",
    "offer_next",
    "pass_to_manager",
    "record",
    "recount",
    "reject",
    "release_suspended",
    "remind_of_booking",
    "remind_of_request",
    "request",
]
