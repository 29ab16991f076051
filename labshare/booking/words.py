"""What a manager says again and again when answering."""

from __future__ import annotations

from dataclasses import dataclass

from labshare.kernel.errors import N_, Text


@dataclass(frozen=True)
class Template:
    """A reason to reject: its name for whoever chooses, and what the company reads, in each language."""

    name: Text
    en: str
    zh: str


# The company reads what was chosen, in the language it was chosen in, and as it was edited.
REJECT_TEMPLATES = (
    Template(
        N_("Purpose unclear"),
        "Please say more about the sample and what is to be measured, and ask again.",
        "请补充样品信息和测试内容后重新预约。",
    ),
    Template(
        N_("Wrong instrument"),
        "Another instrument suits this work better; please talk to us before asking again.",
        "此项工作更适合使用其他仪器，请与我们沟通后再预约。",
    ),
    Template(
        N_("Sample not allowed"),
        "This sample cannot be measured on this instrument for reasons of safety or contamination.",
        "出于安全或污染风险考虑，该样品不能在此仪器上测试。",
    ),
    Template(
        N_("Needed by the laboratory"),
        "The laboratory needs the instrument itself at that time; please choose another time.",
        "该时段实验室需自用仪器，请选择其他时间。",
    ),
    Template(
        N_("No operator"),
        "Nobody is there at that time who could help; please choose another time.",
        "该时段没有操作人员值守，请选择其他时间。",
    ),
    Template(
        N_("Shared fairly"),
        "Others have waited longer for this instrument; please choose another time.",
        "其他单位等待此仪器的时间更长，请选择其他时间。",
    ),
)
