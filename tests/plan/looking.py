"""Who may look where: the tower, the floors of a slice, its front room, and the pure files."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tests.plan.source import ASSEMBLY, SLICES, STOREY, Breach, Source, imports, rule

# The floors of a slice; any other word is the slice's own noun.
FLOORS = {
    "events": 0,
    "lifecycle": 0,
    "models": 1,
    "policy": 2,
    "rules": 2,
    "queries": 3,
    "checks": 3,
    "services": 4,
    "reactions": 4,
    "schemas": 5,
    "jobs": 5,
    "api": 6,
    "pages": 6,
}
NOUN = 3
PURE = ("events", "lifecycle", "policy", "rules")
IMPURE = re.compile(
    r"(flask\w*|sqlalchemy|werkzeug|marshmallow|time|random|secrets|os|logging)(\.|$)|labshare\.(web|kernel\.(clock|db|retry))(\.|$)"
)
BACK_ROOMS = frozenset({"services", "reactions", "jobs", "schemas", "api", "pages", "checks"})
WIRED = frozenset({"reactions", "jobs", "api", "pages", "checks"})  # what wiring.py is there to name

REASONED = re.compile(r"#\s*noqa: *PLC0415\s+-\s+\w")


@rule
def tower(source: Source) -> Iterator[Breach]:
    """Look down, never up or sideways."""
    if source.layer not in STOREY:
        if source.is_python:
            yield Breach(1, f"{source.layer} has no place in the tower")
        return
    for found in imports(source):
        if found.layer is None or found.layer == source.layer:
            continue
        if found.layer not in STOREY:
            yield Breach(found.line, f"{found.module} has no place in the tower")
        elif source.layer in ASSEMBLY and found.layer in ASSEMBLY:
            continue
        elif STOREY[found.layer] >= STOREY[source.layer]:
            yield Breach(found.line, f"{source.layer} looks up to {found.module}")


@rule
def floors(source: Source) -> Iterator[Breach]:
    """Inside a slice a file imports from its own floor or below."""
    if source.layer not in SLICES or source.word is None:
        return
    own = FLOORS.get(source.word, NOUN)
    for found in imports(source):
        if found.layer != source.layer or found.word is None:
            continue
        floor = FLOORS.get(found.word, NOUN)
        if floor > own:
            yield Breach(found.line, f"{source.word} (floor {own}) looks up to {found.word} (floor {floor})")
        elif {source.word, found.word} == {"services", "reactions"}:
            yield Breach(found.line, f"{source.word} uses {found.word}: both use nouns, never one another")


@rule
def front_room(source: Source) -> Iterator[Breach]:
    """Of another slice only events, models, queries, rules, policy and nouns are open."""
    if source.layer in ASSEMBLY:
        return
    for found in imports(source):
        if found.layer not in SLICES or found.layer == source.layer or found.word not in BACK_ROOMS:
            continue
        if source.layer == "wiring" and found.word in WIRED:
            continue
        yield Breach(found.line, f"{found.module} is a back room of {found.layer}")


@rule
def purity(source: Source) -> Iterator[Breach]:
    """Events, lifecycle, policy and rules know no Flask, no SQLAlchemy, no clock."""
    if source.layer not in SLICES or source.word not in PURE:
        return
    for found in imports(source):
        if IMPURE.match(found.module):
            yield Breach(found.line, f"{source.word} imports {found.module}")


@rule
def imports_at_the_top(source: Source) -> Iterator[Breach]:
    """No import inside a function except in the factory, in the CLI and where a lint exception says why."""
    if source.layer in ("factory", "cli"):
        return
    lines = source.text.splitlines()
    for found in imports(source):
        if found.inside and not REASONED.search(lines[found.line - 1]):
            yield Breach(found.line, f"{found.module} is imported inside a function, and no reason is given")
