"""Built browser files: `asset('app.css')` in templates, and their long life in caches."""

from __future__ import annotations

import json
from pathlib import Path

from flask import Flask, Response, request

PREFIX = "/static/dist/"


class AssetsMissing(RuntimeError):
    """The browser files have not been built, so no page can be shown as it should be."""


class Assets:
    """Which hashed name stands for which file; read when first asked for, then kept."""

    def __init__(self, folder: Path) -> None:
        self._manifest = folder / "manifest.json"
        self._names: dict[str, str] = {}
        self._read_at = -1

    def url(self, name: str) -> str:
        """The address of a built file. AssetsMissing when there is no such build."""
        return PREFIX + self._current()[name]

    def _current(self) -> dict[str, str]:
        # One stat a look-up: a new build shows at once, and a running server outlives `make assets`.
        try:
            stamp = self._manifest.stat().st_mtime_ns
            if stamp != self._read_at:
                self._names = json.loads(self._manifest.read_text(encoding="utf-8"))
                self._read_at = stamp
        except FileNotFoundError:
            raise AssetsMissing(
                f"The browser files are not built: {self._manifest.name} is missing. Run `make setup`."
            ) from None
        return self._names


def init_app(app: Flask) -> None:
    assets = Assets(Path(app.static_folder or "") / "dist")
    app.extensions["labshare.assets"] = assets
    app.jinja_env.globals["asset"] = assets.url

    @app.after_request
    def keep_hashed_files(response: Response) -> Response:
        # A name carries its content's hash, so what it stands for never changes.
        if request.path.startswith(PREFIX) and response.status_code in (200, 304):
            response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
        return response
