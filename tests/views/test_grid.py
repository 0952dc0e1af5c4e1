"""Tables in notebooks: a form of harvdiag's own, which hides nothing that the frame has and trusts no name."""

from __future__ import annotations

import re

import pandas as pd
import pytest

import harvdiag as hd
from harvdiag.core.frames import build_frame, build_table
from harvdiag.core.table import Table
from harvdiag.notebook.display import HTML
from harvdiag.reports.notebook.grid import LONG, MOST, NOTHING
from harvdiag.reports.notebook.tables import frame_html
from tests.routes import BROKEN
from tests.views.test_cards import Page

COLUMNS = {
    "name": "str",
    "ready": "str",
    "cordoned": "boolean",
    "since": "datetime64[ns, UTC]",
    "took": "timedelta64[ns]",
    "severity": "str",
    "copies": "Int64",
}
ROW = ("hv01", "True", False, "2025-05-07T14:39:00Z", pd.Timedelta(minutes=9), "error", 3)


def cells(html: str) -> list[str]:
    """What each cell shows."""
    return [Page(f"<div>{cell}</div>").text for cell in re.findall("<td[^>]*>(.*?)</td>", html)]


def heads(html: str) -> list[str]:
    """What each heading shows."""
    return [Page(f"<div>{cell}</div>").text for cell in re.findall("<th [^>]*>(.*?)</th>", html)]


def test_values_have_their_units() -> None:
    """Yes and no from either kind of truth, a time with its zone, a duration with units, a sign beside a severity."""
    html = frame_html(build_table([ROW], COLUMNS))
    told = ["hv01", "yes", "no", "14:39 UTC", "9 min", "✗ error", "3"]
    assert [cell.replace("\u00a0", " ") for cell in cells(html)] == told
    assert heads(html) == ["name", "ready", "cordoned", "since, 2025-05-07", "took", "severity", "copies"]
    assert "text-align:left" in html


def test_nothing_is_a_dash_and_no_index_is_shown() -> None:
    """Neither NaN nor NaT nor <NA>; a table without rows keeps its headings."""
    html = frame_html(build_table([ROW, (None,) * len(ROW)], COLUMNS))
    assert cells(html)[len(ROW) :] == [NOTHING] * len(ROW)
    empty = frame_html(build_table([], COLUMNS))
    assert heads(empty) == list(COLUMNS)
    assert cells(empty) == ["no rows"]


@pytest.mark.parametrize(
    ("times", "told"),
    [
        (("2025-05-07T14:39:05Z", "2025-05-07T14:40:00Z"), ["14:39 UTC", "14:40 UTC"]),
        (("2025-05-07T14:39:05Z", "2025-05-07T14:39:09Z"), ["14:39:05 UTC", "14:39:09 UTC"]),
        (("2025-05-07T14:39:00Z", "2025-05-08T14:39:00Z"), ["2025-05-07 14:39 UTC", "2025-05-08 14:39 UTC"]),
    ],
)
def test_times_that_differ_look_different(times: tuple[str, ...], told: list[str]) -> None:
    """Seconds and dates are shown where they tell two times apart; a date that all share stands in the heading."""
    html = frame_html(build_table([(time,) for time in times], {"time": "datetime64[ns, UTC]"}))
    assert [cell.replace("\u00a0", " ") for cell in cells(html)] == told
    assert heads(html) == ["time" if "-" in told[0] else "time, 2025-05-07"]


def test_a_choice_of_rows_and_columns_keeps_the_form() -> None:
    """What a notebook does with a table: columns, rows, a named index; `.frame` and pandas' own stay as they are."""
    table = build_table([ROW, ROW], COLUMNS)
    assert isinstance(table[["name", "took"]], Table)
    assert isinstance(table[table["ready"] == "True"].sort_values("name").head(1), Table)
    assert heads(frame_html(table.set_index("name")[["ready"]])) == ["name", "ready"]
    assert type(build_frame([ROW], COLUMNS)) is type(pd.DataFrame(table)) is pd.DataFrame
    cluster = hd.open(BROKEN)
    assert type(cluster.check().frame) is pd.DataFrame
    for shown in (cluster.nodes, cluster.pairs, cluster.upgrade.nodes, hd.draw(cluster).table, hd.rulebook()):
        assert type(shown) is Table


@pytest.mark.parametrize("count", [LONG, LONG + 1, MOST + 1])
def test_only_a_long_table_has_a_script(count: int) -> None:
    """It scrolls, can be reached by keyboard, and says how many rows are left out."""
    html = frame_html(build_table([(f"hv{n}",) for n in range(count)], {"name": "str"}))
    assert ("<script>" in html) == ("max-height" in html) == (count > LONG)
    assert 'tabindex="0"' in html
    assert ("1 more rows" in html) == (count > MOST)
    assert html.count("<tr>") == min(count, MOST) + 1


def test_names_are_text_that_may_wrap() -> None:
    """Whatever a cluster calls its objects and its columns: no element, and no attribute that closes."""
    evil = "</script><img src=x onerror=alert(1)>'\"\u202e"
    html = frame_html(Table({evil: [evil, f"harvesterhci.io/{evil}"]}))
    assert "<img" not in html
    assert "\u202e" not in html, "it would turn the text around"
    assert cells(html)[0].startswith("</script><img src=x")
    assert "harvesterhci.<wbr>io/" in html


def test_results_with_a_frame_are_shown_as_tables() -> None:
    """What a notebook shows of logs, boards and comparisons: their table instead of a repr."""
    cluster = hd.open(BROKEN)
    show = HTML[("harvdiag.core.tabular", "Tabular")]
    assert "srv09" in cells(show(cluster.node_status))
    assert "srv09" in "".join(cells(HTML[("harvdiag.upgrade.logs.lines", "LogLines")](cluster.logs("srv09", most=2))))
