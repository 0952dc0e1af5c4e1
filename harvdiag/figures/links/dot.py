"""The link graph in DOT, the language of Graphviz: ``dot -Tsvg``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from harvdiag.core.escape import escape_text
from harvdiag.core.marks import SEVERE
from harvdiag.figures.palette import LIGHT
from harvdiag.status.links.outline import Outline, build_outline
from harvdiag.status.links.view import LinkRows

__all__ = ["render_dot"]

ENDS = {(True, True): "both", (True, False): "forward", (False, True): "back"}


def render_dot(view: LinkRows) -> str:
    """Render one statement for each node and each link; every name is quoted."""
    diagram = build_outline(view)
    attributes = {
        "rankdir": "LR",
        "label": escape_text(view.title),
        "labelloc": "t",
        "fontname": "sans-serif",
        "tooltip": escape_text(view.alt),
    }
    lines = [
        "digraph links {",
        f"  graph {_format_attributes(attributes)};",
        f"  node {_format_attributes({'shape': 'box', 'style': 'rounded,filled', 'fontname': 'sans-serif'})};",
        f"  edge {_format_attributes({'color': LIGHT['link'], 'fontname': 'sans-serif', 'fontsize': '10'})};",
        *(f"  {line};" for line in (*_node_statements(diagram), *_edge_statements(diagram))),
        "}",
    ]
    return "\n".join(lines) + "\n"


def _node_statements(diagram: Outline) -> Iterator[str]:
    for knot in diagram.nodes:
        attributes = {"label": "\n".join(knot.lines), "fontcolor": LIGHT["ink"]}
        if knot.state in SEVERE:
            attributes |= {"fillcolor": LIGHT[f"{knot.state}_box"], "color": LIGHT[knot.state], "penwidth": "2.5"}
        elif knot.state == "good":
            attributes |= {"fillcolor": LIGHT["box"], "color": LIGHT["edge"]}
        else:
            fill = LIGHT["paper" if knot.state == "absent" else "unseen_box"]
            attributes |= {"fillcolor": fill, "color": LIGHT["edge"], "style": "rounded,filled,dashed"}
        yield f"{_quote_string(knot.key)} {_format_attributes(attributes)}"


def _edge_statements(diagram: Outline) -> Iterator[str]:
    keys = {knot.key for knot in diagram.nodes}
    for joint in diagram.edges:
        if not {joint.left, joint.right} <= keys:
            continue
        attributes = {"dir": ENDS[joint.forth, joint.back]}
        if joint.label:
            attributes["label"] = joint.label
        if joint.state in SEVERE:
            attributes |= {"color": LIGHT[joint.state], "penwidth": "2.5", "arrowhead": "tee", "arrowtail": "tee"}
        elif joint.state != "good":
            attributes["style"] = "dashed"
        yield f"{_quote_string(joint.left)} -> {_quote_string(joint.right)} {_format_attributes(attributes)}"


def _format_attributes(attributes: Mapping[str, str]) -> str:
    return f"[{', '.join(f'{name}={_quote_string(value)}' for name, value in attributes.items())}]"


def _quote_string(text: str) -> str:
    """Return a quoted string; Graphviz reads backslash escapes and HTML entities in it, so both are escaped."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("&", "&amp;").replace("\n", "\\n")
    return f'"{escaped}"'
