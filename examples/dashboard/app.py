"""Show the models in a DuckDB file: ``make dashboard``, or ``streamlit run app.py -- FILE [SCHEMA]``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import questions
import streamlit as st

if TYPE_CHECKING:
    import pandas as pd


def main(file: str, schema: str = "models") -> None:
    """Ask all questions, and draw the answers."""
    st.set_page_config(page_title="ServiceTitan", layout="wide")
    st.title("ServiceTitan")
    if not Path(file).exists():
        st.error(f"There is no file {file}. Run make demo, or name a file that has the models.")
        st.stop()
    # Opened for each page, and read only: the next load and the next build need the file.
    with duckdb.connect(file, read_only=True) as db:
        db.execute(f'USE "{schema}"')
        by_month, by_unit, technicians, receivables = (
            db.execute(sql).df()
            for sql in (questions.BY_MONTH, questions.REVENUE_BY_UNIT, questions.TECHNICIANS, questions.RECEIVABLES)
        )
    headlines(by_month)
    left, right = st.columns(2)
    left.subheader("Revenue by business unit")
    left.bar_chart(by_unit, x="month", y="revenue", color="unit")
    right.subheader("Close rate and booking rate")
    right.line_chart(by_month, x="month", y=["close_rate", "booking_rate"])
    left.subheader("Members at the end of the month")
    left.line_chart(by_month, x="month", y="members")
    right.subheader("Memberships won and lost")
    right.bar_chart(by_month, x="month", y=["new", "lost"], stack=False)
    percent = {"conversion_rate": st.column_config.NumberColumn(format="percent")}
    left.subheader("Technicians, the last 90 days")
    left.dataframe(technicians, hide_index=True, column_config=percent)
    right.subheader("Open balances by days overdue")
    right.dataframe(receivables, hide_index=True)


def headlines(by_month: pd.DataFrame) -> None:
    """Show the newest full month beside the one before."""
    before, last = (by_month.iloc[row] for row in (-3, -2))
    st.caption(f"{last['month']}, and how it differs from the month before")
    revenue, close, booking, members = st.columns(4)
    revenue.metric("Revenue", f"{last['revenue']:,.0f}", f"{last['revenue'] - before['revenue']:,.0f}")
    for column, name, label in ((close, "close_rate", "Close rate"), (booking, "booking_rate", "Booking rate")):
        column.metric(label, f"{last[name]:.1%}", f"{100 * (last[name] - before[name]):+.1f} points")
    members.metric("Members", int(last["members"]), int(last["members"] - before["members"]))


main(*sys.argv[1:])
