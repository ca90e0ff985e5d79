"""A page with tables, for tests of the component: `?case=` picks one."""

import streamlit as st

from pages._shared.table import Cell, Column, Table, show_table

st.set_page_config(layout="wide")
st.title("Tables")


def show_metrics() -> None:
    """Names that try to break out, numbers with empty cells, details, and a long sentence for a tooltip."""
    columns = (
        Column("set", "Synthetic set", tooltip="The output of one generator."),
        Column("score", "Precision", kind="number", detail_title="Precision, 95% interval"),
        Column("note", "Note"),
        Column("at", "Finished", kind="time"),
    )
    rows = (
        ("a", {"set": Cell("set 10"), "score": Cell("0.90", 0.9, "[0.85, 0.95]", strong=True)}),
        ("b", {"set": Cell("set 2"), "score": Cell("−1.5", -1.5), "note": Cell('=HYPERLINK("x")\n, ü')}),
        ("c", {"set": Cell("<img src=x onerror=alert(1)>"), "score": Cell("not computed", float("nan"))}),
        (
            "d",
            {
                "set": Cell("@set"),
                "score": Cell("∞", float("inf")),
                "at": Cell("", "2026-01-15T17:05:00+00:00"),
            },
        ),
        (
            "e",
            {"set": Cell("Ärzte"), "score": Cell("12.00", 12.0), "at": Cell("", "2026-07-15T03:05:00+00:00")},
        ),
    )
    show_table(Table(columns, rows, "Scores of <b>sets</b>."), key="metrics", file_name="scores.csv")


def show_jobs() -> None:
    """Rows that change each second, as a page of running jobs has them."""

    @st.fragment(run_every=0.5)
    def live() -> None:
        turn = st.session_state["turn"] = st.session_state.get("turn", 0) + 1
        columns = (
            Column("job", "Job", width=200),
            Column("done", "Done", kind="number"),
            Column("do", "", kind="action"),
        )
        progress = [(turn * 7 + at * 11) % 100 for at in range(30)]
        rows = [
            (
                f"job-{at}",
                {
                    "job": Cell(f"job {at}"),
                    "done": Cell(f"{done} of 999", done),
                    "do": Cell("Cancel", action=f"cancel:{at}", tooltip="Stops the job."),
                },
            )
            for at, done in enumerate(progress)
        ]
        # A new job comes in on top while the user looks at the others.
        if turn % 2:
            rows.insert(0, ("new", {"job": Cell("new job"), "done": Cell("0 of 999", 0.0)}))
        clicked = show_table(Table(columns, tuple(rows)), key="jobs", file_name="jobs.csv", height_px=300)
        if clicked:
            st.session_state["clicks"] = [*st.session_state.get("clicks", ()), clicked]
        st.write(f"Turn {turn}.")
        st.write(f"Clicked: {st.session_state.get('clicks', [])}")

    live()


def show_wide() -> None:
    """More columns than fit."""
    columns = (
        Column("metric", "Metric"),
        *(Column(f"c{at}", f"generator {at}", kind="number") for at in range(20)),
    )
    rows = tuple(
        (
            f"r{row}",
            {
                "metric": Cell(f"metric {row}", tooltip="What it says."),
                **{f"c{at}": Cell(f"{row}.{at:03d}", row + at / 1000, "[0.100, 0.200]") for at in range(20)},
            },
        )
        for row in range(40)
    )
    show_table(Table(columns, rows, "A wide table."), key="wide", file_name="wide.csv")


{"metrics": show_metrics, "jobs": show_jobs, "wide": show_wide}[st.query_params.get("case", "metrics")]()
