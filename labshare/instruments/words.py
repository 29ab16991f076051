"""What the catalogue's terms are called when people read them."""

from __future__ import annotations

from labshare.kernel.errors import N_, Text

STATE_NAMES: dict[str, Text] = {
    "in_service": N_("In service"),
    "in_maintenance": N_("In maintenance"),
    "out_of_service": N_("Out of service"),
    "retired": N_("Retired"),
}
STATE_TONES = {"in_service": "good", "in_maintenance": "wait", "out_of_service": "bad", "retired": "neutral"}
MODE_NAMES: dict[str, Text] = {
    "self_operated": N_("Self-operated"),
    "assisted": N_("Assisted by staff"),
    "commissioned": N_("Measured for you"),
    "self_operated_clean_room": N_("Self-operated in the clean room"),
    "long_run": N_("Long runs by channel"),
}


def length(minutes: int) -> Text:
    """A number of minutes as people say it: 45 min, 1 h 30 min, 4 h, 3 days."""
    days, rest = divmod(minutes, 1440)
    hours, left = divmod(minutes, 60)
    if days > 1 and not rest:
        return N_("%(days)s days", days=days)
    if hours and left:
        return N_("%(hours)s h %(minutes)s min", hours=hours, minutes=left)
    return N_("%(hours)s h", hours=hours) if hours else N_("%(minutes)s min", minutes=left)


def terms(
    *,
    grid: int,
    least: int,
    most: int,
    warmup: int,
    cooldown: int,
    notice: int,
    horizon: int,
    channels: int,
    check_in: int,
    grace: int,
    cancel: int,
    late_percent: int,
    absence_percent: int,
) -> list[Text]:
    """The rules of an instrument's slots in plain sentences; minutes, but for channels, horizon and per cents."""
    said = [
        N_("A booking lasts from %(least)s to %(most)s.", least=length(least), most=length(most)),
        N_("It begins and ends on a step of %(grid)s, counted from midnight.", grid=length(grid)),
    ]
    if notice:
        said.append(N_("Ask at least %(notice)s ahead.", notice=length(notice)))
    said.append(N_("The calendar is open for the next %(days)s days.", days=horizon))
    if warmup:
        said.append(N_("%(time)s before each booking are kept for warming up.", time=length(warmup)))
    if cooldown:
        said.append(N_("%(time)s after each booking are kept for cooling down.", time=length(cooldown)))
    if channels > 1:
        said.append(N_("%(n)s bookings can run side by side, each on its own channel.", n=channels))
    if check_in:
        said.append(N_("Check in on the spot, from %(time)s before the start.", time=length(check_in)))
    else:
        said.append(N_("Check in on the spot, from the start on."))
    said.append(N_("Where nobody has come %(time)s after the start, the time is given to others.", time=length(grace)))
    if absence_percent:
        said.append(N_("Not coming costs %(percent)s %% of the booked hours.", percent=absence_percent))
    if cancel and late_percent:
        text = N_(
            "Cancel at least %(time)s before the start; later it costs %(percent)s %% of the booked hours.",
            time=length(cancel),
            percent=late_percent,
        )
        said.append(text)
    else:
        said.append(N_("Cancelling before the start costs no hours."))
    return said
