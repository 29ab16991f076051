"""How instruments are written and read on the wire."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from marshmallow import Schema, ValidationError, fields, post_load, pre_dump, validates_schema

from labshare.instruments import rules
from labshare.instruments.models import MODES, STATES
from labshare.instruments.search import Wanted
from labshare.kernel.errors import N_
from labshare.kernel.slots import Slot
from labshare.web.bodies import Flag, Length, Line, Moment, OneOf, Whole
from labshare.web.i18n import own
from labshare.web.paging import PageArguments

LONGEST_STRETCH = timedelta(days=92)


class CatalogueArguments(PageArguments):
    """What to look for in the catalogue."""

    q = Line(
        200,
        least=0,
        load_default="",
        metadata={"description": "Words in names, code, maker, model, category."},
    )
    category = Line(120, least=0, load_default="", metadata={"description": "Its id, or a name of it."})
    site = Line(30, least=0, load_default="", metadata={"description": "The site's code."})
    state = fields.String(
        load_default="",
        validate=OneOf(("", "all", *STATES)),
        metadata={"description": "One state, or `all`; without it the retired are left out."},
    )
    free_from = Moment(load_default=None, metadata={"description": "Free from this moment on, buffers and all …"})
    free_to = Moment(load_default=None, metadata={"description": "… to this one."})

    @validates_schema
    def _stretch(self, data: dict[str, Any], **_: Any) -> None:
        start, end = data.get("free_from"), data.get("free_to")
        if (start is None) != (end is None):
            missing = "free_from" if start is None else "free_to"
            raise ValidationError([N_("Please give both ends of the time.")], missing)
        if start is not None and not start < end:
            raise ValidationError([N_("The end must come after the start.")], "free_to")
        if start is not None and end - start > LONGEST_STRETCH:
            raise ValidationError([N_("At most 92 days at once.")], "free_to")

    @post_load
    def _wanted(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        start, end = data.pop("free_from"), data.pop("free_to")
        names = ("q", "category", "site", "state")
        wanted = Wanted(**{name: data.pop(name) for name in names}, free=Slot(start, end) if start else None)
        return {"wanted": wanted, **data}


class InstrumentCategoryOut(Schema):
    """A category, named in the reader's language and in both."""

    id = fields.Integer()
    name = fields.String()
    name_en = fields.String()
    name_zh = fields.String()


class InstrumentSiteOut(Schema):
    """A site and the zone its days are counted in."""

    code = fields.String()
    name = fields.String()
    zone = fields.String(metadata={"example": "Asia/Shanghai"})


class InstrumentOwnerOut(Schema):
    """The organisation an instrument belongs to."""

    id = fields.Integer()
    name = fields.String()


class InstrumentOut(Schema):
    """An instrument and the rules of its slots."""

    code = fields.String(metadata={"example": "SEM-01"})
    name = fields.String(metadata={"description": "In the reader's language."})
    name_en = fields.String()
    name_zh = fields.String()
    category = fields.Nested(InstrumentCategoryOut)
    site = fields.Nested(InstrumentSiteOut)
    owner = fields.Nested(InstrumentOwnerOut)
    state = fields.String(validate=OneOf(STATES))
    booking_modes = fields.List(fields.String(validate=OneOf(MODES)))
    channels = fields.Integer(metadata={"description": "So many bookings run side by side."})
    granularity_minutes = fields.Integer(attribute="grid_minutes")
    min_minutes = fields.Integer()
    max_minutes = fields.Integer()
    warmup_minutes = fields.Integer()
    cooldown_minutes = fields.Integer()
    notice_minutes = fields.Integer()
    horizon_days = fields.Integer()
    decide_minutes = fields.Integer()
    check_in_minutes = fields.Integer(metadata={"description": "So early one may check in."})
    grace_minutes = fields.Integer(metadata={"description": "Nobody came for so long: a no-show."})
    late_minutes = fields.Integer()
    overtime_minutes = fields.Integer()
    early_minutes = fields.Integer()
    auto_end_minutes = fields.Integer(metadata={"description": "A use nobody ended ends so long after its booked end."})
    cancel_minutes = fields.Integer(metadata={"description": "Until so long before the start one cancels for nothing."})
    late_cancel_percent = fields.Integer(metadata={"description": "Of its minutes, what a late cancellation costs."})
    no_show_percent = fields.Integer(metadata={"description": "Of its minutes, what a missed booking costs."})
    approval_required = fields.Boolean(attribute="approval")
    qualification_required = fields.Boolean()
    rate_cny_per_hour = fields.Float()
    manufacturer = fields.String()
    model = fields.String()
    class_code = fields.String()
    original_value_cny = fields.Integer(allow_none=True)
    location = fields.String()
    version = fields.Integer()

    @pre_dump
    def _shaped(self, it: Any, **_: Any) -> dict[str, Any]:
        category = {"id": it.category_id, "name_en": it.category_en, "name_zh": it.category_zh}
        category["name"] = own(it.category_en, it.category_zh)
        site = {"code": it.site_code, "name": own(it.site_en, it.site_zh), "zone": it.zone.key}
        owner = {"id": it.owner_id, "name": own(it.owner_name_en, it.owner_name)}
        name = own(it.name_en, it.name_zh)
        return {**vars(it), "name": name, "category": category, "site": site, "owner": owner}


