"""Where pages are, for links between them."""

from __future__ import annotations

from pathlib import Path

__all__ = [
    "BIAS",
    "COMPARE",
    "CROP",
    "EFFICIENCY",
    "FEATURE_SPACE",
    "FIDELITY_UTILITY",
    "GENERATORS",
    "JOBS",
    "LAUNCH",
    "MEAN_IMAGES",
    "OVERVIEW",
    "PRIVACY",
    "QUALITY",
    "RATING_RESULTS",
    "RATING_SESSIONS",
    "SETUP",
    "UTILITY",
]

_PAGES = Path(__file__).resolve().parents[1]

OVERVIEW = _PAGES / "study" / "overview.py"
SETUP = _PAGES / "study" / "setup.py"
GENERATORS = _PAGES / "generators" / "runs.py"
EFFICIENCY = _PAGES / "generators" / "efficiency.py"
LAUNCH = _PAGES / "audit" / "launch.py"
PRIVACY = _PAGES / "audit" / "privacy.py"
QUALITY = _PAGES / "audit" / "quality.py"
FEATURE_SPACE = _PAGES / "audit" / "feature_space.py"
MEAN_IMAGES = _PAGES / "audit" / "mean_images.py"
BIAS = _PAGES / "audit" / "bias.py"
COMPARE = _PAGES / "audit" / "compare.py"
UTILITY = _PAGES / "experiments" / "utility.py"
FIDELITY_UTILITY = _PAGES / "experiments" / "fidelity_utility.py"
CROP = _PAGES / "experiments" / "crop.py"
RATING_SESSIONS = _PAGES / "rating" / "sessions.py"
RATING_RESULTS = _PAGES / "rating" / "results.py"
JOBS = _PAGES / "system" / "jobs.py"
