"""What demo people write into their requests, and what the laboratory writes back."""

from __future__ import annotations

from random import Random

PURPOSES = {
    "Electron microscopy": (
        "Cross-section of solder joints",
        "Morphology of sintered powder",
        "Fracture surface after fatigue",
        "EDS map of a corroded contact",
        "焊点截面失效分析",
        "正极颗粒形貌观察",
        "镀层厚度与界面分析",
        "断口形貌分析",
    ),
    "X-ray and surface": (
        "Phase identification of a new batch",
        "Oxide thickness on copper",
        "Residual stress before and after annealing",
        "新批次物相分析",
        "薄膜粗糙度测量",
        "表面污染元素鉴定",
        "外延层摇摆曲线",
    ),
    "NDT and CT": (
        "Porosity of a printed bracket",
        "Electrode alignment in a pouch cell",
        "铸件内部缺陷检测",
        "电芯极片对齐度检查",
    ),
    "Spectroscopy": (
        "Transmission of coated glass",
        "Incoming inspection of polymer pellets",
        "Trace metals in plating bath",
        "镀膜玻璃透过率",
        "来料红外比对",
        "石墨缺陷程度评估",
        "荧光寿命测试",
    ),
    "Chromatography and mass spectrometry": (
        "Residual solvents, stability month 6",
        "Impurity profile, pilot batch",
        "Ions in cleaning water",
        "残留溶剂检测",
        "杂质谱分析，中试批",
        "清洗水阴离子检测",
        "重金属含量测定",
    ),
    "Magnetic resonance": (
        "Purity of an intermediate",
        "Structure of a side product",
        "中间体纯度确认",
        "副产物结构鉴定",
        "氘代样品氢谱",
    ),
    "Thermal analysis": (
        "Decomposition of a binder",
        "Glass transition after ageing",
        "粘结剂分解温度",
        "老化后玻璃化转变温度",
    ),
    "Particles and surfaces": (
        "Particle size before release",
        "Surface area of a precursor",
        "前驱体比表面积",
        "浆料粒度分布，放行检验",
    ),
    "Mechanical testing": (
        "Tensile test, five specimens",
        "Peel strength of a laminate",
        "拉伸试验，五根试样",
        "复合膜剥离强度",
    ),
    "Electronics and semiconductor": (
        "Leakage before and after stress",
        "S-parameters of a filter",
        "Lithography trial, new resist",
        "应力前后漏电流",
        "滤波器散射参数",
        "新光刻胶工艺试验",
        "循环寿命测试",
    ),
    "Life science": (
        "Expression of three target genes",
        "Sorting of labelled cells",
        "三个目标基因表达量",
        "荧光标记细胞分选",
        "细胞骨架成像",
    ),
}
REFUSALS = (
    "Please send the safety data sheet first, then ask again.",
    "The sample is not vacuum-stable; the low-vacuum microscope suits it better.",
    "This needs staff, and nobody is free then; any morning next week works.",
    "请先提交样品安全数据表，再重新预约。",
    "该样品含挥发物，不适合本仪器，请改约其他设备。",
    "该时段无操作人员，建议改约下周上午。",
)


def purpose(rng: Random, category: str) -> str:
    """One purpose that fits the category, with a lot number so that no two look alike."""
    return f"{rng.choice(PURPOSES[category])} · {rng.choice('ABCDEFGH')}{rng.randrange(100, 999)}"