class DescribedOut(InstrumentOut):
    """An instrument with its long texts."""

    maintenance_note = fields.String()
    description = fields.String(metadata={"description": "Markdown."})


class InstrumentPage(Schema):
    """Some instruments, and the cursor of those that follow."""

    items = fields.List(fields.Nested(InstrumentOut))
    next = fields.String(allow_none=True)


def _text(field: str, **rest: Any) -> Line:
    least, most = rules.TEXTS[field]
    return Line(most, least=least, lines=field in rules.LONG, **rest)


def _whole(field: str, **rest: Any) -> Whole:
    return Whole(*rules.NUMBERS[field], **rest)


class _Entry(Schema):
    name_en = _text("name_en")
    name_zh = _text("name_zh")
    category = _text("category", metadata={"description": "A name in either language; an unknown one is made."})
    category_zh = _text("category_zh", metadata={"description": "What a new category is called in Chinese."})
    site = Line(30, metadata={"description": "The site's code; not needed where there is but one."})
    owner = Whole(1, 2**53, metadata={"description": "The organisation's id; the operator unless given."})
    state = fields.String(validate=OneOf(STATES))
    booking_modes = fields.List(fields.String(validate=OneOf(MODES)), validate=Length(min=1, max=len(MODES)))
    channels = _whole("channels")
    granularity_minutes = _whole("granularity_minutes")
    min_minutes = _whole("min_minutes")
    max_minutes = _whole("max_minutes")
    warmup_minutes = _whole("warmup_minutes")
    cooldown_minutes = _whole("cooldown_minutes")
    notice_minutes = _whole("notice_minutes")
    horizon_days = _whole("horizon_days")
    decide_minutes = _whole("decide_minutes")
    check_in_minutes = _whole("check_in_minutes")
    grace_minutes = _whole("grace_minutes")
    late_minutes = _whole("late_minutes")
    overtime_minutes = _whole("overtime_minutes")
    early_minutes = _whole("early_minutes")
    auto_end_minutes = _whole("auto_end_minutes")
    cancel_minutes = _whole("cancel_minutes")
    late_cancel_percent = _whole("late_cancel_percent")
    no_show_percent = _whole("no_show_percent")
    approval_required = Flag()
    qualification_required = Flag()
    rate_cny_per_hour = fields.Decimal(metadata={"minimum": 0, "maximum": int(rules.MOST_RATE)})
    manufacturer = _text("manufacturer")
    model = _text("model")
    class_code = Line(6, least=0, metadata={"pattern": "^([0-9]{6})?$"})
    original_value_cny = _whole("original_value_cny", allow_none=True)
    location = _text("location")
    maintenance_note = _text("maintenance_note")
    description = _text("description", metadata={"description": "Markdown."})

    @post_load
    def _plain(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        if "booking_modes" in data:
            data["booking_modes"] = tuple(data["booking_modes"])
        return data


class InstrumentIn(_Entry):
    """A new instrument; what is not said has its default."""

    code = Line(39, required=True, metadata={"pattern": "^[A-Z0-9][A-Z0-9-]{0,38}$", "example": "XRD-02"})
    name_en = _text("name_en", required=True, metadata={"example": "X-ray diffractometer"})
    name_zh = _text("name_zh", required=True, metadata={"example": "X 射线衍射仪"})
    category = _text("category", required=True, metadata={"example": "Diffractometers"})
    category_zh = _text(
        "category_zh", metadata={"description": "What a new category is called in Chinese.", "example": "衍射仪"}
    )
    site = Line(30, metadata={"description": "The site's code; not needed where there is but one.", "example": "EAST"})


class InstrumentPatch(_Entry):
    """What shall be said differently; the rest stays. A code never changes."""

    version = Whole(1, 2**31 - 1, metadata={"description": "Refuse where somebody changed it since this one."})
