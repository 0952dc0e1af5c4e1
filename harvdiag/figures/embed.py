"""A picture as one HTML element that carries all of it: nothing is fetched, and no script or trust is needed."""

from __future__ import annotations

from base64 import b64encode

from harvdiag.core.escape import escape_html

__all__ = ["embed_either", "embed_svg"]

NARROW = 700
"""The width of a column in pixels below which the narrow form of a picture is shown."""
# One of two forms has the whole width and the other none, by that of the column. What is not trusted loses the second
# rule of each, and shows the wide form.
_WIDE = f"overflow:hidden;line-height:0;width:100%;width:clamp(0px,calc((100% - {NARROW - 1}px)*9999),100%)"
_NARROW = f"overflow:hidden;line-height:0;width:0;width:clamp(0px,calc(({NARROW - 1}px - 100%)*9999),100%)"


def embed_either(wide: str, narrow: str) -> str:
    """Return both forms of a picture, of which the width of the column in which they stand shows one."""
    return f'<div style="{_WIDE}">{wide}</div><div style="{_NARROW}">{narrow}</div>'


def embed_svg(svg: str, alt: str, width: float, marks: str = "") -> str:
    """Return an `img` of the SVG with its alternative text, which shrinks to where it stands.

    `width` is that of the picture in pixels, `marks` are further attributes. Front ends show this form in notebooks
    that are not trusted, too, and pages made by nbconvert keep its text; of `image/svg+xml` they do neither.
    """
    data = b64encode(svg.encode()).decode()
    return (
        f'<img {marks}{" " if marks else ""}alt="{escape_html(alt)}" src="data:image/svg+xml;base64,{data}" '
        f'width="{width:.0f}" style="max-width:100%;height:auto">'
    )
