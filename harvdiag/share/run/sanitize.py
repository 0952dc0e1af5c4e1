"""HTML of a notebook without anything that runs or loads: text, tables, folds and pictures that are in it.

What is not on a list is left out: elements (their text stays, but for scripts and style sheets), attributes,
properties of styles, and addresses other than of pages and of headings in the same one.
"""

from __future__ import annotations

import re

from bleach.css_sanitizer import CSSSanitizer
from bleach.sanitizer import Cleaner

__all__ = ["sanitize"]

_TAGS = """
    a abbr b blockquote br caption code col colgroup dd del details div dl dt em figcaption figure h1 h2 h3 h4 h5 h6
    hr i img ins kbd li mark meter ol p pre progress q s samp small span strong sub summary sup table tbody td tfoot
    th thead tr u ul var wbr
"""
ATTRIBUTES = {
    "a": ("href", "title"),
    "img": ("alt", "src", "width", "height", "title"),
    "details": ("open",),
    "ol": ("start", "type"),
    "li": ("value",),
    "th": ("scope", "colspan", "rowspan"),
    "td": ("colspan", "rowspan"),
    "meter": ("value", "min", "max", "low", "high", "optimum"),
    "progress": ("value", "max"),
}
ANY = frozenset({"style", "role", "tabindex", "lang", "dir", "aria-label", "aria-hidden", "class"})
"""The attributes that every element may have."""
_PROPERTIES = """
    align-items background-color border border-bottom border-collapse border-color border-left border-radius
    border-right border-top border-width color cursor display flex flex-basis flex-direction flex-grow
    flex-shrink flex-wrap float font-family font-size font-style font-weight gap grid-template-columns height
    justify-content letter-spacing line-height list-style list-style-type margin margin-bottom margin-left
    margin-right margin-top max-height max-width min-height min-width opacity overflow overflow-wrap overflow-x
    overflow-y padding padding-bottom padding-left padding-right padding-top text-align text-decoration
    text-indent text-overflow vertical-align white-space width word-break word-wrap
"""
TAGS, PROPERTIES = frozenset(_TAGS.split()), frozenset(_PROPERTIES.split())
CODE = re.compile(r"<(script|style|template|iframe|object|svg|math|noscript)\b.*?</\1\s*>", re.DOTALL | re.IGNORECASE)
"""Elements whose content is not for readers; what is left over of them is not on the list."""
PICTURE = re.compile(r"data:image/(svg\+xml|png|jpeg|gif|webp);base64,[A-Za-z0-9+/=\s]+")
ADDRESS = re.compile(r"(https?:|mailto:|#)", re.IGNORECASE)
TAG, ALT = re.compile(r"<img[^>]*>"), re.compile(r'alt="([^"]*)"')
WIDE = re.compile(r"<pre(?![^>]* tabindex)")
"""A text that may be wider than its column: it has to be scrolled by keyboard, too."""
FRAME = re.compile(r'(<table[^>]* class="dataframe".*?</table>)', re.DOTALL)
BOX = r'<div tabindex="0" role="group" aria-label="table" style="overflow-x:auto">\1</div>'
"""A table of pandas has no box that scrolls; an empty corner of it is not a heading."""
EMPTY = re.compile(r"<th([^>]*)></th>")
HEADING = re.compile(r"h[1-6]")


def sanitize(html: str, headings: bool = False) -> str:
    """Return the HTML with what is on the lists alone; `headings` keep the ids by which they can be reached."""
    cleaner = Cleaner(
        tags=TAGS,
        attributes=_allow_heading if headings else _allow,
        protocols={"http", "https", "mailto", "data"},
        css_sanitizer=CSSSanitizer(allowed_css_properties=PROPERTIES),
        strip=True,
    )
    cleaned = TAG.sub(_keep_picture, cleaner.clean(CODE.sub("", html)))
    return WIDE.sub('<pre tabindex="0"', FRAME.sub(BOX, EMPTY.sub(r"<td\1></td>", cleaned)))


def _keep_picture(found: re.Match[str]) -> str:
    """A picture that is in the notebook; of any other the description."""
    if ' src="' in found[0]:
        return found[0]
    told = ALT.search(found[0])
    return f"(picture left out: {told[1] if told else 'without a description'})"


def _allow(tag: str, name: str, value: str) -> bool:
    if name not in ATTRIBUTES.get(tag, ()) and name not in ANY:
        return False
    checks = {"src": PICTURE.fullmatch, "href": ADDRESS.match}
    if name == "style":
        return not re.search(r"url\s*\(|\\|expression", value, re.IGNORECASE)
    return bool(checks[name](value)) if name in checks else True


def _allow_heading(tag: str, name: str, value: str) -> bool:
    return (name == "id" and HEADING.fullmatch(tag) is not None) or _allow(tag, name, value)
