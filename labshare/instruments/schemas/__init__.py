"""How instruments, their hours and their calendars are written and read on the wire."""

from labshare.instruments.schemas.cataloguing import (
    CatalogueArguments,
    DescribedOut,
    InstrumentIn,
    InstrumentPage,
    InstrumentPatch,
)
from labshare.instruments.schemas.opening import (
    DayIn,
    ExceptionIn,
    ExceptionOut,
    ExceptionsIn,
    ExceptionsOut,
    HoursIn,
    HoursOut,
    NoticeIn,
    WorkdaysIn,
    WorkdaysOut,
    hours_out,
    year_out,
)

__all__ = [
    "CatalogueArguments",
    "DayIn",
    "DescribedOut",
    "ExceptionIn",
    "ExceptionOut",
    "ExceptionsIn",
    "ExceptionsOut",
    "HoursIn",
    "HoursOut",
    "InstrumentIn",
    "InstrumentPage",
    "InstrumentPatch",
    "NoticeIn",
    "WorkdaysIn",
    "WorkdaysOut",
    "hours_out",
    "year_out",
]
