"""Names that nobody should give: no picture breaks, forges a line, or hangs on them."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

import harvdiag as hd
from harvdiag.figures import PICTURES
from harvdiag.training.world.faults import orphan
from tests.figures.sound import check
from tests.routes import HEALTHY
from tests.sample import is_full, some
from tests.world import healthy

# Many words take long to lay out, ten times as many take ten times as long; one long word shows what is not shortened.
WORDS = 50_000 if is_full() else 2_500
HOSTILE = {
    "half": "x\ud800",
    "other half": "x\ud801",
    "lines": "x\n✓ everything is fine",
    "long": "a" * 100_000,
    "words": "a " * WORDS,
    "escape": "\x1b[2Jx\x07",
    "right to left": "\u202ereverse\u2066",
    "markup": "</script><script>alert(1)</script>]]>&quot;'\"",
    "wide": "日本" * 40,
    "braces": "{{x}} ${y} %s \\n",
}


def opened(folder: Path, value: str) -> hd.Cluster:
    """Three nodes; the last names a Machine of that name, and carries it in a label too."""
    world = healthy()
    orphan(world, "hv03")
    node = world.get("Node", "hv03")
    node["metadata"].setdefault("annotations", {})["cluster.x-k8s.io/machine"] = value
    node["spec"]["providerID"] = value
    path = folder / "all.json"
    path.write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": world.objects}), encoding="utf-8")
    return hd.open(path)


@pytest.mark.parametrize("value", [HOSTILE[key] for key in some(HOSTILE, 4, "drawn")], ids=some(HOSTILE, 4, "drawn"))
def test_every_picture_bears_it(value: str, tmp_path: Path) -> None:
    cluster = opened(tmp_path, value)
    before = hd.open(HEALTHY)
    for name, picture in PICTURES.items():
        figure = hd.draw(cluster, name, against=before if picture.against else None)
        check(figure._drawing.scene)
        check(figure.sized(400)._scene)
        ET.fromstring(figure.svg)  # noqa: S314 - our own SVG
        assert "<script" not in figure.svg
        signs = figure.svg + figure.text + figure.alt + figure.title
        assert not set(signs) & {"\x1b", "\x07", "\u202e", "\u2066"}
        assert "\n✓ everything is fine" not in figure.svg
        assert len(figure.svg) < 100_000


@pytest.mark.parametrize("value", [HOSTILE[key] for key in some(HOSTILE, 5, "page")], ids=some(HOSTILE, 5, "page"))
def test_the_page_bears_it(value: str, tmp_path: Path) -> None:
    explorer = hd.explore(opened(tmp_path, value))
    page = explorer.save(tmp_path / "x.html").read_text(encoding="utf-8")
    assert page.count("<script") == hd.explore(hd.open(tmp_path / "all.json")).html.count("<script")
    assert "alert(1)</script>" not in page
    assert len(page) < 4_000_000
