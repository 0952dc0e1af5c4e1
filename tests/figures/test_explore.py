"""The page to explore: what it holds, that nothing in it is interpreted, and that it stays small."""

from __future__ import annotations

import json
import re
from base64 import b64decode
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

import harvdiag as hd
from harvdiag.core.errors import UsageError
from harvdiag.core.keys import object_key
from harvdiag.core.model import ObjectRef
from harvdiag.figures.explore.page import Page
from harvdiag.figures.scene import Item, Rect, Scene, Text
from harvdiag.status.objects import excerpt
from harvdiag.status.objects.record import build_record
from tests import port
from tests.routes import BROKEN, HEALTHY, from_folder
from tests.sample import examples, some
from tests.world import faults, healthy
from tests.world.samples import DATA

SAMPLES = sorted((DATA / "bundles").glob("*.zip"))
HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(2)>\u202e"
TINY = Scene(
    "One",
    "One box that is called x, and no more",
    100,
    40,
    (Item((Rect(5, 5, 90, 30), Text(9, 20, "x")), key="a", role="object"),),
)


class Parts(HTMLParser):
    """The elements of a page with their attributes, and the text of each script, style and pre."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: dict[str, list[str]] = {}
        self._open: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self._open.append(tag)
        self.texts.setdefault(tag, []).append("")

    def handle_endtag(self, tag: str) -> None:
        while self._open and self._open.pop() != tag:
            pass

    def handle_data(self, data: str) -> None:
        if self._open:
            self.texts[self._open[-1]][-1] += data

    def of(self, tag: str) -> list[dict[str, str | None]]:
        """The attributes of all elements with this name."""
        return [attributes for name, attributes in self.elements if name == tag]


def told(html: str) -> dict[str, Any]:
    """What the script is told."""
    facts: dict[str, Any] = json.loads(Parts(html).texts["script"][0])
    return facts


def picture(html: str) -> str:
    """The SVG in the image."""
    (image,) = Parts(html).of("img")
    return b64decode(str(image["src"]).partition("base64,")[2]).decode()


def keyless(svg: str) -> str:
    """The picture without what only a script looks at."""
    return re.sub(r' data-[a-z]+="[^"]*"|hd-[0-9a-f]{8}', "", svg)


def named(facts: dict[str, Any], kind: str, name: str) -> dict[str, Any]:
    """One object of them."""
    (found,) = [o for o in facts["objects"] if (o["kind"], o["name"]) == (kind, name)]
    assert isinstance(found, dict)
    return found


@pytest.fixture(scope="module")
def broken() -> hd.Cluster:
    """The sample in which srv09 has no Machine."""
    return hd.open(BROKEN)


@pytest.fixture(scope="module")
def facts(broken: hd.Cluster) -> dict[str, Any]:
    """What its page knows."""
    return told(hd.explore(broken).html)


# --- what it shows -------------------------------------------------------------------------------------------------


def test_it_shows_itself_in_every_form(broken: hd.Cluster) -> None:
    """A page where scripts run, which holds the picture of hd.draw for where they do not, else its text."""
    figure = hd.draw(broken)
    assert hd.explore(broken)._repr_mimebundle_() == {"text/html": hd.explore(broken).html, "text/plain": figure.text}
    assert repr(hd.explore(broken)) == figure.text


def test_without_its_script_picture_and_text_are_there(broken: hd.Cluster) -> None:
    """The image is the figure itself, with its words; the text can be unfolded; no control stands there in vain."""
    parts, figure = Parts(hd.explore(broken).html), hd.draw(broken)
    assert keyless(picture(hd.explore(broken).html)) == keyless(figure.svg)
    (image,) = parts.of("img")
    assert image["alt"] == figure.alt
    assert parts.texts["pre"] == [figure.text]
    assert {tag for tag, _ in parts.elements} == {"div", "img", "details", "summary", "pre", "style", "script"}


def test_every_object_of_the_graph_is_told(broken: hd.Cluster, facts: dict[str, Any]) -> None:
    """Also those that the picture leaves out, and the Upgrade that a finding is about."""
    graph = broken.graph
    keys = [o["key"] for o in facts["objects"]]
    assert len(keys) == len(set(keys))
    assert {object_key(ref) for ref in graph} | {object_key(f.subject) for f in broken.check()} == set(keys)
    assert len(facts["edges"]) == graph.number_of_edges()
    for source, target, path in facts["edges"]:
        ends = [ObjectRef(*(facts["objects"][n][k] for k in ("kind", "namespace", "name"))) for n in (source, target)]
        assert graph.has_edge(*ends, key=facts["paths"][path])


def test_a_finding_stands_at_its_object_with_what_to_do(broken: hd.Cluster, facts: dict[str, Any]) -> None:
    """Message, steps, caution, evidence."""
    finding = broken.check().of("node-without-machine")[0]
    node = named(facts, "Node", "srv09")
    mine = [facts["findings"][n] for n in node["findings"] if facts["objects"][facts["findings"][n]["subject"]] == node]
    assert [it["rule"] for it in mine] == ["node-without-machine"]
    assert mine[0]["message"] == finding.message
    assert mine[0]["next"] == list(finding.next)
    assert mine[0]["caution"] == finding.caution
    assert len(mine[0]["evidence"]) == len(finding.evidence)


def test_facts_are_the_columns_that_say_something(facts: dict[str, Any]) -> None:
    """In words, times included; what is absent is left out."""
    node = dict(named(facts, "Node", "srv06")["facts"])
    assert node["machine"] == "custom-9f6ca6994d70"
    assert node["schedulable"] == "yes"
    assert node["created"].endswith(" UTC")
    assert "machine" not in dict(named(facts, "Node", "srv09")["facts"])


def test_states_tell_what_is_not_there(broken: hd.Cluster, facts: dict[str, Any]) -> None:
    """As the graph has them; no YAML of what does not exist."""
    for ref, attributes in broken.graph.nodes(data=True):
        (row,) = [o for o in facts["objects"] if o["key"] == object_key(ref)]
        assert row["state"] == attributes["state"]
        assert ("yaml" in row) == (attributes["state"] == "present")


def test_what_is_missing_knows_the_findings_that_name_it() -> None:
    """A Node that does not exist is no subject of a finding; that of the Machine which names it concerns it."""
    facts = told(hd.explore(hd.open(HEALTHY.with_name("ghost-machines.zip"))).html)
    gone = named(facts, "Node", "hv09")
    assert gone["state"] == "absent"
    assert "machine-dangling-node" in [facts["findings"][number]["rule"] for number in gone["findings"]]
    there = named(facts, "Node", "hv01")
    assert not [n for n in there["findings"] if facts["findings"][n]["rule"] == "machine-dangling-node"]


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_every_part_of_the_picture_is_known(path: Path) -> None:
    """What can be clicked has facts: an object its own, a bundle those of its members."""
    html = hd.explore(hd.open(path)).html
    known = told(html)
    keys = {o["key"] for o in known["objects"]}
    for group in ElementTree.fromstring(picture(html)).iter("{http://www.w3.org/2000/svg}g"):  # noqa: S314 - our own
        if group.get("data-role") == "object":
            assert group.get("data-key") in keys
        if group.get("data-role") == "bundle":
            assert known["bundles"][group.get("data-key")]


def test_what_is_folded_is_known_one_by_one(tmp_path: Path) -> None:
    """Every Node is either drawn or stands in a bundle, and never in two."""
    names = [f"n{number:03}" for number in range(50)]
    world = healthy(names)
    faults.orphan(world, "n031")
    html = hd.explore(from_folder(tmp_path, world.objects)).html
    known, drawn = told(html), picture(html)
    for name in names:
        row = named(known, "Node", name)
        number = known["objects"].index(row)
        homes = [bundle for bundle, members in known["bundles"].items() if number in members]
        assert len(homes) + (f'data-key="{row["key"]}"' in drawn) == 1
        assert all(f'data-key="{home}"' in drawn for home in homes)
    assert 'data-key="Node//n031"' in drawn


def test_a_focus_leaves_out_the_rest(broken: hd.Cluster) -> None:
    """Its neighbourhood is there, another node is not; the title is that of the figure."""
    page = hd.explore(broken, focus="srv06")
    names = {(o["kind"], o["name"]) for o in told(page.html)["objects"]}
    assert ("Node", "srv06") in names
    assert ("Machine", "custom-9f6ca6994d70") in names
    assert ("Node", "srv07") not in names
    assert keyless(hd.draw(broken, focus="srv06").svg) == keyless(picture(page.html))


def test_an_unknown_focus_or_theme_is_told(broken: hd.Cluster) -> None:
    """With what may be meant."""
    with pytest.raises(UsageError, match="did you mean srv09"):
        hd.explore(broken, "srv9")
    with pytest.raises(UsageError, match="did you mean dark"):
        hd.explore(broken, theme="Dark")


def test_the_same_gives_the_same(broken: hd.Cluster) -> None:
    """Byte for byte, from a cluster read anew, too."""
    assert hd.explore(broken).html == hd.explore(hd.open(BROKEN)).html


# --- YAML ----------------------------------------------------------------------------------------------------------


def test_yaml_is_short_and_true(facts: dict[str, Any], broken: hd.Cluster) -> None:
    """It can be read as YAML, is part of the object, has no managedFields, and holds the fields of the links."""
    for row in facts["objects"]:
        if "yaml" not in row:
            continue
        obj = broken.snapshot.get(ObjectRef(row["kind"], row["namespace"], row["name"]))
        assert len(row["yaml"].split("\n")) <= excerpt.MOST
        assert "managedFields" not in row["yaml"]
        assert within(yaml.safe_load(row["yaml"]), obj)
    node = yaml.safe_load(named(facts, "Node", "srv06")["yaml"])
    assert node["metadata"]["annotations"]["cluster.x-k8s.io/machine"] == "custom-9f6ca6994d70"
    assert node["spec"]["providerID"] == "rke2://srv06"


def within(part: Any, whole: Any) -> bool:
    """Whether a part holds nothing that the whole has not."""
    if isinstance(part, dict):
        return all(name in whole and within(value, whole[name]) for name, value in part.items())
    if isinstance(part, list):
        return all(any(within(it, other) for other in whole) for it in part)
    return part == whole or (isinstance(part, str) and str(whole).startswith(part.partition("…")[0]))


def test_no_secret_is_told(facts: dict[str, Any]) -> None:
    """Of plans metadata alone."""
    plans = [o for o in facts["objects"] if o["kind"] == "Secret"]
    assert plans
    assert all("data" not in yaml.safe_load(o["yaml"]) for o in plans if "yaml" in o)


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=200),
    lambda inner: st.lists(inner, max_size=30) | st.dictionaries(st.text(max_size=12), inner, max_size=30),
    max_leaves=60,
)


@given(st.dictionaries(st.text(max_size=12), values, max_size=20), st.integers(2, 40))
@settings(max_examples=examples(60), deadline=None)
def test_yaml_of_anything_fits(spec: dict[str, Any], most: int) -> None:
    """Whatever an object holds: so many lines at most, none with a sign that drives a terminal or turns a text."""
    obj = {"apiVersion": "v1", "kind": "Node", "metadata": {"name": "n", "managedFields": [1]}, "spec": spec}
    lines = excerpt.build_excerpt(obj, ["spec.a", 'metadata.labels["x"]'], most).split("\n")
    assert len(lines) <= most
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e\u200b\u2028]", "".join(lines))
    assert obj["metadata"]["managedFields"] == [1], "the object stays as it was"


def test_what_is_left_out_is_counted() -> None:
    """As a comment."""
    obj = {
        "kind": "Node",
        "metadata": {"name": "n", "labels": {f"l{n}": "x" for n in range(90)}},
        "spec": {"a": [*range(90)]},
    }
    text = excerpt.build_excerpt(obj, ['metadata.labels["l77"]'], 14)
    assert "    l77: x\n" in text
    labels, rest = (int(number) for number in re.findall(r"# … (\d+) more", text))
    assert text.count(": x") + labels == 90
    assert text.count("\n  - ") + rest == 90


# --- nothing is interpreted ----------------------------------------------------------------------------------------


def test_hostile_names_stay_text(tmp_path: Path) -> None:
    """In an annotation, a label and a message: no element, no end of the script, no attribute."""
    world = healthy()
    patch = {"metadata": {"annotations": {"cluster.x-k8s.io/machine": HOSTILE}, "labels": {HOSTILE: HOSTILE}}}
    world.change("Node", "hv02", patch)
    cluster = from_folder(tmp_path, world.objects)
    explorer = hd.explore(cluster)
    parts = Parts(explorer.html)
    assert len(parts.of("script")) == 2
    assert len(parts.of("img")) == 1
    assert not [name for _, attributes in parts.elements for name in attributes if name.startswith("on")]
    assert "\u202e" not in explorer.html
    assert any("</script>" in o["yaml"] for o in told(explorer.html)["objects"] if "yaml" in o), "it is told, as text"


@given(st.text(max_size=60))
@settings(max_examples=examples(60), deadline=None)
def test_whatever_the_facts_are_they_stay_one_script(text: str) -> None:
    """JSON that reads back, in an element that nothing in it can end."""
    facts = {"objects": [{"name": text, text: "<!--<script>"}]}
    parts = Parts(Page(TINY, text, facts).fragment)
    assert len(parts.of("script")) == 2
    assert json.loads(parts.texts["script"][0]) == facts


def test_it_asks_no_network_and_runs_no_text(broken: hd.Cluster) -> None:
    """No address but that of a namespace, nothing that turns text into program or markup."""
    parts = Parts(hd.explore(broken).html)
    program, sheet = parts.texts["script"][1], parts.texts["style"][0]
    assert re.findall(r"https?:[^\s\"']+", program + sheet) == ["http://www.w3.org/2000/svg"]
    assert not re.search(
        r"\beval\b|innerHTML|outerHTML|insertAdjacent|document\.write|Function\(|fetch\(|import\(", program
    )
    assert "url(" not in sheet
    assert "@import" not in sheet


# --- the page of its own -------------------------------------------------------------------------------------------


def test_saved_it_is_a_whole_page(broken: hd.Cluster, tmp_path: Path) -> None:
    """Title, language, viewport, one main part."""
    path = hd.explore(broken).save(tmp_path / "links.html")
    parts = Parts(path.read_text(encoding="utf-8"))
    assert parts.texts["title"] == [hd.draw(broken).title]
    assert parts.of("html") == [{"lang": "en"}]
    assert {"name": "viewport", "content": "width=device-width, initial-scale=1"} in parts.of("meta")
    assert len(parts.of("main")) == 1


def test_saving_says_what_is_wrong(broken: hd.Cluster, tmp_path: Path) -> None:
    """Another ending, a folder that is not there."""
    explorer = hd.explore(broken)
    with pytest.raises(UsageError, match=r"an interactive page is saved as \.html, not \.svg"):
        explorer.save(tmp_path / "x.svg")
    with pytest.raises(UsageError, match="cannot be written: No such file"):
        explorer.save(tmp_path / "no" / "x.html")


def test_colours_follow_the_front_end(broken: hd.Cluster) -> None:
    """JupyterLab's word and VS Code's count for more than the system's; a wish for more than theirs."""
    sheet = Parts(hd.explore(broken).html).texts["style"][0]
    at = [
        sheet.index(word)
        for word in ("prefers-color-scheme", 'data-jp-theme-light="true"', 'data-jp-theme-light="false"')
    ]
    assert at == sorted(at)
    assert "body.vscode-dark .hdx" in sheet
    assert 'data-theme="dark"' in hd.explore(broken, theme="dark").html.partition("<style>")[0]
    assert keyless(picture(hd.explore(broken, theme="dark").html)) == keyless(hd.draw(broken).themed("dark").svg)


