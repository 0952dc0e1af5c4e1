"""The link graph as a Mermaid flowchart, which GitHub, GitLab and many wikis render."""

from __future__ import annotations

import re
from collections.abc import Iterator

from harvdiag.core.escape import escape_text
from harvdiag.core.marks import SEVERE
from harvdiag.figures.palette import LIGHT
from harvdiag.status.links.outline import Outline, OutlineEdge, build_outline
from harvdiag.status.links.view import LinkRows

__all__ = ["render_mermaid"]

PLAIN = re.compile(r"[^A-Za-z0-9 _.,/-]")
"""All characters but these are escaped: Mermaid, Markdown or HTML could interpret them."""
ARROWS = {(True, True): "<-->", (True, False): "-->", (False, True): "---"}
BROKEN = {(True, True): "<==>", (True, False): "==>", (False, True): "==="}


def render_mermaid(view: LinkRows) -> str:
    """Render one line for each node and each link, with explicit colours, so that it is legible in both themes."""
    diagram = build_outline(view)
    names = {knot.key: f"n{number}" for number, knot in enumerate(diagram.nodes)}
    joints = [joint for joint in diagram.edges if joint.left in names and joint.right in names]
    lines = [
        "flowchart LR",
        f"  accTitle: {_escape_mermaid(escape_text(view.title))}",
        f"  accDescr: {_escape_mermaid(escape_text(view.alt))}",
    ]
    lines += [
        f"  {line}"
        for line in (*_node_lines(diagram, names), *_edge_lines(joints, names), *_style_lines(diagram, joints))
    ]
    return "\n".join(lines) + "\n"


def _escape_mermaid(text: str) -> str:
    return PLAIN.sub(lambda character: f"#{ord(character[0])};", text)


def _node_lines(diagram: Outline, names: dict[str, str]) -> Iterator[str]:
    for knot in diagram.nodes:
        label = "<br/>".join(_escape_mermaid(line) for line in knot.lines)
        yield f'{names[knot.key]}["{label}"]:::{knot.state}'


def _edge_lines(joints: list[OutlineEdge], names: dict[str, str]) -> Iterator[str]:
    for joint in joints:
        arrows = BROKEN if joint.state in SEVERE else ARROWS
        arrow = arrows[joint.forth, joint.back]
        label = f'|"{_escape_mermaid(joint.label)}"|' if joint.label else ""
        yield f"{names[joint.left]} {arrow}{label} {names[joint.right]}"


def _style_lines(diagram: Outline, joints: list[OutlineEdge]) -> Iterator[str]:
    ink = LIGHT["ink"]
    for state in dict.fromkeys(knot.state for knot in diagram.nodes):
        if state in SEVERE:
            style = f"fill:{LIGHT[f'{state}_box']},stroke:{LIGHT[state]},stroke-width:3px"
        elif state == "good":
            style = f"fill:{LIGHT['box']},stroke:{LIGHT['edge']}"
        else:
            fill = LIGHT["paper"] if state == "absent" else LIGHT["unseen_box"]
            style = f"fill:{fill},stroke:{LIGHT['edge']},stroke-dasharray:6 4"
        yield f"classDef {state} {style},color:{ink}"
    for number, joint in enumerate(joints):
        if joint.state in SEVERE:
            yield f"linkStyle {number} stroke:{LIGHT[joint.state]},stroke-width:3px"
