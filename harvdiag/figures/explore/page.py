"""The page: the picture and its text, and the script and facts that make it interactive.

The picture is an `img` with alternative text, so that a front end that strips scripts and styles (GitHub, a notebook
that is not trusted yet) still shows it; the script replaces it by the same shapes. Data from the cluster occurs only as
text in the picture, text in the `pre`, and JSON, of which the script makes text nodes only.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib.resources import files
from typing import Any, NamedTuple

from harvdiag.core.escape import escape_html
from harvdiag.figures.embed import embed_svg
from harvdiag.figures.palette import DARK, LIGHT
from harvdiag.figures.scene import Scene
from harvdiag.figures.svg import colour_rules, render_svg

__all__ = ["Page"]

HEARD = "position:absolute;width:1px;height:1px;margin:0;overflow:hidden;clip-path:inset(50%)"
"""The style of what screen readers tell and the picture shows."""
ROOT, BODY = ".hdx", ".hdx-page"
STYLESHEET = "{light}\n@media(prefers-color-scheme:dark){{{dark}}}\n{host_light}\n{host_dark}\n{shapes}\n{rest}"
THEME_SELECTORS = {
    "light": ('body[data-jp-theme-light="true"]', "body.vscode-light", "body.vscode-high-contrast-light"),
    "dark": ('body[data-jp-theme-light="false"]', "body.vscode-dark", "body.vscode-high-contrast"),
}
"""How each front end marks its theme; that takes precedence over the theme of the system."""


class Page(NamedTuple):
    """The content of a page: the picture, the same as text, and the facts behind it as JSON values."""

    scene: Scene
    text: str
    facts: Mapping[str, Any]
    theme: str = "auto"

    @property
    def fragment(self) -> str:
        """One element that can be embedded in any page."""
        svg = render_svg(self.scene, self.theme, keys=True)
        text = f"<summary>The same as text</summary><pre>{_escape_lines(self.text)}</pre>"
        return "\n".join(
            (
                f'<div class="hdx" data-theme="{self.theme}">',
                embed_svg(svg, self.scene.alt, self.scene.width, 'class="hdx-still"'),
                f'<details class="hdx-text">{text}</details>',
                f"<style>{_build_stylesheet()}</style>",
                f'<script type="application/json">{_dump_for_script(self.facts)}</script>',
                f"<script>{_read_asset('explore.js')}</script>",
                "</div>\n",
            )
        )

    @property
    def document(self) -> str:
        """A standalone page."""
        schemes = "light dark" if self.theme == "auto" else self.theme
        return "\n".join(
            (
                "<!doctype html>",
                '<html lang="en">',
                "<head>",
                '<meta charset="utf-8">',
                '<meta name="viewport" content="width=device-width, initial-scale=1">',
                f'<meta name="color-scheme" content="{schemes}">',
                f"<title>{escape_html(self.scene.title)}</title>",
                "</head>",
                f'<body class="hdx-page" data-theme="{self.theme}" style="margin:0">',
                f'<main><h1 style="{HEARD}">{escape_html(self.scene.title)}</h1>{self.fragment}</main>',
                "</body>",
                "</html>\n",
            )
        )


def _build_stylesheet() -> str:
    """Return the style sheet: colours as CSS variables, which the theme sets and which the picture uses too."""
    light, dark = _colour_variables(LIGHT), _colour_variables(DARK)
    return STYLESHEET.format(
        light=f"{ROOT},{BODY}{{{light}}}",
        dark=f"{ROOT},{BODY}{{{dark}}}",
        host_light=f"{_theme_selectors('light')}{{{light}}}",
        host_dark=f"{_theme_selectors('dark')}{{{dark}}}",
        shapes=colour_rules(ROOT, {key: f"var(--hdx-{key})" for key in LIGHT}),
        rest=_read_asset("explore.css"),
    )


def _colour_variables(colours: Mapping[str, str]) -> str:
    return "".join(f"--hdx-{key}:{value};" for key, value in colours.items())


def _theme_selectors(theme: str) -> str:
    """Return the selectors of roots in a front end with this theme, and of roots that request it."""
    requested = (f'{ROOT * 3}[data-theme="{theme}"]', f'{BODY}[data-theme="{theme}"]')
    return ",".join((*(f"{body} {ROOT}" for body in THEME_SELECTORS[theme]), *requested))


def _escape_lines(text: str) -> str:
    return "\n".join(escape_html(line) for line in text.split("\n"))


def _dump_for_script(facts: Mapping[str, Any]) -> str:
    """Return the facts as JSON that cannot close the script element around it."""
    text = json.dumps(facts, ensure_ascii=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _read_asset(name: str) -> str:
    return files("harvdiag.figures.explore").joinpath(name).read_text(encoding="utf-8")
