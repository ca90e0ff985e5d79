"""The frame around every page: banner, navigation, login where one is configured, and what catches errors."""

from __future__ import annotations

from pathlib import Path

import streamlit as st
from streamlit.errors import FragmentHandledException

from core.config import get_settings
from pages._shared.access import is_authentication_configured, judge_address
from pages._shared.failures import show_failure

ROOT = Path(__file__).resolve().parents[2]
LOGO = str(ROOT / "assets" / "logo.svg")

# Group, file below pages/, title, icon, path in the address; the first opens at the root and has no path.
PAGES = (
    ("Study", "study/overview.py", "Overview", ":material/overview:", ""),
    ("Study", "study/setup.py", "Study setup", ":material/create_new_folder:", "setup"),
    ("Generators", "generators/runs.py", "Generators", ":material/model_training:", "generators"),
    ("Generators", "generators/efficiency.py", "Efficiency", ":material/speed:", "efficiency"),
    ("Audit", "audit/launch.py", "Run audit", ":material/play_circle:", "run-audit"),
    ("Audit", "audit/quality.py", "Quality", ":material/analytics:", "quality"),
    ("Audit", "audit/privacy.py", "Privacy review", ":material/policy:", "privacy"),
    ("Audit", "audit/feature_space.py", "Feature space", ":material/scatter_plot:", "feature-space"),
    ("Audit", "audit/mean_images.py", "Mean images", ":material/blur_on:", "mean-images"),
    ("Audit", "audit/bias.py", "Bias", ":material/troubleshoot:", "bias"),
    ("Audit", "audit/compare.py", "Compare", ":material/view_column:", "compare"),
    ("Experiments", "experiments/utility.py", "Utility", ":material/model_training:", "utility"),
    (
        "Experiments",
        "experiments/fidelity_utility.py",
        "Fidelity against utility",
        ":material/ssid_chart:",
        "fidelity-utility",
    ),
    ("Experiments", "experiments/crop.py", "Crop experiment", ":material/crop:", "crop-experiment"),
    ("Rating", "rating/sessions.py", "Rating sessions", ":material/groups:", "rating-sessions"),
    ("Rating", "rating/results.py", "Rating results", ":material/query_stats:", "rating-results"),
    ("System", "system/jobs.py", "Jobs", ":material/work_history:", "jobs"),
)

st.set_page_config(page_title="MedSynAudit", page_icon=LOGO, layout="wide")
st.logo(LOGO)
st.html(ROOT / "assets" / "frame.css")
with st.container(key="research_use"):
    st.caption("For research use only. Not a medical device.")

# Asked anew each time: where secrets.toml disappears while the dashboard is open to others, nobody gets in.
needs_login = is_authentication_configured() or judge_address(
    st.get_option("server.address"), authenticated=False, allow_remote=get_settings().allow_remote
)
if needs_login and not st.user.get("is_logged_in"):
    st.title("MedSynAudit")
    st.button("Log in", type="primary", on_click=st.login)
    st.stop()

groups: dict[str, list[st.Page]] = {}
for group, file, title, icon, url_path in PAGES:
    page = st.Page(ROOT / "pages" / file, title=title, icon=icon, url_path=url_path, default=not url_path)
    groups.setdefault(group, []).append(page)

try:
    st.navigation(groups).run()
except FragmentHandledException:  # Shown already, in the fragment's own place.
    raise
except Exception as error:  # What stops or reruns a page is no Exception and passes.
    show_failure(error)
