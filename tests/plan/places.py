"""What belongs in one place only: engines by name, the clock, commits, transactions, keys, raw HTML."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from tests.plan.source import SLICES, STOREY, Breach, Source, rule, sources

ENGINES = re.compile(r"postgres|sqlite|psycopg|\bpg_\w|\bsqlstate\b", re.IGNORECASE)
DEFAULT_ADDRESS = re.compile(r"^sqlite:///|^labshare\.sqlite3$")
NOW = {"now", "utcnow", "today", "utcfromtimestamp", "current_timestamp", "clock_timestamp"}  # of whatever it is asked
TIME = {"time", "time_ns", "localtime", "gmtime"}  # of the module `time`
GRAB_BAG = re.compile(r"(utils?|helpers?|commons?|misc|stuff)$")

DATABASE = "labshare/kernel/db/"  # every difference between the two engines, every commit, and its clock live here

# Exceptions, each with its reason; nothing else is exempt.
MAY_SAY_ENGINE = {
    "labshare/config.py": "the default address of the database",
}
MAY_OPEN = {
    "labshare/clockwork/lease.py": "who leads is settled in a transaction of its own, before any work is begun",
}
NO_ACTOR = {
    ("labshare/clockwork/services/running.py", "run_due"): "the ticker runs what is due in nobody's name",
    ("labshare/people/services/companies.py", "register"): "a stranger becomes somebody by it",
    ("labshare/people/services/credentials.py", "reset_password"): "the mailed link says whose password it is",
    ("labshare/people/services/joining.py", "join"): "a stranger becomes somebody by it",
    ("labshare/people/services/signing_in.py", "sign_in"): "who it is, is what it finds out",
    ("labshare/people/services/signing_in.py", "sign_out"): "the secret it ends says whose it is",
}
# Files that hand HTML on unescaped, each reviewed for where its text comes from.
RAW_HTML: dict[str, str] = {"labshare/web/prose.py": "Markdown, after nh3 has left only a list of harmless tags"}


def _words(source: Source) -> Iterator[tuple[int, str]]:
    """Every name and every string the program uses, with its line; docstrings and comments are not among them."""
    if not source.is_python:
        return
    spoken = {id(node.value) for node in ast.walk(source.tree) if isinstance(node, ast.Expr) and _is_text(node.value)}
    for node in ast.walk(source.tree):
        line = getattr(node, "lineno", 1)
        if isinstance(node, ast.Name):
            yield line, node.id
        elif isinstance(node, ast.Attribute):
            yield line, node.attr
        elif isinstance(node, ast.keyword | ast.arg) and node.arg:
            yield line, node.arg
        elif isinstance(node, ast.alias):
            yield line, node.name
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield line, node.module
        elif isinstance(node, ast.Constant) and _is_text(node) and id(node) not in spoken:
            yield line, str(node.value)


def _is_text(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def _calls(source: Source) -> Iterator[tuple[ast.Call, str, str]]:
    """Every call as (node, owner, name): `sa.func.now()` is owned by func, `now()` by nothing."""
    if not source.is_python:
        return
    for node in ast.walk(source.tree):
        if not isinstance(node, ast.Call):
            continue
        called = node.func
        if isinstance(called, ast.Name):
            yield node, "", called.id
        elif isinstance(called, ast.Attribute):
            owner = called.value
            named = owner.attr if isinstance(owner, ast.Attribute) else getattr(owner, "id", "")
            yield node, named, called.attr


@rule
def engines_by_name(source: Source) -> Iterator[Breach]:
    """No dialect is named outside kernel/db, the default address in config.py, and migrations."""
    allowed = MAY_SAY_ENGINE.get(source.path)
    if source.path.startswith(DATABASE):
        return
    for line, said in _words(source):
        if ENGINES.search(said) and not (allowed and DEFAULT_ADDRESS.search(said)):
            yield Breach(line, f"names an engine: {said!r}")


@rule
def one_clock(source: Source) -> Iterator[Breach]:
    """Only kernel/clock.py asks what time it is."""
    if source.path == "labshare/kernel/clock.py" or source.path.startswith(DATABASE):
        return
    for node, owner, name in _calls(source):
        if (name in NOW and owner != "clock") or (name in TIME and owner == "time"):
            yield Breach(node.lineno, f"asks {owner or name}.{name}()")
    for node in ast.walk(source.tree) if source.is_python else ():
        if isinstance(node, ast.ImportFrom) and node.module == "time" and TIME & {one.name for one in node.names}:
            yield Breach(node.lineno, "takes the time out of its module")


@rule
def one_commit(source: Source) -> Iterator[Breach]:
    """Only kernel/db begins and commits."""
    if source.path.startswith(DATABASE):
        return
    for node, owner, name in _calls(source):
        if name in ("commit", "begin", "begin_nested", "flush") and owner:
            yield Breach(node.lineno, f"calls {owner}.{name}()")


@rule
def who_opens(source: Source) -> Iterator[Breach]:
    """Transactions are opened by services, jobs, commands and the demo; a noun runs in its caller's."""
    if source.layer not in SLICES or source.word in ("services", "jobs") or source.path in MAY_OPEN:
        return
    for node, _owner, name in _calls(source):
        if name == "transaction":
            yield Breach(node.lineno, f"{source.word} opens a transaction")


