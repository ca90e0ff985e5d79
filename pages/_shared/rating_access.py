"""What a rater's browser may send, and the headers of all that it gets."""

from __future__ import annotations

import json
from typing import Any, Final
from urllib.parse import urlsplit

from starlette.requests import Request

__all__ = ["MAX_BODY_BYTES", "RATING_HEADERS", "judge_request", "read_json"]

MAX_BODY_BYTES: Final = 64 * 1024

_POLICY = (
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' blob:",
    "connect-src 'self'",
    "frame-ancestors 'none'",
    "base-uri 'none'",
    "form-action 'none'",
)
RATING_HEADERS: Final = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "; ".join(_POLICY),
    # The address is all that a rater needs to come in: nobody else learns it.
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
    "X-Robots-Tag": "noindex",
}
"""Of every answer below a rater's link: nothing is kept, framed or loaded from elsewhere."""


def judge_request(request: Request) -> str | None:
    """Say why a POST is refused; None where it comes from the rating page itself.

    Browsers send JSON to other sites only after asking them, and they name the site that a request comes
    from: a foreign page can do neither in a rater's name.
    """
    headers = request.headers
    if headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        return "Only JSON is taken."
    site = headers.get("sec-fetch-site")
    if site is not None:
        return None if site == "same-origin" else "Only the rating page itself may send this."
    origin = headers.get("origin")
    if origin is not None and urlsplit(origin).netloc != headers.get("host"):
        return "Only the rating page itself may send this."
    return None


async def read_json(request: Request) -> Any:
    """Read a body of `MAX_BODY_BYTES` at most as JSON; more is not read.

    Raises:
        ValueError: if it is larger or no JSON.
    """
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY_BYTES:
            raise ValueError(f"a body of more than {MAX_BODY_BYTES} bytes")
    try:
        return json.loads(body)
    except RecursionError:
        raise ValueError("JSON too deeply nested") from None