# --- size ----------------------------------------------------------------------------------------------------------


def test_few_nodes_make_a_small_page() -> None:
    """Four nodes and what they show otherwise."""
    for path in (BROKEN, HEALTHY):
        forms = hd.explore(hd.open(path))._repr_mimebundle_()
        assert sum(map(len, forms.values())) < 250_000


@pytest.mark.parametrize("all_broken", some([False, True], 1, "200 nodes to explore"))
def test_200_nodes_stay_small(all_broken: bool) -> None:
    """Also where every one is broken; those that findings are about keep their whole excerpt."""
    names = [f"harvester-node-{number:03}.rack-7.example.internal" for number in range(200)]
    world = healthy(names[:-2], names[-2:], lean=False)
    for name in names if all_broken else names[17:19]:
        faults.orphan(world, name)
    forms = hd.explore(port.cluster(world.objects))._repr_mimebundle_()
    assert sum(map(len, forms.values())) < 3_000_000
    rows = [o["yaml"].count("\n") + 1 for o in told(forms["text/html"])["objects"] if "yaml" in o]
    assert max(rows) > 20
    assert sum(rows) < 30_000


def test_a_healthy_cluster_says_so() -> None:
    """What stands beside the picture where nothing is open: never an empty list."""
    cluster = hd.open(HEALTHY)
    assert build_record(cluster.upgrade, cluster.graph, cluster.link_rows)["verdict"].startswith("Nothing found.")