@rule
def actor_first(source: Source) -> Iterator[Breach]:
    """A use case is a public function of services, and its first word is the actor."""
    if source.layer not in SLICES or source.word != "services" or not source.is_python:
        return
    for node in source.tree.body:
        if not isinstance(node, ast.FunctionDef) or node.name.startswith("_"):
            continue
        given = [one.arg.lstrip("_") for one in (*node.args.posonlyargs, *node.args.args)]
        opens = any(
            isinstance(one, ast.Call) and getattr(one.func, "id", "") == "transaction" for one in ast.walk(node)
        )
        if opens and given[:1] != ["actor"] and (source.path, node.name) not in NO_ACTOR:
            yield Breach(node.lineno, f"{node.name}({', '.join(given[:1])}…) does not begin with the actor")


@rule
def keys_point_down(source: Source) -> Iterator[Breach]:
    """Foreign keys and relationships point down the tower."""
    if source.layer not in SLICES or source.word != "models":
        return
    for node, _owner, name in _calls(source):
        if name not in ("ForeignKey", "relationship", "ForeignKeyConstraint"):
            continue
        for text in (one for part in node.args for one in ast.walk(part) if isinstance(one, ast.Constant)):
            target = TABLES.get(str(text.value).split(".")[0], source.layer)
            if STOREY[target] > STOREY[source.layer]:
                yield Breach(node.lineno, f"points up to {text.value} of {target}")


@rule
def no_grab_bags(source: Source) -> Iterator[Breach]:
    """A file is called by its word or by the noun it defines."""
    for part in Path(source.path).with_suffix("").parts:
        if GRAB_BAG.match(part):
            yield Breach(1, f"{part} says nothing about what is in it")


@rule
def no_raw_html(source: Source) -> Iterator[Breach]:
    """Nothing reaches a page unescaped but what the reviewed list names."""
    if source.is_python:
        for node, _owner, name in _calls(source):
            if name in ("render_template_string", "Markup", "from_string") and source.path not in RAW_HTML:
                yield Breach(node.lineno, f"calls {name}()")
        return
    for number, line in enumerate(source.text.splitlines(), 1):
        if re.search(r"\|\s*safe\b|autoescape\s+false", line) and source.path not in RAW_HTML:
            yield Breach(number, f"unescaped: {line.strip()}")


def _tables() -> dict[str, str]:
    """Table or model name -> the layer that remembers it."""
    found = {}
    for source in sources(".py"):
        for node in ast.walk(source.tree) if source.word in ("models", "journal", "retry") else ():
            if isinstance(node, ast.ClassDef):
                found[node.name] = source.layer
            if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "__tablename__":
                found[ast.literal_eval(node.value)] = source.layer
    return found


TABLES = _tables()
