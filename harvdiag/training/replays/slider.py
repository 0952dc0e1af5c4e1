"""A slider through the frames of a replay: a widget where a kernel runs and has ipywidgets, else the folded frames."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any

from harvdiag.core.escape import escape_html
from harvdiag.reports.notebook.widget import widget_form
from harvdiag.training.replays.card import frame_card
from harvdiag.training.replays.frame import Frame

__all__ = ["Slider"]

PACE = 2000
"""How long each frame is shown while it plays, in milliseconds."""
WIDE = {"width": "min(46em, 98%)"}


class Slider:
    """The frames to step through: `chosen` is the number of the one shown, `still` the form without kernel."""

    def __init__(self, frames: Sequence[Frame], still: str, text: str, chosen: int) -> None:
        self._frames = {each.number: each for each in frames}
        self._still, self._text = still, text
        self.chosen = chosen

    def __repr__(self) -> str:
        return self._text

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        return {"text/html": self._still, "text/plain": self._text, **widget_form(self.widget)}

    def widget(self) -> Any:
        """Return the slider as a widget of ipywidgets, with buttons to play and to step, and the frame below it."""
        widgets = import_module("ipywidgets")
        first, last = min(self._frames), max(self._frames)
        limits = {"min": first, "max": last, "value": self.chosen}
        bar = widgets.IntSlider(**limits, description="frame", continuous_update=False, layout=WIDE)
        play = widgets.Play(**limits, interval=PACE, show_repeat=False)
        widgets.jslink((play, "value"), (bar, "value"))
        steps = [_button(widgets, bar, sign, hint, by) for sign, hint, by in (("◀", "back", -1), ("▶", "on", 1))]
        below = widgets.HTML(self._show(self.chosen))

        def follow(change: Mapping[str, Any]) -> None:
            self.chosen = int(change["new"])
            below.value = self._show(self.chosen)

        bar.observe(follow, names="value")
        row = widgets.HBox([play, *steps, bar], layout={"flex_flow": "row wrap", "align_items": "center"})
        return widgets.VBox([row, below])

    def _show(self, number: int) -> str:
        return frame_card(self._frames[number])


def _button(widgets: Any, bar: Any, sign: str, hint: str, by: int) -> Any:
    button = widgets.Button(description=sign, tooltip=escape_html(hint), layout={"width": "3em"})

    def step(_: object) -> None:
        bar.value = min(max(bar.value + by, bar.min), bar.max)

    button.on_click(step)
    return button
