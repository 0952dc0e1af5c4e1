"""Text in lines of a terminal: measured in cells, and never an error, however narrow the terminal is."""

from __future__ import annotations

import json
from functools import cache
from textwrap import wrap as wrapped_by_length

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harvdiag.cluster import Cluster
from harvdiag.core.window import Window
from harvdiag.core.wrap import count_cells, pad_text, truncate_text, wrap_commands, wrap_labelled, wrap_text
from harvdiag.figures import PICTURES, draw
from harvdiag.figures.figure import Figure
from harvdiag.reports.rulebook import explain_rule, list_rules
from harvdiag.reports.terminal import render as render_findings
from harvdiag.reports.upgrade import render as render_upgrade
from harvdiag.rules import registry
from tests import port
from tests.routes import SCENARIOS, scenario

SCENARIO = SCENARIOS / "upgrade-blocked-by-orphan-node" / "speaks.yaml"
NAMES = {"ascii": "hv0", "wide": "節点の名前は長い-", "accents": "e\u0301te\u0301-"}
WIDTHS = range(1, 81)
ASCII = st.text(st.characters(min_codepoint=32, max_codepoint=126))
ANY = st.text(st.characters(categories=["L", "M", "N", "P", "Zs"]))


@cache
def cluster(name: str) -> Cluster:
    """A cluster with a broken upgrade whose Nodes are called so."""
    objects = json.dumps(list(scenario(SCENARIO).objects), ensure_ascii=False).replace("hv0", NAMES[name])
    return port.cluster(json.loads(objects))


@cache
def figure(name: str, picture: str) -> Figure:
    """One picture of it."""
    made = cluster(name)
    return draw(made, picture, against=port.cluster([]) if PICTURES[picture].against else None)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("picture", PICTURES)
def test_pictures_of_text_bear_any_width(picture: str, name: str) -> None:
    """A narrow terminal breaks long lines itself."""
    assert all(figure(name, picture).lines(width).strip() for width in WIDTHS)


@pytest.mark.parametrize("name", NAMES)
def test_reports_bear_any_width(name: str) -> None:
    """Findings, the upgrade with what happened when, one node."""
    made = cluster(name)
    findings, standing = made.check(), made.upgrade
    for width in WIDTHS:
        assert render_findings(findings, width)
        assert render_upgrade(standing, "", width, timeline=Window())
        assert all(render_upgrade(standing, node.name, width) for node in standing.upgrade_run.nodes[:2])


def test_rules_bear_any_width() -> None:
    """All of them in a list, and one."""
    rules = registry()
    for width in WIDTHS:
        assert list_rules(rules.values(), width)
        assert explain_rule(rules["node-without-machine"], width)


def test_lines_are_no_wider_than_the_terminal_where_there_is_room() -> None:
    """Wide names count twice."""
    told = render_findings(cluster("wide").check(), 80)
    assert max(count_cells(line) for line in told.splitlines() if "`" not in line and "metadata." not in line) <= 80


@given(ASCII, st.integers(30, 120))
def test_ascii_is_wrapped_as_the_library_does(text: str, width: int) -> None:
    """The algorithm is that of textwrap."""
    assert wrap_text(text, width) == (wrapped_by_length(text, width, break_on_hyphens=False) or [""])


@given(ANY, st.integers(-5, 60), st.integers(0, 8))
def test_no_line_is_too_wide_and_nothing_is_lost(text: str, width: int, indent: int) -> None:
    """Whatever is written."""
    lines = wrap_text(text, width, " " * indent)
    assert max(map(count_cells, lines)) <= max(width, 30)
    assert "".join("".join(lines).split()) == "".join(text.split())
    assert count_cells("".join(wrap_commands(text, width, indent))) >= 0


@given(ANY, st.integers(2, 40))
def test_padded_text_has_its_width(text: str, width: int) -> None:
    """So that columns stand below one another."""
    assert count_cells(pad_text(text, width)) == width
    assert count_cells(truncate_text(text, width)) <= width


def test_cells_are_counted() -> None:
    """Two for a Chinese character, none for an accent."""
    assert [count_cells(text) for text in ("abc", "節点", "e\u0301", "✗ a", "")] == [3, 4, 1, 3, 0]


def test_labelled_commands_stay_whole() -> None:
    """A command is pasted: no line breaks it, in whichever column the text starts."""
    command = '`kubectl patch volumes.longhorn.io -n longhorn-system pvc-a -p \'{"spec":{"numberOfReplicas":3}}\'`'
    lines = wrap_labelled([("Why", "words " * 20), ("Next step", f"Lower it: {command}; it heals.\x1b")], 60, 12)
    assert [line for line in lines if command in line] == [f"{'':12}{command};"]
    assert all(line.startswith((" " * 12, "Why ", "Next step ")) for line in lines)
    assert lines[-1].endswith("it heals.\\x1b")
