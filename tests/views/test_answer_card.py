"""What a notebook shows first: the answer with its picture; pickers, albums and the stamp below it."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

import harvdiag as hd
from harvdiag.core.model import ObjectRef, State
from harvdiag.figures.album import Album
from harvdiag.kinds import CATALOGUE
from harvdiag.notebook import pick as pickers
from harvdiag.notebook.answer import cluster_card, draw_answer
from harvdiag.notebook.display import HTML
from harvdiag.reports.notebook.answer import MOST, answer_card
from harvdiag.status.answer import Answer, build_answer
from tests import port
from tests.routes import BROKEN, HEALTHY
from tests.views.test_cards import ALLOWED, Page

SAMPLES = sorted(BROKEN.parent.glob("*.zip"))
EVIL = "<img src=x onerror=alert(1)>"


@pytest.fixture(scope="module")
def answer() -> Answer:
    """That of the sample in which srv09 has no Machine."""
    return hd.open(BROKEN).answer


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_the_card_has_verdict_picture_and_steps(path: Path) -> None:
    """In this order; every root cause, the coverage in one line, what to call next; clean HTML."""
    cluster = hd.open(path)
    html = cluster_card(cluster)
    page, answer = Page(html), cluster.answer
    assert page.tags <= {*ALLOWED, "img", "ul"}
    assert page.text.startswith(path.name)
    at = [html.index(part) for part in (path.name, "<p style", "<img ", "lists seen", "What to call next")]
    assert at == sorted(at)
    assert answer.verdict in page.text
    assert all(row.what in page.text and row.rule in page.text for row in answer.rows)
    assert all(step.text.replace("`", "") in page.text for step in answer.steps)
    assert ("Next" in page.text) == ("Caution" in page.text) == bool(answer.rows)


def test_steps_that_are_left_are_seen_first(answer: Answer) -> None:
    """With their numbers; those that are answered, and the fourth, are folded."""
    seen, _, folded = answer_card(answer).partition("<details>")
    left, count = [str(step.number) for step in answer.steps if not step.done], len(answer.steps)
    assert 3 < len(left) < count
    assert re.findall("<li value='(\\d)'>", seen) == left[:3]
    assert f"All {count} steps, {count - len(left)} of them answered by what was collected" in folded
    assert re.findall("<li value='(\\d)'>", folded) == [str(step.number) for step in answer.steps]


def test_what_is_drawn_is_what_the_answer_is_about() -> None:
    """One root cause with its links; of several, and at rest, all nodes; an upgrade that goes on."""
    drawn = {path.stem: draw_answer(hd.open(path)).name for path in SAMPLES}
    assert drawn == {
        "ghost-machines": "matrix",
        "healthy": "matrix",
        "issue-8236": "links",
        "lost-acknowledgement": "links",
        "two-machines-one-node": "links",
        "unmanaged-node": "links",
        "upgrade-half-way": "upgrade",
    }


def test_many_root_causes_are_folded_and_names_are_text(answer: Answer) -> None:
    """A hundred rows do not push the steps out of sight; objects that share a row are named."""
    (row,) = answer.rows
    evil = ObjectRef("Node", "", EVIL)
    finding = replace(row.findings[0], subject=evil, message=f"Node {EVIL} is odd", many="are odd")
    alone = replace(row, subjects=(evil,), what="is odd", findings=(finding,))
    shared = replace(row, subjects=(evil,) * 9, what="are odd", findings=(finding,) * 9)
    html = answer_card(replace(answer, rows=(shared, *(alone,) * MOST, alone)))
    page = Page(html)
    assert page.tags <= ALLOWED
    assert f"Nodes {EVIL}, {EVIL}, {EVIL} and 6 more are odd" in page.text
    assert "2 more root causes" in page.text
    assert html.index("2 more root causes") > html.index("Nodes &lt;img")


def test_a_cluster_of_which_nothing_was_seen_has_a_card() -> None:
    """No check could be run: that is the answer, with what was not seen, and no error."""
    page = Page(cluster_card(port.cluster([], **dict.fromkeys(CATALOGUE, State.FORBIDDEN))))
    assert "Undetermined" in page.text
    assert "not seen" in page.text
    assert "no picture: " in page.text


def test_a_cluster_an_answer_and_a_node_have_cards(answer: Answer) -> None:
    """As a notebook finds them, by the names of their classes."""
    forms = {name: show for (_, name), show in HTML.items()}
    assert "has no Machine" in Page(forms["Answer"](answer)).text
    assert "lists seen" in Page(forms["Cluster"](hd.open(HEALTHY))).text
    state = hd.open(BROKEN).upgrade.show()
    assert state.node == "srv09"
    assert repr(state).startswith("Node srv09\nWhere: ")
    html = forms["NodeState"](state)
    assert "plan Secret" in Page(html).text
    assert html.index("Caution") > html.index("<details>")
    assert "none was seen" in Page(forms["NodeState"](replace(state, node="", parts=()))).text


# --- pickers -------------------------------------------------------------------------------------------------------


def test_a_node_is_picked() -> None:
    """The one in trouble first; another by name; a misspelt one is told."""
    picker = hd.pick(hd.open(BROKEN))
    assert (picker.chosen, picker.choices) == ("srv09", ("srv09", "srv06", "srv07", "srv08"))
    assert "Its links as a picture" in picker.html
    assert picker.choose("srv06").chosen == "srv06"
    assert {*picker._repr_mimebundle_()} == {"text/html", "text/plain"}, "no kernel runs here"
    with pytest.raises(hd.UsageError, match=r"no node 'srv9' to choose; did you mean srv09"):
        picker.choose("srv9")
    with pytest.raises(hd.UsageError, match="nothing called 'nodes' to pick; did you mean node"):
        hd.pick(hd.open(HEALTHY), "nodes")


def test_a_finding_is_picked() -> None:
    """Its card, in which what was said in the answer is folded; none is told as none."""
    picker = hd.pick(hd.open(BROKEN), "finding")
    assert picker.chosen == "node-without-machine Node srv09"
    assert picker.html.index("No Machine belongs to srv09") > picker.html.index("<details>")
    assert repr(hd.pick(hd.open(HEALTHY), "finding")) == "no finding"


def test_a_widget_follows_the_choice() -> None:
    """Where ipywidgets is installed: what is below the list, and `chosen`, change with it."""
    pytest.importorskip("ipywidgets")
    picker = hd.pick(hd.open(BROKEN))
    choice, below = picker.widget().children
    before = below.value
    choice.value = "srv07"
    assert picker.chosen == "srv07"
    assert "custom-2a4a16d05048" in below.value != before


def test_a_source_is_picked() -> None:
    """The one given and the archives beside it, named by what differs; a wrong one is an error at once."""
    picker = hd.pick_source(BROKEN)
    assert picker.chosen == str(BROKEN)
    assert picker.choices == tuple(map(str, SAMPLES))
    assert "others: ghost-machines.zip, healthy.zip" in repr(picker)
    assert "healthy.zip" in Page(picker.choose(str(HEALTHY)).html).text
    with pytest.raises(hd.SourceError):
        hd.pick_source("no-such.zip")


def test_what_cannot_be_shown_is_told_in_the_picker() -> None:
    """An archive beside the source that is none."""

    def fail() -> str:
        raise hd.SourceError(f"{EVIL}: not a bundle")

    page = Page(pickers.Picker("source", {EVIL: fail}).html)
    assert page.tags <= ALLOWED
    assert f"! {EVIL}: not a bundle" in page.text


# --- albums and the stamp ------------------------------------------------------------------------------------------


def test_an_album_unfolds_to_pictures() -> None:
    """Every picture of a cluster by its title; figures as they are; nothing else."""
    cluster = hd.open(BROKEN)
    album = hd.album(cluster, hd.draw(cluster, focus="srv06"))
    assert [figure.name for figure in album.figures] == ["links", "upgrade", "handshake", "matrix", "timeline", "links"]
    forms = album._repr_mimebundle_()
    assert forms["text/html"].count("<details>") == forms["text/html"].count("<img ") == 6
    assert all(figure.title in Page(forms["text/html"]).text for figure in album.figures)
    assert forms["text/plain"] == repr(album)
    assert Album([]).html == ""
    with pytest.raises(hd.UsageError, match="not str"):
        hd.album("bundle.zip")  # type: ignore[arg-type]


def test_the_stamp_is_one_line() -> None:
    """Version, source, time and release."""
    assert hd.stamp(hd.open(BROKEN)) == (
        f"harvdiag {hd.version.__version__} · issue-8236.zip · 2025-05-08 10:00 UTC · Harvester v1.4.2"
    )


def test_a_scenario_is_opened_by_its_file() -> None:
    """As notebooks use it."""
    file = BROKEN.parents[1] / "scenarios" / "node-without-machine" / "speaks-counts-equal.yaml"
    assert len(hd.scenario(file).nodes) == 3
    assert build_answer(hd.scenario(file).check()).rows
