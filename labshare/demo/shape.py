"""The shape of the demo's year: which slots are taken; each keeps the rules of its instrument."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import accumulate
from random import Random

from labshare.instruments.queries import Known
from labshare.instruments.rules.opening import Hours
from labshare.kernel.slots import MINUTE, Slot, local

PAST_DAYS, FUTURE_DAYS = 365, 42
SHARE = 0.8  # of the popularity below: makes about ten thousand bookings
DAY, MORNING, NIGHT = 1440, 8 * 60, 22 * 60  # minutes
RUN = 30 * DAY  # whatever may last longer is a long run, booked by the day

# Mean bookings a workday; some instruments are asked for all day, some once in three days.
POPULARITY = {
    "SEM-01": 2.3, "SEM-02": 2.6, "FIB-01": 0.9, "TEM-01": 1.2, "EPM-01": 0.4, "XRD-01": 2.6, "XRD-02": 0.9,
    "XRF-01": 1.2, "XPS-01": 1.3, "SIM-01": 0.35, "AFM-01": 1.3, "STY-01": 1.1, "XCT-01": 0.7, "ICT-01": 0.8,
    "RAM-01": 1.9, "FTI-01": 2.1, "UVV-01": 1.6, "PLS-01": 0.9, "GCM-01": 1.2, "HPL-01": 1.6, "LCM-01": 1.1,
    "HRM-01": 0.8, "ICP-01": 1.5, "ICO-01": 1.4, "ICC-01": 0.6, "ELE-01": 0.6, "NMR-01": 3.4, "STA-01": 1.0,
    "DSC-01": 1.4, "BET-01": 0.6, "PSA-01": 1.8, "UTM-01": 1.5, "SPA-01": 0.9, "VNA-01": 0.5, "LIT-01": 0.8,
    "ETC-01": 0.9, "BAT-01": 1.7, "CLS-01": 1.1, "FCS-01": 0.7, "PCR-01": 1.3,
}  # fmt: skip
# Minutes of the day at which people start, and how many do.
HOURS = {8: 4, 9: 14, 10: 13, 11: 8, 12: 3, 13: 10, 14: 13, 15: 11, 16: 8, 17: 4, 18: 3, 19: 2, 20: 1}
STARTS, STARTS_SUM = list(HOURS), list(accumulate(HOURS.values()))
WEEK = (1.0, 1.0, 1.05, 1.0, 0.85, 0.14, 0.07)
TRIES = 4


@dataclass(frozen=True)
class Placed:
    """A slot that is certainly free of everything placed before it, buffers included."""

    instrument: Known
    channel: int
    slot: Slot


class Timelines:
    """What the demo has taken so far, channel by channel, within opening hours; the database's guard looks again."""

    def __init__(self, opening: Mapping[int, Hours]) -> None:
        self.opening = opening  # by instrument
        self._taken: dict[tuple[int, int], list[Slot]] = {}

    def place(self, instrument: Known, slot: Slot) -> Placed | None:
        """Take the slot on the first channel where it is free, or nothing; nothing too where it is closed."""
        if not self.opening[instrument.id].lets(slot):
            return None
        claim = slot.padded(instrument.warmup_minutes, instrument.cooldown_minutes)
        for channel in range(1, instrument.channels + 1):
            taken = self._taken.setdefault((instrument.id, channel), [])
            at = bisect_left(taken, claim)
            if not any(claim.overlaps(other) for other in taken[max(at - 1, 0) : at + 1]):
                insort(taken, claim)
                return Placed(instrument, channel, slot)
        return None

    def take(self, instrument: Known, slot: Slot) -> None:
        """Every channel is the laboratory's own then, open or not; said before anything else is placed."""
        for channel in range(1, instrument.channels + 1):
            insort(self._taken.setdefault((instrument.id, channel), []), slot)

    def free_until(self, placed: Placed) -> datetime:
        """When the next claim on the channel begins; far away where there is none."""
        taken = self._taken[placed.instrument.id, placed.channel]
        at = bisect_right(
            taken, placed.slot.padded(placed.instrument.warmup_minutes, placed.instrument.cooldown_minutes)
        )
        return taken[at].start if at < len(taken) else placed.slot.end + 365 * timedelta(days=1)

    def place_at(self, instrument: Known, day: date, start: int, minutes: int) -> Placed | None:
        """The same, said in minutes of a local day."""
        begin = local(day, time(), instrument.zone) + start * MINUTE
        return self.place(instrument, Slot(begin, begin + minutes * MINUTE))


def year(
    rng: Random,
    timelines: Timelines,
    instruments: Sequence[Known],
    today: date,
    *,
    size: float,
    progress: Callable[[int, int], None],
) -> list[Placed]:
    """Twelve months behind `today` and six weeks ahead; `size` 1 makes about ten thousand slots."""
    found = []
    days = PAST_DAYS + FUTURE_DAYS
    for number in range(days):
        day = today + timedelta(days=number - PAST_DAYS)
        busy = size * _busy(number)
        for instrument in instruments:
            weekday = 1.0 if instrument.max_minutes > RUN else WEEK[day.weekday()]
            wanted = SHARE * POPULARITY[instrument.code] * busy * weekday * rng.uniform(0.4, 1.6)
            for _ in range(int(wanted + rng.random())):
                if placed := _some(rng, timelines, instrument, day):
                    found.append(placed)
        progress(number + 1, days)
    return found


def _busy(number: int) -> float:
    # The laboratory grew through the year; the further ahead, the fewer have asked yet.
    ahead = number - PAST_DAYS
    return 0.8 + 0.25 * number / PAST_DAYS if ahead < 0 else 1.05 - 0.75 * ahead / FUTURE_DAYS


def _some(rng: Random, timelines: Timelines, instrument: Known, day: date) -> Placed | None:
    for _ in range(TRIES):
        start, minutes = _wish(rng, instrument)
        if placed := timelines.place_at(instrument, day, start, minutes):
            return placed
    return None


def _wish(rng: Random, instrument: Known) -> tuple[int, int]:
    """A start and a length in minutes, as people use such an instrument; both on its grid."""
    grid, longest = instrument.grid_minutes, instrument.max_minutes
    if longest > RUN:  # cells are cycled for days or weeks
        return 0, DAY * rng.choice((1, 2, 3, 3, 5, 7, 7, 10, 14, 14, 21, 28))
    if longest >= 2 * DAY:  # degassing and adsorption take half a day and more
        return rng.randrange(MORNING, 18 * 60, grid), 60 * rng.choice((4, 6, 8, 12, 16, 24, 36))
    if longest >= DAY and rng.random() < 0.3:  # a sample queue that runs overnight
        return rng.randrange(16 * 60, 20 * 60, grid), rng.randrange(10 * 60, 16 * 60, grid)
    start = rng.choices(STARTS, cum_weights=STARTS_SUM)[0] * 60 + rng.randrange(0, max(60, grid), grid)
    unit = max(instrument.min_minutes, 30)
    times = rng.choice((1, 1, 2, 2, 3) if unit >= 120 else (1, 2, 2, 3, 3, 4) if unit >= 60 else (1, 2, 3, 4, 5, 6))
    start -= start % grid
    minutes = min(unit * times, longest, max(NIGHT - start, instrument.min_minutes))
    return start, minutes - minutes % grid
