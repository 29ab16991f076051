"""Invented names for the demo laboratory; the organisation codes belong to a province that does not exist."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from random import Random

from labshare.people.rules import uscc_check

DOMAIN = "demo.labshare.test"

# Rare pairs of characters, so that no company is likely to be called this; pinyin without tones.
FIRST = (
    ("澈", "Che"), ("岫", "Xiu"), ("砚", "Yan"), ("翎", "Ling"), ("汀", "Ting"), ("朔", "Shuo"),
    ("珩", "Heng"), ("沅", "Yuan"), ("棠", "Tang"), ("屿", "Yu"), ("瀚", "Han"), ("筠", "Jun"),
)  # fmt: skip
SECOND = (
    ("隅", "yu"), ("弧", "hu"), ("粒", "li"), ("犀", "xi"), ("谧", "mi"), ("榆", "yu"), ("迟", "chi"),
    ("栎", "li"), ("澍", "shu"), ("砾", "li"),
)  # fmt: skip
# Most companies sit where the laboratory is.
CITIES = (
    ("成都", "Chengdu"), ("成都", "Chengdu"), ("成都", "Chengdu"), ("成都", "Chengdu"), ("眉山", "Meishan"),
    ("绵阳", "Mianyang"), ("德阳", "Deyang"), ("宜宾", "Yibin"),
)  # fmt: skip
FORMS = (
    ("有限公司", "Co., Ltd."), ("科技有限公司", "Technology Co., Ltd."), ("有限责任公司", "Limited"),
    ("股份有限公司", "Inc."),
)  # fmt: skip
# Sector: what its companies call their trade.
TRADES = {
    "semiconductor": (
        ("半导体", "Semiconductor"),
        ("微电子", "Microelectronics"),
        ("集成电路", "Integrated Circuits"),
    ),
    "display": (("光电", "Optoelectronics"), ("显示技术", "Display Technology")),
    "aerospace": (("航空装备", "Aviation Equipment"), ("航天材料", "Space Materials")),
    "materials": (
        ("新材料", "Advanced Materials"),
        ("纳米材料", "Nanomaterials"),
        ("精密合金", "Precision Alloys"),
    ),
    "energy": (("新能源", "New Energy"), ("氢能", "Hydrogen Energy")),
    "battery": (("锂电", "Lithium Battery"), ("储能", "Energy Storage")),
    "chemistry": (("化学", "Chemical"), ("精细化工", "Fine Chemicals")),
    "bio": (("生物材料", "Biomaterials"), ("生物医药", "Biopharma"), ("诊断技术", "Diagnostics")),
}

FAMILY = (
    ("林", "Lin"), ("周", "Zhou"), ("陈", "Chen"), ("何", "He"), ("苏", "Su"), ("唐", "Tang"), ("罗", "Luo"),
    ("宋", "Song"), ("叶", "Ye"), ("江", "Jiang"), ("夏", "Xia"), ("程", "Cheng"), ("沈", "Shen"),
    ("邓", "Deng"),
)  # fmt: skip
GIVEN = (
    ("墨", "Mo"), ("一舟", "Yizhou"), ("知远", "Zhiyuan"), ("安", "An"), ("若溪", "Ruoxi"), ("亦然", "Yiran"),
    ("青", "Qing"), ("念", "Nian"), ("予乐", "Yule"), ("思齐", "Siqi"), ("书言", "Shuyan"), ("和", "He"),
    ("云帆", "Yunfan"), ("小满", "Xiaoman"), ("辰", "Chen"), ("南乔", "Nanqiao"), ("冬阳", "Dongyang"),
)  # fmt: skip


@dataclass(frozen=True)
class Firm:
    """A company of the demo: what it is called, by which code it is known, what it makes."""

    name: str
    name_en: str
    code: str
    sector: str
    kind: str = "company"


@dataclass(frozen=True)
class Name:
    """A person's name, readable in either language, and the name part of their address."""

    full: str
    address: str


def organisation_code(number: int) -> str:
    """A unified social credit code nobody can hold: province 99, both check characters right (GB 32100)."""
    body = f"MA{number:06d}"
    weights = (3, 7, 9, 10, 5, 8, 4, 2)
    left = 11 - sum(int(sign, 36) * weight for sign, weight in zip(body, weights, strict=True)) % 11
    code = "91990000" + body + {10: "X", 11: "0"}.get(left, str(left))
    return code + uscc_check(code)


OPERATOR = Firm(
    "成都屿澍共享实验室运营有限公司",
    "Yushu Shared Laboratory Operations Co., Ltd.",
    organisation_code(1),
    "",
    "operator",
)
PARTNERS = (
    Firm(
        "锦砚先进材料研究院",
        "Jinyan Institute of Advanced Materials",
        organisation_code(2),
        "materials",
        "institute",
    ),
    Firm(
        "湖畔电子技术研究院",
        "Lakeside Institute of Electronics",
        organisation_code(3),
        "semiconductor",
        "institute",
    ),
    Firm(
        "岫溪理工大学分析测试中心",
        "Xiuxi University of Technology, Test Centre",
        organisation_code(4),
        "chemistry",
        "university",
    ),
    Firm("棠汀生命科学研究院", "Tangting Institute of Life Science", organisation_code(5), "bio", "institute"),
)
FIRST_CUSTOMER = 11  # codes up to 10 are kept for the operator and its partners


def firms(rng: Random, count: int) -> list[Firm]:
    """So many customer companies, every sector in turn, no name twice."""
    brands = list(product(FIRST, SECOND))
    rng.shuffle(brands)
    sectors = list(TRADES)
    made = []
    for number, ((one, one_en), (two, two_en)) in zip(range(count), brands, strict=False):
        sector = sectors[number % len(sectors)]
        (city, city_en), (trade, trade_en), (form, form_en) = map(rng.choice, (CITIES, TRADES[sector], FORMS))
        made.append(
            Firm(
                f"{city}{one}{two}{trade}{form}",
                f"{city_en} {one_en}{two_en} {trade_en} {form_en}",
                organisation_code(FIRST_CUSTOMER + number),
                sector,
            )
        )
    return made


def people(rng: Random, count: int) -> list[Name]:
    """So many people of one company, no name twice."""
    chosen = rng.sample(list(product(FAMILY, GIVEN)), count)
    return [
        Name(f"{family}{given} {family_en} {given_en}", f"{family_en}.{given_en}".lower())
        for (family, family_en), (given, given_en) in chosen
    ]
