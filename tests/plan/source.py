"""A file of the house, where it stands in the tower, and what it brings in."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
HOUSE = ROOT / "labshare"

# The tower, from the ground up; what stands in one line looks neither left nor right.
TOWER = (
    ("config",),
    ("kernel",),
    ("web",),
    ("people",),
    ("clockwork",),
    ("instruments",),
    ("quotas",),
    ("booking",),
    ("maintenance",),
    ("usage", "calendars"),
    ("notifications",),
    ("audit",),
    ("help",),
    ("home",),
    ("wiring",),
    ("factory",),  # labshare/__init__.py
    ("scheduler", "cli", "demo", "webserver", "serve", "supervisor"),
)
STOREY = {name: number for number, names in enumerate(TOWER) for name in names}
ASSEMBLY = TOWER[-1]  # puts the house together or runs it: anything is open to it, one another too
SLICES = frozenset(name for name, number in STOREY.items() if STOREY["people"] <= number <= STOREY["audit"])


@dataclass(frozen=True)
class Source:
    """One file: where it stands and what it says."""

    path: str  # from the repository's root, as in labshare/booking/rules.py
    text: str

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text, self.path)

    @property
    def is_python(self) -> bool:
        return self.path.endswith(".py")

    @property
    def place(self) -> tuple[str, ...]:
        """The dotted place without `labshare`: ("booking", "services", "asking")."""
        parts = Path(self.path).with_suffix("").parts[1:]
        return parts[:-1] if parts[-1] == "__init__" and len(parts) > 1 else parts

    @property
    def layer(self) -> str:
        return "factory" if self.place == ("__init__",) else self.place[0]

    @property
    def word(self) -> str | None:
        return self.place[1] if len(self.place) > 1 else None


@dataclass(frozen=True)
class Breach:
    """What is wrong, and in which line."""

    line: int
    what: str


Rule = Callable[[Source], Iterator[Breach]]
RULES: dict[str, Rule] = {}


def rule(check: Rule) -> Rule:
    """Hold the house to this one too."""
    RULES[check.__name__] = check
    return check


def sources(*endings: str) -> list[Source]:
    """Every file of the house with one of these endings."""
    found = sorted(path for path in HOUSE.rglob("*") if path.suffix in endings and "static" not in path.parts)
    return [Source(path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8")) for path in found]


def breaches(name: str, among: list[Source]) -> list[str]:
    """What breaks the rule, ready to be read: file:line rule: what."""
    return [f"{source.path}:{breach.line} {name}: {breach.what}" for source in among for breach in RULES[name](source)]


@dataclass(frozen=True)
class Import:
    """One name brought in: from which module, in which line, at the top or inside a function."""

    line: int
    module: str
    inside: bool

    @property
    def layer(self) -> str | None:
        """The layer of ours it comes from, None for a library's."""
        parts = self.module.split(".")
        if parts[0] != "labshare":
            return None
        return parts[1] if len(parts) > 1 and parts[1] in STOREY else "factory" if len(parts) == 1 else parts[1]

    @property
    def word(self) -> str | None:
        parts = self.module.split(".")
        return parts[2] if len(parts) > 2 else None


def imports(source: Source) -> Iterator[Import]:
    """Every import of the file, wherever it stands; `from labshare.booking import rules` is labshare.booking.rules."""
    if not source.is_python:
        return
    inner = {
        id(node)
        for function in ast.walk(source.tree)
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        for node in ast.walk(function)
    }
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Import):
            for name in node.names:
                yield Import(node.lineno, name.name, id(node) in inner)
        elif isinstance(node, ast.ImportFrom):
            base = _absolute(source, node)
            for name in node.names:
                yield Import(node.lineno, _named(base, name.name), id(node) in inner)


def _absolute(source: Source, node: ast.ImportFrom) -> str:
    if not node.level:
        return node.module or ""
    package = Path(source.path).with_suffix("").parts[: -node.level]
    return ".".join((*package, *((node.module,) if node.module else ())))


def _named(base: str, name: str) -> str:
    # Of the house and of a slice the names are modules; deeper down they are functions and classes.
    if base == "labshare":
        return f"labshare.{name}" if name in STOREY else "labshare"
    return f"{base}.{name}" if base.count(".") == 1 and base.startswith("labshare.") else base
