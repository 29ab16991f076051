"""Files as people put them there: handed out to be saved, never to be shown by the browser."""

from __future__ import annotations

from urllib.parse import quote

from flask import Response

SANDBOX = "sandbox; default-src 'none'; frame-ancestors 'none'"


def attachment(name: str, content: bytes) -> Response:
    """The file to be saved under its name (RFC 6266); whatever it holds, it runs nothing here."""
    plain = "".join(sign if sign.isascii() and (sign.isalnum() or sign in " .-_()") else "_" for sign in name)
    answer = Response(content, content_type="application/octet-stream")
    answer.headers["Content-Disposition"] = f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
    answer.headers["Content-Security-Policy"] = SANDBOX
    return answer
