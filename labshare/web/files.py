"""Files: what people put there, read as text or handed out to be saved, never to be shown; and sheets we make."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from urllib.parse import quote

from flask import Response, current_app, request
from flask_babel import force_locale, get_locale

from labshare.kernel.errors import N_, Invalid

SANDBOX = "sandbox; default-src 'none'; frame-ancestors 'none'"
CSV = "text/csv; charset=utf-8"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
BOM = "\ufeff"  # without it spreadsheets take Chinese for something else


def attachment(name: str, content: bytes) -> Response:
    """The file to be saved under its name (RFC 6266); whatever it holds, it runs nothing here."""
    answer = sheet(name, content, "application/octet-stream")
    answer.headers["Content-Security-Policy"] = SANDBOX
    return answer


def sheet(name: str, content: bytes | str | Iterable[bytes] | Iterable[str], content_type: str) -> Response:
    """Something of ours to be saved under its name (RFC 6266); what is handed over in pieces is sent in pieces."""
    plain = "".join(sign if sign.isascii() and (sign.isalnum() or sign in " .-_()") else "_" for sign in name)
    answer = Response(content, content_type=content_type)
    answer.headers["Content-Disposition"] = f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
    return answer


def made_as_sent(pieces: Iterator[str]) -> Iterator[str]:
    """Pieces made one by one after the request is over, in its language.

    Each has a context of its own, and so holds no connection while a slow reader takes it.
    """
    app, locale = current_app._get_current_object(), str(get_locale())  # type: ignore[attr-defined]  # it is a proxy

    def made() -> Iterator[str]:
        while True:
            with app.app_context(), force_locale(locale):
                piece = next(pieces, None)
            if piece is None:
                return
            yield piece

    return made()


def sent_text(file: str = "file", field: str = "text") -> str:
    """The text that a form sent, as a file or in a field. Raises Invalid where the file is no UTF-8."""
    sent = request.files.get(file)
    raw = sent.read() if sent is not None and sent.filename else b""
    if not raw:
        return request.form.get(field, "")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Invalid(fields={file: [N_("Please save the sheet as CSV in UTF-8.")]}) from error
