"""A picture as one HTML element that carries all of it: nothing is fetched, and no script or trust is needed."""

from __future__ import annotations

from base64 import b64encode

from harvdiag.core.escape import escape_html

__all__ = ["embed_svg"]


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
