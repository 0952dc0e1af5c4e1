"""The link graph in Graphviz' language: ``dot -Tsvg``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from harvdiag.core.escape import plain
from harvdiag.core.marks import SEVERE
from harvdiag.figures.palette import LIGHT
from harvdiag.status.links.outline import Outline, outline
from harvdiag.status.links.view import Plot

__all__ = ["render_dot"]

ENDS = {(True, True): "both", (True, False): "forward", (False, True): "back"}


def render_dot(found: Plot) -> str:
    """One statement a node and a link; every name is quoted."""
    drawn = outline(found)
    look = {
        "rankdir": "LR",
        "label": plain(found.title),
        "labelloc": "t",
        "fontname": "sans-serif",
        "tooltip": plain(found.alt),
    }
    lines = [
        "digraph links {",
        f"  graph {_format_attributes(look)};",
        f"  node {_format_attributes({'shape': 'box', 'style': 'rounded,filled', 'fontname': 'sans-serif'})};",
        f"  edge {_format_attributes({'color': LIGHT['link'], 'fontname': 'sans-serif', 'fontsize': '10'})};",
        *(f"  {line};" for line in (*_node_statements(drawn), *_edge_statements(drawn))),
        "}",
    ]
    return "\n".join(lines) + "\n"


def _node_statements(drawn: Outline) -> Iterator[str]:
    for knot in drawn.knots:
        told = {"label": "\n".join(knot.lines), "fontcolor": LIGHT["ink"]}
        if knot.state in SEVERE:
            told |= {"fillcolor": LIGHT[f"{knot.state}_box"], "color": LIGHT[knot.state], "penwidth": "2.5"}
        elif knot.state == "good":
            told |= {"fillcolor": LIGHT["box"], "color": LIGHT["edge"]}
        else:
            fill = LIGHT["paper" if knot.state == "absent" else "unseen_box"]
            told |= {"fillcolor": fill, "color": LIGHT["edge"], "style": "rounded,filled,dashed"}
        yield f"{_quote_string(knot.key)} {_format_attributes(told)}"


def _edge_statements(drawn: Outline) -> Iterator[str]:
    keys = {knot.key for knot in drawn.knots}
    for joint in drawn.joints:
        if not {joint.left, joint.right} <= keys:
            continue
        told = {"dir": ENDS[joint.forth, joint.back]}
        if joint.label:
            told["label"] = joint.label
        if joint.state in SEVERE:
            told |= {"color": LIGHT[joint.state], "penwidth": "2.5", "arrowhead": "tee", "arrowtail": "tee"}
        elif joint.state != "good":
            told["style"] = "dashed"
        yield f"{_quote_string(joint.left)} -> {_quote_string(joint.right)} {_format_attributes(told)}"


def _format_attributes(told: Mapping[str, str]) -> str:
    return f"[{', '.join(f'{name}={_quote_string(value)}' for name, value in told.items())}]"


def _quote_string(told: str) -> str:
    """A quoted string; a backslash would call an escape of Graphviz, an ampersand an entity of HTML."""
    harmless = told.replace("\\", "\\\\").replace('"', '\\"').replace("&", "&amp;").replace("\n", "\\n")
    return f'"{harmless}"'
