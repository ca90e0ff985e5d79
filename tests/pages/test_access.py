"""Who may reach the dashboard: the judgement, and the real server that acts on it."""

from __future__ import annotations

import http.client
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from pages._shared.access import host_of, is_loopback, judge_address, judge_protection
from pages._shared.guards import SECURITY_HEADERS
from tests.browser.dashboard import ROOT, Dashboard, free_port

LOOPBACK = ["localhost", "LOCALHOST", "127.0.0.1", "127.0.0.2", "127.255.255.254", "::1", "::ffff:127.0.0.1"]
FOREIGN = [
    "0.0.0.0", "::", "::ffff:0.0.0.0", "192.168.1.20", "10.0.0.1", "fe80::1", "128.0.0.1", "audit.example.org",
    "localhost.example.org", "127.0.0.1.example.org", " 127.0.0.1", "127.1", "0", "[::1]",
]  # fmt: skip


@pytest.mark.parametrize("address", LOOPBACK)
def test_addresses_of_this_machine_need_no_login(address: str) -> None:
    assert judge_address(address, authenticated=False, allow_remote=False) is None
    assert judge_protection(address, xsrf=False, cors=False) is None


@pytest.mark.parametrize("address", [None, "", *FOREIGN])
def test_every_other_address_needs_a_login_or_the_setting(address: str | None) -> None:
    reason = judge_address(address, authenticated=False, allow_remote=False)
    assert reason is not None
    for way_out in ("127.0.0.1", "[auth]", "MEDSYN_ALLOW_REMOTE=1", address or "empty"):
        assert way_out in reason
    assert judge_address(address, authenticated=True, allow_remote=False) is None
    assert judge_address(address, authenticated=False, allow_remote=True) is None


@pytest.mark.parametrize("address", [None, "", *FOREIGN])
def test_browser_protections_stay_on_for_other_machines(address: str | None) -> None:
    assert judge_protection(address, xsrf=True, cors=True) is None
    assert "server.enableXsrfProtection" in (judge_protection(address, xsrf=False, cors=True) or "")
    assert "server.enableCORS" in (judge_protection(address, xsrf=True, cors=False) or "")


@pytest.mark.parametrize(
    ("header", "host"),
    [
        ("localhost:8501", "localhost"),
        ("127.0.0.1", "127.0.0.1"),
        ("[::1]:8501", "::1"),
        ("[::1]", "::1"),
        ("evil.example:80", "evil.example"),
        ("127.0.0.1.evil.example", "127.0.0.1.evil.example"),
        ("evil.example#localhost", "evil.example#localhost"),
        ("[::1", "::1"),
        ("", ""),
    ],
)
def test_a_host_header_names_its_host(header: str, host: str) -> None:
    assert host_of(header) == host
    assert is_loopback(host) == (host in {"localhost", "127.0.0.1", "::1"})


@pytest.mark.parametrize(
    ("options", "environment", "named"),
    [
        (("--server.address", "0.0.0.0"), {}, "0.0.0.0"),
        (("--server.address", ""), {}, "empty"),
        (("--server.address", "::"), {}, "'::'"),
        (
            ("--server.address", "0.0.0.0", "--server.enableCORS", "false"),
            {"MEDSYN_ALLOW_REMOTE": "1"},
            "server.enableCORS",
        ),
        ((), {"MEDSYN_MAX_JOBS": "many"}, "MEDSYN_MAX_JOBS"),
    ],
)
def test_an_unsafe_start_is_refused_in_one_sentence(
    tmp_path: Path, options: tuple[str, ...], environment: dict[str, str], named: str
) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", str(free_port()), *options],
        cwd=ROOT,
        env={**os.environ, "MEDSYN_HOME": str(tmp_path / "home"), **environment},
        capture_output=True,
        text=True,
        timeout=10,
        check=False,
    )
    assert done.returncode not in (0, None)
    refusal = done.stderr.strip().splitlines()[-1]
    assert refusal.startswith("MedSynAudit does not start: ")
    assert refusal.endswith(".")
    assert named in refusal
    assert "Traceback" not in done.stdout + done.stderr


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dashboard]:
    started = Dashboard(tmp_path_factory.mktemp("access") / "server")
    started.start()
    yield started
    started.close()


def ask(port: int, host: str, path: str = "/") -> tuple[int, dict[str, str]]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("GET", path, headers={"Host": host})
    answer = connection.getresponse()
    answer.read()
    connection.close()
    return answer.status, dict(answer.getheaders())


@pytest.mark.parametrize("path", ["/", "/overview", "/_stcore/health"])
def test_only_names_of_this_machine_are_answered(server: Dashboard, path: str) -> None:
    for host in (f"localhost:{server.port}", "127.0.0.1", f"[::1]:{server.port}"):
        assert ask(server.port, host, path)[0] == 200
    for host in ("evil.example", f"evil.example:{server.port}", "127.0.0.1.evil.example", ""):
        assert ask(server.port, host, path)[0] == 400


def test_every_answer_carries_the_security_headers(server: Dashboard) -> None:
    for host in ("localhost", "evil.example"):
        headers = {name.lower(): value for name, value in ask(server.port, host)[1].items()}
        for name, value in SECURITY_HEADERS.items():
            assert headers[name.lower()] == value


def shake_hands(port: int, host: str, origin: str) -> str:
    """Ask for Streamlit's websocket and return the status that comes back."""
    lines = (
        "GET /_stcore/stream HTTP/1.1", f"Host: {host}", f"Origin: {origin}", "Connection: Upgrade",
        "Upgrade: websocket", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "", "",
    )  # fmt: skip
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall("\r\n".join(lines).encode())
        return connection.recv(4096).decode("latin-1").split()[1]


def test_websockets_are_guarded_as_pages_are(server: Dashboard) -> None:
    own = f"127.0.0.1:{server.port}"
    assert shake_hands(server.port, own, f"http://{own}") == "101"
    # A website that rebound its name to this machine: host and origin agree, and both are foreign.
    assert shake_hands(server.port, "evil.example", "http://evil.example") == "400"
    # A website that knocks at this machine's name: Streamlit's own check of the origin.
    assert shake_hands(server.port, own, "http://evil.example") == "403"


def test_a_proxy_with_its_own_name_is_answered_where_others_may_come_in(tmp_path: Path) -> None:
    opened = Dashboard(tmp_path / "server", MEDSYN_ALLOW_REMOTE="1")
    try:
        opened.start()
        assert ask(opened.port, "audit.example.org")[0] == 200
    finally:
        opened.close()
