"""What the catalogue's terms are called when people read them."""

from __future__ import annotations

from labshare.instruments.rules.opening import Pattern
from labshare.instruments.rules.week import WHOLE_DAY, Stretches, Week, line
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


# ---------------------------------------------------------------- opening hours

WEEKDAYS = (  # Monday first
    *(N_("Monday"), N_("Tuesday"), N_("Wednesday"), N_("Thursday"), N_("Friday"), N_("Saturday"), N_("Sunday")),
)
DAY_NAMES: dict[str, Text] = {
    "workday": N_("Workday"),
    "restday": N_("Day off"),
    "holiday": N_("Public holiday"),
    "makeup_workday": N_("Worked instead"),
}
DAY_TONES = {"workday": "good", "restday": "neutral", "holiday": "bad", "makeup_workday": "good"}
SOURCE_NAMES: dict[str, Text] = {
    "library": N_("from the published calendar"),
    "notice": N_("from the notice"),
    "hand": N_("by hand"),
    "forgotten": N_("forgotten"),
    "": N_("nothing is known of it"),
}
HOLIDAY_NAMES: dict[str, Text] = {  # as the library calls them
    "New Year's Day": N_("New Year's Day"),
    "Spring Festival": N_("Spring Festival"),
    "Tomb-sweeping Day": N_("Tomb-sweeping Day"),
    "Labour Day": N_("Labour Day"),
    "Dragon Boat Festival": N_("Dragon Boat Festival"),
    "National Day": N_("National Day"),
    "Mid-autumn Festival": N_("Mid-autumn Festival"),
}


def holiday(name: str) -> Text | str:
    """A holiday's name; one that is not of the library's is said as it was written."""
    return HOLIDAY_NAMES.get(name, name)


def hours(stretches: Stretches) -> Text | str:
    """A day's hours: 08:00-12:00, 13:00-18:00."""
    if not stretches:
        return N_("closed")
    return N_("all day") if stretches == WHOLE_DAY else line(stretches)


def week(pattern: Pattern | None) -> list[Text]:
    """The hours of a week in plain sentences; days alike that follow each other are one."""
    if pattern is None:
        return [N_("Open around the clock, every day.")]
    said = [N_("As the site.")] if pattern.week is None else _days(pattern.week)
    if pattern.holidays:
        said.append(N_("On public holidays too."))
    else:
        said.append(N_("Closed on public holidays; on weekend days that are worked instead as on a weekday."))
    if pattern.unattended:
        said.append(N_("Only the start must lie within these hours; what runs may go on unattended."))
    return said


def _days(week: Week) -> list[Text]:
    said: list[Text] = []
    first = 0
    for number in range(1, 8):
        if number < 7 and week[number] == week[first]:
            continue
        some = {"day": WEEKDAYS[first], "last": WEEKDAYS[number - 1], "hours": hours(week[first])}
        if number - first == 7:
            said.append(N_("Every day: %(hours)s", **some))
        elif number - first == 1:
            said.append(N_("%(day)s: %(hours)s", **some))
        else:
            said.append(N_("%(day)s to %(last)s: %(hours)s", **some))
        first = number
    return said
