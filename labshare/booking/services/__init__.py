"""What people do with bookings."""

from labshare.booking.services.asking import check, move, request
from labshare.booking.services.deciding import approve, cancel, reject

__all__ = ["approve", "cancel", "check", "move", "reject", "request"]
