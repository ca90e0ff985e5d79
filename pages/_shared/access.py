"""Who may reach the dashboard: this machine alone, unless people log in or the settings say otherwise."""

from __future__ import annotations

import ipaddress

import streamlit as st

__all__ = ["host_of", "is_authentication_configured", "is_loopback", "judge_address", "judge_protection"]


def is_loopback(host: str) -> bool:
    """Tell whether a name or address can only mean this machine.

    Names other than `localhost` count as foreign, whatever they resolve to: who owns a name decides where it
    leads, and may change it between two requests.
    """
    if host.lower() == "localhost":
        return True
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return (mapped or address).is_loopback


def host_of(header: str) -> str:
    """Return the host that a `Host` header names, without its port and without an IPv6 address's brackets."""
    if header.startswith("["):
        return header[1:].partition("]")[0]
    return header.partition(":")[0]


def judge_address(address: str | None, *, authenticated: bool, allow_remote: bool) -> str | None:
    """Say why the dashboard may not listen on an address.

    Args:
        address: what `server.address` holds; unset or empty means every interface of the machine.
        authenticated: whether every visitor has to log in.
        allow_remote: whether the settings open the dashboard to other machines without a login.

    Returns:
        One sentence with the ways out, or None where the address is fine.
    """
    if authenticated or allow_remote or (address and is_loopback(address)):
        return None
    where = f"server.address is {address!r}" if address else "server.address is empty (every network)"
    return (
        f"MedSynAudit does not start: {where}, so other machines could see the images without a login; use "
        "127.0.0.1, or configure [auth] in .streamlit/secrets.toml, or set MEDSYN_ALLOW_REMOTE=1."
    )


def judge_protection(address: str | None, *, xsrf: bool, cors: bool) -> str | None:
    """Say why the dashboard may not listen on an address with a protection of the browser's switched off.

    Args:
        address: what `server.address` holds.
        xsrf: whether `server.enableXsrfProtection` is on.
        cors: whether `server.enableCORS` is on.

    Returns:
        One sentence with the way out, or None where both are on or the address is this machine's own.
    """
    if (xsrf and cors) or (address and is_loopback(address)):
        return None
    option = "server.enableCORS" if xsrf else "server.enableXsrfProtection"
    return (
        f"MedSynAudit does not start: {option} is off, so any website could act as a logged-in visitor; "
        "switch it on, or set server.address to 127.0.0.1."
    )


def is_authentication_configured() -> bool:
    """Tell whether secrets.toml holds an `[auth]` section, which makes every page ask for a login."""
    return st.secrets.load_if_toml_exists() and bool(st.secrets.get("auth"))
