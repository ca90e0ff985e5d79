"""Where pages are, for links between them."""

from __future__ import annotations

from pathlib import Path

__all__ = [
    "COMPARE",
    "FEATURE_SPACE",
    "JOBS",
    "LAUNCH",
    "MEAN_IMAGES",
    "OVERVIEW",
    "PRIVACY",
    "QUALITY",
    "SETUP",
]

_PAGES = Path(__file__).resolve().parents[1]

OVERVIEW = _PAGES / "study" / "overview.py"
SETUP = _PAGES / "study" / "setup.py"
LAUNCH = _PAGES / "audit" / "launch.py"
PRIVACY = _PAGES / "audit" / "privacy.py"
QUALITY = _PAGES / "audit" / "quality.py"
FEATURE_SPACE = _PAGES / "audit" / "feature_space.py"
MEAN_IMAGES = _PAGES / "audit" / "mean_images.py"
COMPARE = _PAGES / "audit" / "compare.py"
JOBS = _PAGES / "system" / "jobs.py"
