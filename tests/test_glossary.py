"""The glossary's words are said in one way in Chinese, however many hands translate."""

from __future__ import annotations

import re

import pytest
from babel.messages.catalog import Message

from tests.test_translations import CATALOGUES, translations, written

# What the English names, and the words the glossary, or where it has none this house, has for it.
GLOSSARY = {
    "lab managers?": ("实验室管理员",),
    "channels?": ("通道",),
    "maintenance": ("维护",),
    "calibration": ("校准",),
    "outages?": ("故障", "停机"),
    "out of service": ("停机",),  # 停用 is what happens to companies
    "allowances?": ("额度",),
    "over quota": ("超额", "额度"),
    "opening hours": ("开放时间",),
    "public holidays?": ("法定节假日",),
    "workdays?": ("工作日",),
    "provisional": ("暂定",),
    "warm(?:ing)?-up": ("预热",),
    "cool(?:ing)?-down": ("冷却",),
    "waiting list": ("候补",),
    "check(?:s|ed)? in": ("签到",),
    "check(?:s|ed)? out": ("签退",),
    "no-shows?": ("爽约",),
    "overtime": ("超时",),
    "reject(?:s|ed)?": ("驳回",),
    "waive[srd]?": ("豁免",),
    "effective hours": ("有效机时",),
    "rated hours": ("定额机时",),
    "booked hours": ("预约机时",),
    "utilisation": ("利用率",),
    "samples?": ("样品",),
    "on behalf": ("代",),
    "audit": ("审计",),
    "tokens?": ("令牌",),
}
FREELY = {  # sentences in which such a word is no word of the laboratory
    "With the columns date, kind and if wished name; kinds are holiday, restday, workday, makeup_workday.",
}
# What Chinese often leaves unsaid must at least never be called by another word.
NEVER = {
    "instrument": ("设备", "机器", "机主"),
    "booking": ("预订", "预定", "订单"),
    "company": ("公司", "客户"),
    "no-show": ("未到场", "失约", "缺席"),
}
MESSAGES = [message for message in written(CATALOGUES[0]) if message.id]


def english(message: Message) -> str:
    ids = message.id if isinstance(message.id, list | tuple) else (message.id,)
    return re.sub(r"%\(\w+\)s", "", ids[0])


@pytest.mark.parametrize("word", GLOSSARY)
def test_a_word_of_the_glossary_is_said_in_its_one_way(word: str) -> None:
    named = re.compile(rf"\b{word}\b", re.IGNORECASE)
    strayed = [
        f"{english(message)} -> {text}"
        for message in MESSAGES
        if named.search(english(message)) and english(message) not in FREELY
        for text in translations(message)
        if not any(said in text for said in GLOSSARY[word])
    ]
    assert not strayed, "\n".join(strayed)


@pytest.mark.parametrize("word", NEVER)
def test_what_may_stay_unsaid_is_never_called_otherwise(word: str) -> None:
    strayed = [
        f"{english(message)} -> {text}"
        for message in MESSAGES
        for text in translations(message)
        if any(said in text for said in NEVER[word])
    ]
    assert not strayed, "\n".join(strayed)


def test_every_exception_is_still_said() -> None:
    assert {english(message) for message in MESSAGES} >= FREELY
