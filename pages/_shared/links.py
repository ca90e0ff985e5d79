"""Where pages are, for links between them."""

from __future__ import annotations

from pathlib import Path

__all__ = ["JOBS", "LAUNCH", "OVERVIEW", "QUALITY", "SETUP"]

_PAGES = Path(__file__).resolve().parents[1]

OVERVIEW = _PAGES / "study" / "overview.py"
SETUP = _PAGES / "study" / "setup.py"
LAUNCH = _PAGES / "audit" / "launch.py"
QUALITY = _PAGES / "audit" / "quality.py"
JOBS = _PAGES / "system" / "jobs.py"
