"""The page: a picture and its text for everybody, and for those with scripts what it takes to explore them.

The picture is an image with its words, so that a front end that strips scripts and styles (GitHub, a notebook that is
not trusted yet) keeps it whole; the script puts the same shapes in its place. What comes from a cluster is text in the
picture, text in the `pre`, and JSON; the script makes text nodes of it and nothing else.
"""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Mapping
from importlib.resources import files
from typing import Any, NamedTuple

from harvdiag.core.escape import html
from harvdiag.figures.palette import DARK, LIGHT
from harvdiag.figures.scene import Scene
from harvdiag.figures.svg import colour_rules, render_svg

__all__ = ["Page"]

ROOT, BODY = ".hdx", ".hdx-page"
STYLESHEET = "{light}\n@media(prefers-color-scheme:dark){{{dark}}}\n{told_light}\n{told_dark}\n{shapes}\n{rest}"
THEME_SELECTORS = {
    "light": ('body[data-jp-theme-light="true"]', "body.vscode-light", "body.vscode-high-contrast-light"),
    "dark": ('body[data-jp-theme-light="false"]', "body.vscode-dark", "body.vscode-high-contrast"),
}
"""How a front end tells its theme; what it tells counts for more than what the system is set to."""


class Page(NamedTuple):
    """What a page is made of: the picture, the same as text, and the facts behind it, as JSON can hold them."""

    scene: Scene
    text: str
    facts: Mapping[str, Any]
    theme: str = "auto"

    @property
    def fragment(self) -> str:
        """One element that may stand in any page."""
        image = f'alt="{html(self.scene.alt)}" src="data:image/svg+xml;base64,{self._image_data}"'
        text = f"<summary>The same as text</summary><pre>{_escape_lines(self.text)}</pre>"
        return "\n".join(
            (
                f'<div class="hdx" data-theme="{self.theme}">',
                f'<img class="hdx-still" {image} width="{self.scene.width:.0f}" style="max-width:100%;height:auto">',
                f'<details class="hdx-text">{text}</details>',
                f"<style>{_build_stylesheet()}</style>",
                f'<script type="application/json">{_dump_for_script(self.facts)}</script>',
                f"<script>{_read_asset('explore.js')}</script>",
                "</div>\n",
            )
        )

    @property
    def document(self) -> str:
        """A page of its own."""
        schemes = "light dark" if self.theme == "auto" else self.theme
        return "\n".join(
            (
                "<!doctype html>",
                '<html lang="en">',
                "<head>",
                '<meta charset="utf-8">',
                '<meta name="viewport" content="width=device-width, initial-scale=1">',
                f'<meta name="color-scheme" content="{schemes}">',
                f"<title>{html(self.scene.title)}</title>",
                "</head>",
                f'<body class="hdx-page" data-theme="{self.theme}" style="margin:0">',
                f"<main>{self.fragment}</main>",
                "</body>",
                "</html>\n",
            )
        )

    @property
    def _image_data(self) -> str:
        return b64encode(render_svg(self.scene, self.theme, keys=True).encode()).decode()


def _build_stylesheet() -> str:
    """Colours as variables, which the theme sets; the shapes of the picture take theirs from them, too."""
    light, dark = _colour_variables(LIGHT), _colour_variables(DARK)
    return STYLESHEET.format(
        light=f"{ROOT},{BODY}{{{light}}}",
        dark=f"{ROOT},{BODY}{{{dark}}}",
        told_light=f"{_theme_selectors('light')}{{{light}}}",
        told_dark=f"{_theme_selectors('dark')}{{{dark}}}",
        shapes=colour_rules(ROOT, {key: f"var(--hdx-{key})" for key in LIGHT}),
        rest=_read_asset("explore.css"),
    )


def _colour_variables(colours: Mapping[str, str]) -> str:
    return "".join(f"--hdx-{key}:{value};" for key, value in colours.items())


def _theme_selectors(theme: str) -> str:
    """The roots in a front end with this theme, and those for which it was wished."""
    wished = (f'{ROOT * 3}[data-theme="{theme}"]', f'{BODY}[data-theme="{theme}"]')
    return ",".join((*(f"{body} {ROOT}" for body in THEME_SELECTORS[theme]), *wished))


def _escape_lines(text: str) -> str:
    return "\n".join(html(line) for line in text.split("\n"))


def _dump_for_script(facts: Mapping[str, Any]) -> str:
    """JSON that cannot end the element it stands in."""
    text = json.dumps(facts, ensure_ascii=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _read_asset(name: str) -> str:
    return files("harvdiag.figures.explore").joinpath(name).read_text(encoding="utf-8")
