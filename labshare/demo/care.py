"""What the demo laboratory does for its instruments: what it planned, what broke down, what falls due."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from labshare.demo.shape import Timelines
from labshare.instruments.queries import Known
from labshare.kernel.slots import MINUTE, Slot, local
from labshare.maintenance import repeat as repeats
from labshare.maintenance.repeat import WEEK, Repeat

MAKER, OURS = "厂家工程师 Maker's engineer", "实验室 Laboratory"
CHILLER = ("Chiller 2", "2 号冷水机", ("FIB-01", "TEM-01", "XRD-01"))  # names, and what stands still without it
MONDAYS = Repeat(WEEK, weekdays=(0,), times=8)
MEMBERS_WINDOW, MEMBERS_PAST_WINDOW = "AFM-01", "SEM-02"  # these two displace a booking of the member's


@dataclass(frozen=True)
class Care:
    """A window: which instruments, so many workdays ahead (or behind), local start, minutes, and what is done."""

    codes: tuple[str, ...]
    workday: int
    start: int
    minutes: int
    kind: str
    note: str
    performed_by: str = OURS
    utility: bool = False


PAST = (
    Care(("XPS-01",), 60, 8 * 60, 480, "calibration", "Energy scale against Au, Ag and Cu. 结合能标定。", MAKER),
    Care(("TEM-01",), 40, 8 * 60, 540, "vendor_visit", "Yearly service: column, vacuum, chiller. 年度保养。", MAKER),
    Care(("LCM-01",), 30, 9 * 60, 180, "preventive", "Ion source cleaned, pump oil changed. 清洗离子源。"),
    Care(("NMR-01",), 25, 8 * 60, 240, "calibration", "Shimming and pulse calibration. 匀场与脉宽校准。"),
    Care(("XRD-01",), 21, 8 * 60, 240, "calibration", "Si standard, 2θ within 0.01°. 标准硅校准。"),
    Care(("SEM-02",), 14, 9 * 60, 480, "preventive", "New filament, apertures aligned. 更换灯丝，合轴。"),
    Care(("SEM-01",), 9, 8 * 60, 120, "preventive", "Chamber and gas check. 样品室与气路检查。"),
)
COMING = (
    Care(("AFM-01",), 5, 9 * 60, 480, "calibration", "Scanner calibration with a new grating. 扫描器校准。", MAKER),
    Care(("TEM-01",), 10, 8 * 60, 240, "vendor_visit", "Detector firmware. 探测器固件升级。", MAKER),
    Care(CHILLER[2], 11, 8 * 60, 180, "preventive", "Filters and coolant. 更换滤芯与冷却液。", OURS, utility=True),
)


@dataclass(frozen=True)
class Breakdown:
    """An outage that is over: so many workdays behind, local start, minutes, what was seen, and what was done."""

    code: str
    workday: int
    start: int
    minutes: int
    note: str
    remedy: str


BREAKDOWNS = (
    Breakdown(
        "HPL-01", 33, 10 * 60 + 15, 385, "Pressure drops in the gradient. 梯度压力下降。", "Check valve. 单向阀。"
    ),
    Breakdown("FIB-01", 7, 13 * 60 + 20, 1305, "Ion beam unstable. 离子束不稳。", "New aperture strip. 更换光阑。"),
)


@dataclass(frozen=True)
class Need:
    """What an instrument needs again and again, said so many days ago."""

    code: str
    kind: str
    every_days: int | None
    every_hours: int | None
    said: int
    note: str = ""


OVERDUE = Need("GCM-01", "preventive", 90, None, 120, "Column and liner. 色谱柱与衬管。")
NEEDS = (
    Need("SEM-01", "preventive", 30, 250, 300, "Weekly chamber check, aperture alignment. 光阑合轴。"),
    Need("XRD-01", "calibration", 180, None, 300, "Si standard. 标准硅。"),
    Need("TEM-01", "vendor_visit", 365, None, 300, "Service contract. 维保合同。"),
    Need("XPS-01", "calibration", 180, None, 300),
    Need("NMR-01", "calibration", 90, None, 300),
    Need("LCM-01", "preventive", None, 2000, 300, "Pump oil. 泵油。"),
    Need("AFM-01", "calibration", 180, None, 150),
    OVERDUE,
)


@dataclass(frozen=True)
class Planned:
    """A window with its time; of a series every one of them."""

    care: Care
    slots: Sequence[Slot]
    at: datetime  # when it was planned

    @property
    def is_series(self) -> bool:
        return len(self.slots) > 1


@dataclass(frozen=True)
class Broke:
    """An outage with its time."""

    breakdown: Breakdown
    slot: Slot


class Diary:
    """When all of that is; its time is taken before anybody books."""

    def __init__(
        self,
        timelines: Timelines,
        known: Mapping[str, Known],
        ahead: Sequence[date],
        behind: Sequence[date],
        now: datetime,
    ) -> None:
        self.known, self.ahead, self.behind, self.now = known, ahead, behind, now
        self.zone = known["SEM-01"].zone
        lately = now - 14 * 60 * MINUTE
        self.past = [self._planned(care, behind) for care in PAST]
        self.coming = [self._planned(care, ahead, lately) for care in COMING]
        today = now.astimezone(self.zone).date()
        monday = next(day for day in (today + timedelta(days=n) for n in range(2, 9)) if day.weekday() == 0)
        first = self.slot(monday, 8 * 60, 60)
        check = Care(("SEM-01",), 0, 8 * 60, 60, "preventive", "Chamber and gas check. 样品室与气路检查。")
        self.coming.append(Planned(check, repeats.slots(first, MONDAYS, self.zone), lately))
        self.broke = [Broke(one, self.slot(behind[one.workday], one.start, one.minutes)) for one in BREAKDOWNS]
        for one in (*self.past, *self.coming):
            for slot in one.slots:
                for code in one.care.codes:
                    timelines.take(known[code], slot)
        for broke in self.broke:
            timelines.take(known[broke.breakdown.code], broke.slot)

    def _planned(self, care: Care, days: Sequence[date], at: datetime | None = None) -> Planned:
        slot = self.slot(days[care.workday], care.start, care.minutes)
        before = days[care.workday] - timedelta(days=5)
        return Planned(care, [slot], at or local(before, time(10), self.zone))

    def slot(self, day: date, start: int, minutes: int) -> Slot:
        """A stretch of a local day."""
        begins = local(day, time(), self.zone) + start * MINUTE
        return Slot(begins, begins + minutes * MINUTE)

    def of(self, code: str) -> Planned:
        """The window that displaces a booking on this instrument."""
        windows = self.coming if code == MEMBERS_WINDOW else self.past
        return next(one for one in windows if one.care.codes == (code,))
