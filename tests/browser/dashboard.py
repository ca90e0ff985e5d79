"""A dashboard in a process of its own, for tests that look at it from outside."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import psutil

__all__ = ["ROOT", "Dashboard", "free_port"]

ROOT = Path(__file__).resolve().parents[2]


def free_port() -> int:
    """Return a port of the loopback interface that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Dashboard:
    """One `streamlit run`, with a workspace, a port and a log that stay through restarts.

    Attributes:
        url: address of its first page.
        home: its workspace folder.
        log: what its server wrote, over all starts.
    """

    def __init__(
        self, folder: Path, script: str = "app.py", arguments: tuple[str, ...] = (), **environment: str
    ) -> None:
        folder.mkdir()
        self.home = folder / "home"
        self.log = folder / "server.log"
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._command = [
            *(sys.executable, "-m", "streamlit", "run", script, "--server.port", str(self.port)),
            *arguments,
        ]
        self._environment = {
            **os.environ,
            "MEDSYN_HOME": str(self.home),
            "MEDSYN_OFFLINE": "1",
            "PYTHONPATH": str(ROOT),
            **environment,
        }
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def process(self) -> subprocess.Popen[bytes]:
        """The server's process."""
        assert self._process is not None, "the dashboard was never started"
        return self._process

    def start(self, timeout_s: float = 30) -> None:
        """Start the server and wait until it answers."""
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command,
                cwd=ROOT,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        end = time.monotonic() + timeout_s
        while not self._answers():
            assert self.process.poll() is None, f"the dashboard ended:\n{self.log.read_text()}"
            assert time.monotonic() < end, f"the dashboard does not answer:\n{self.log.read_text()}"
            time.sleep(0.05)

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/_stcore/health", timeout=5) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    def stop(self) -> None:
        """End the server as a service manager does; its jobs go on."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """End the server without warning (SIGKILL); its jobs go on."""
        self._end(signal.SIGKILL)

    def _end(self, number: signal.Signals) -> None:
        if self.process.poll() is None:
            self.process.send_signal(number)
        try:
            self.process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            # A browser that holds on to its connection keeps the server from ending by itself.
            self.process.kill()
            self.process.wait()

    def restart(self) -> None:
        """End the server if it still runs, and start it anew on the same workspace and port."""
        self.stop()
        self.start()

    def close(self) -> None:
        """End the server and every job that works in its workspace."""
        self.kill()
        for process in psutil.process_iter():
            try:
                ours = process.environ().get("MEDSYN_HOME") == str(self.home)
            except psutil.Error:
                continue
            if ours:
                process.kill()
