"""docs/objects.md holds what is cited: every anchor exists, and every link that the code follows is a row of it."""

from __future__ import annotations

import re
from collections import Counter
from typing import NamedTuple

import pytest

from harvdiag.graph import pairing
from harvdiag.kinds import CATALOGUE
from tests.notebooks.run import ROOT

DOCUMENT = (ROOT / "docs" / "objects.md").read_text(encoding="utf-8")
PLACES = sorted(
    {
        *ROOT.glob("harvdiag/**/*.py"),
        *ROOT.glob("tests/**/*.py"),
        *ROOT.glob("docs/*.md"),
        *ROOT.glob("data/README.md"),
        *ROOT.glob("*.md"),
        *ROOT.glob("notebooks/*.ipynb"),
    }
)
ROW = re.compile(r'<a id="([^"]+)"></a>\*\*(.+?)\*\*, (.+?) → (.+?): `([^`]+)`')
ABSENT = "docs/objects.md#" + "no-such-row"


class LinkRow(NamedTuple):
    """A row of the section Links: its anchor, its name, the kinds it leads from and to, and the field."""

    anchor: str
    name: str
    sources: frozenset[str]
    target: str
    path: str


def anchors(document: str) -> list[str]:
    """The anchors of a document, in order: those of its headings, as GitHub makes them, and those of its rows."""
    found = re.findall(r'^#+ (.+)$|<a id="([^"]+)"></a>', document, re.MULTILINE)
    return [re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-") or row for heading, row in found]


def cited(text: str) -> set[str]:
    """The anchors of docs/objects.md that a text cites."""
    found = re.findall(r"docs/objects\.md(#[A-Za-z0-9_-]+(?:(?:, | and )#[A-Za-z0-9_-]+)*)", text)
    return {anchor for run in found for anchor in re.findall(r"#([A-Za-z0-9_-]+)", run)}


def unknown(text: str, document: str = DOCUMENT) -> set[str]:
    """The cited anchors that the document does not have."""
    return cited(text) - set(anchors(document))


def section(name: str, document: str = DOCUMENT) -> str:
    """The text below a heading, up to the next heading of any level."""
    return re.split(r"^#+ ", document.partition(f"\n## {name}\n")[2], maxsplit=1, flags=re.MULTILINE)[0]


def link_rows(document: str = DOCUMENT) -> list[LinkRow]:
    """The rows of the section Links."""
    found = ROW.findall(re.sub(r"\s+", " ", section("Links", document)))
    return [LinkRow(anchor, name, frozenset(source.split(", ")), to, path) for anchor, name, source, to, path in found]


def declared() -> set[tuple[str, str]]:
    """Kind and field of every link in the catalogue of kinds; a reference is followed by its name."""
    return {
        (kind.name, f"{link.path}.name" if link.by == "reference" else link.path)
        for kind in CATALOGUE.values()
        for link in kind.links
    }


def test_cited_anchors_exist() -> None:
    """A citation leads to a section or a row, wherever it stands."""
    wrong = {str(path): missing for path in PLACES if (missing := unknown(path.read_text(encoding="utf-8")))}
    assert wrong == {}


def test_code_cites_the_document() -> None:
    """The test above has something to look at."""
    code = [path for path in PLACES if path.is_relative_to(ROOT / "harvdiag")]
    found = set().union(*(cited(path.read_text(encoding="utf-8")) for path in code))
    assert {"links", "join-steps", "drain-steps"} <= found


def test_citation_of_a_missing_row_is_found() -> None:
    """A wrong anchor and a removed row are both reported."""
    assert unknown(f"see {ABSENT}") == {"no-such-row"}
    assert unknown("see docs/objects.md#links", DOCUMENT.replace("## Links", "## Others")) == {"links"}


def test_anchors_are_unique() -> None:
    """GitHub gives the second of two equal headings another anchor."""
    assert [anchor for anchor, count in Counter(anchors(DOCUMENT)).items() if count > 1] == []


def test_links_inside_the_document_lead_somewhere() -> None:
    """Its own sections and rows, cited as ``#anchor``."""
    inside = set(re.findall(r"\]\(#([^)]+)\)", DOCUMENT))
    assert inside
    assert inside - set(anchors(DOCUMENT)) == set()


def test_links_of_the_catalogue_are_rows() -> None:
    """Both ways: no link of the code is left out, and no row tells of a link that the code does not follow."""
    rows = {(source, row.path) for row in link_rows() for source in row.sources}
    owner = ("any kind", "metadata.ownerReferences")
    assert rows == declared() | {owner}


def test_missing_link_is_found() -> None:
    """The comparison fails when a row is taken out."""
    shorter = DOCUMENT.replace("`status.nodeRef.name`", "that field")
    rows = {(source, row.path) for row in link_rows(shorter) for source in row.sources}
    assert ("Machine", "status.nodeRef.name") not in rows


def test_fields_of_the_pairing_are_rows() -> None:
    """The fields that the pairing compares, by whatever name its module has for them."""
    values = {value for value in vars(pairing).values() if isinstance(value, str)}
    fields = {value for value in values if value.startswith(("metadata.", "spec.", "status."))}
    assert fields
    assert fields - {row.path for row in link_rows()} == set()


@pytest.mark.parametrize("target", sorted({row.target for row in link_rows()} - {"its owner"}))
def test_targets_of_links_are_kinds(target: str) -> None:
    """A row leads to a kind of the catalogue."""
    assert target in CATALOGUE


def unsourced(document: str) -> list[str]:
    """The rows without a source, where the section names none for all of them."""
    found = []
    for part in re.split(r"^#+ ", document, flags=re.MULTILINE)[1:]:
        lead, *rows = re.split(r"^- ", part, flags=re.MULTILINE)
        closing = re.search(r"\n\nSources: ", part)
        if not closing and "Source" not in lead:
            found += [row for row in rows if not re.search(r"Sources?: |Derived: |\(#[a-z-]+\)", " ".join(row.split()))]
    return found


def test_rows_name_their_source() -> None:
    """In the row, or once for its section."""
    assert unsourced(DOCUMENT) == []
    assert unsourced("## Links\n\n- **a**: b. Source: c.\n- **d**: e.\n") == ["**d**: e.\n"]


def test_no_bare_code_is_shown() -> None:
    """Rows are called by name; ``h0`` to ``h12`` stand only behind the name of a drain step, as JSON has them."""
    codes = re.findall(r"\b(?:E\d{1,2}|D\d|J\d{1,2}|F\d{2}|P\d|H-[a-f])\b", DOCUMENT)
    assert codes == []
    assert len(re.findall(r"\*\* \(h\d{1,2}\): ", DOCUMENT)) == len(re.findall(r"\bh\d{1,2}\b", DOCUMENT)) == 13


def test_lines_are_short() -> None:
    """As long as those of the code, at most."""
    assert [line for line in DOCUMENT.splitlines() if len(line) > 120] == []
