"""Time the laboratory takes for itself: windows, outages, what falls due, and what it does to bookings."""
