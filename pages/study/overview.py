"""Overview: the demo's audit, or how to get one."""

import streamlit as st

from core.audit.archive import load_summary, tabulate_results
from core.config import get_settings
from core.errors import MedSynError

st.title("Overview")
st.caption("For research use only. Not a medical device.")

folder = get_settings().home / "demo" / "audit"
try:
    summary = load_summary(folder) if (folder / "audit.json").exists() else None
except MedSynError as error:
    st.error(str(error))
    st.stop()

if summary is None:
    st.info(
        "No audit yet. `python -m core demo` makes and audits a phantom study within two minutes; "
        "`python -m core audit --real DIR --synthetic NAME=DIR --output DIR` audits your own folders."
    )
    st.stop()

synthetic = [one.name for one in summary.sets if one.role == "synthetic"]
st.subheader(f"Demo: {len(synthetic)} synthetic sets against {summary.sets[0].n} real images")
for notice in (*summary.notices, *summary.warnings):
    st.warning(notice)
st.dataframe(tabulate_results(summary), hide_index=True, width="stretch")
st.caption(f"Whole report: {folder / 'report.html'}")
