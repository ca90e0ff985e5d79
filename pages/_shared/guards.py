"""What stands between the network and Streamlit: ASGI middleware."""

from __future__ import annotations

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pages._shared.access import host_of, is_loopback

__all__ = ["SECURITY_HEADERS", "LocalOnly", "SecurityHeaders"]

# Streamlit's own scripts and styles are its business; what counts is that no image, font or connection leads
# elsewhere, so that nothing shown can tell anybody of it.
_POLICY = (
    "frame-ancestors 'self'",
    "img-src 'self' data: blob:",
    "media-src 'self' data: blob:",
    "font-src 'self' data:",
    "connect-src 'self'",
    "object-src 'none'",
    "base-uri 'self'",
    "form-action 'self'",
)
SECURITY_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "X-Frame-Options": "SAMEORIGIN",
    "Content-Security-Policy": "; ".join(_POLICY),
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
"""Sent with every answer: no foreign site may frame, embed or sniff the dashboard; it needs no devices."""


class LocalOnly:
    """Answers only requests that reached this machine's own interface under this machine's own name.

    The name matters because a website may point its own host name at 127.0.0.1 (DNS rebinding) and then read
    the dashboard as if it were its own page. The interface matters where a server other than
    `streamlit run` serves the app and knows nothing of `server.address`.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request or websocket on, or answer it with status 400."""
        if scope["type"] in {"http", "websocket"} and not _is_local(scope):
            answer = PlainTextResponse("This dashboard answers only its own machine, as localhost.", 400)
            await answer(scope, receive, send)
        else:
            await self.app(scope, receive, send)


def _is_local(scope: Scope) -> bool:
    interface = scope.get("server") or ("", None)
    return is_loopback(host_of(Headers(scope=scope).get("host", ""))) and is_loopback(interface[0])


class SecurityHeaders:
    """Adds `SECURITY_HEADERS` to every answer that does not set them itself."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass everything on and complete the headers of what comes back."""

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in SECURITY_HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        await self.app(scope, receive, send_with_headers)
