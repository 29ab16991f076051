"""Pages, styles and scripts come compressed to browsers that take it: a first visit weighs a third.

Safe for pages with secrets: cookies are SameSite=Lax, so no other site can have a page fetched in somebody's name and
learn from its weight. Programs that do not ask for it, and answers that are no text for a browser, are left alone.
"""

from __future__ import annotations

import gzip

from flask import Flask, Response, request

from labshare.web.assets import PREFIX

TYPES = frozenset({"text/html", "text/css", "text/javascript"})
LEAST = 1_000  # bytes; less does not pay
QUICK, SMALL = 5, 9  # how hard to try: for every page anew, and once for a file that never changes


def init_app(app: Flask) -> None:
    kept: dict[str, bytes] = {}  # hashed files by their names; a new build has new ones

    @app.after_request
    def compress(response: Response) -> Response:
        if response.status_code == 304 or response.mimetype not in TYPES:
            return response
        response.vary.add("Accept-Encoding")
        if response.status_code == 206 or "Content-Encoding" in response.headers or not _takes_gzip():
            return response
        response.direct_passthrough = False  # a file is read, and no longer handed on as it lies there
        if len(plain := response.get_data()) < LEAST:
            return response
        if request.path.startswith(PREFIX) and response.status_code == 200:
            if request.path not in kept:
                kept[request.path] = gzip.compress(plain, SMALL, mtime=0)
            response.set_data(kept[request.path])
        else:
            response.set_data(gzip.compress(plain, QUICK, mtime=0))
        response.headers["Content-Encoding"] = "gzip"
        if response.get_etag()[0]:  # the same content in other bytes
            response.set_etag(str(response.get_etag()[0]), weak=True)
        return response


def _takes_gzip() -> bool:
    return request.accept_encodings.quality("gzip") > 0
