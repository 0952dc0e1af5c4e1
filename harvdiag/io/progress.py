"""Progress: a line on the terminal or a bar in a notebook while something long is read; silent anywhere else."""

from __future__ import annotations

import sys
from threading import Lock
from typing import Any

__all__ = ["Progress", "shown"]


class Progress:
    """Counts lists and objects as they are read, from any thread, and draws nothing: that is for `Line` and `Bar`."""

    def __init__(self) -> None:
        self._lock = Lock()
        self.name = ""
        self.lists = self.total = self.objects = 0
        self.under_way = False

    def begin(self, name: str, lists: int) -> None:
        """Reading of `lists` lists of the source `name` begins."""
        self.name, self.lists, self.total, self.objects = name, 0, lists, 0
        self.under_way = True
        self._update()

    def more(self, lists: int) -> None:
        """More lists turned out to be needed."""
        self.total += lists
        self._update()

    def count(self, objects: int) -> None:
        """So many more objects came in."""
        self._update(objects=objects)

    def done(self) -> None:
        """One list came to its end."""
        self._update(lists=1)

    def end(self) -> None:
        """Nothing is under way any more; what was drawn goes away."""
        with self._lock:
            self.under_way = False
            self._close()

    def _update(self, lists: int = 0, objects: int = 0) -> None:
        with self._lock:
            self.lists += lists
            self.objects += objects
            if self.under_way:  # a request that hung at Ctrl-C may still come in
                self._show()

    @property
    def text(self) -> str:
        """What a person reads."""
        return f"reading {self.name}: {self.lists} of {self.total} lists, {self.objects:,} objects"

    def _show(self) -> None:
        """Draw what there is to tell."""

    def _close(self) -> None:
        """Take away what was drawn."""


class Line(Progress):
    """One line on stderr that is written over and then taken away."""

    bar: Any = None

    def _show(self) -> None:
        from tqdm import tqdm

        if self.bar is None:
            # With its text from the start: where the server is slow, nothing else is drawn for a while.
            self.bar = tqdm(desc=self.text, file=sys.stderr, leave=False, bar_format="{desc}", mininterval=0.1)
        self.bar.set_description_str(self.text, refresh=False)
        self.bar.update()

    def _close(self) -> None:
        if self.bar is not None:
            self.bar.close()
            self.bar = None


class Bar(Progress):
    """A bar below the notebook's cell that is redrawn and then taken away; plain HTML, no widget."""

    handle: Any = None

    def _show(self) -> None:
        from html import escape

        from IPython.display import HTML, display

        text = escape(self.text)
        html = HTML(f'<progress value="{self.lists}" max="{self.total}" aria-label="{text}"></progress> {text}')
        if self.handle is None:
            self.handle = display(html, display_id=True)
        else:
            self.handle.update(html)

    def _close(self) -> None:
        from IPython.display import HTML

        if self.handle is not None:
            self.handle.update(HTML(""))
            self.handle = None


def shown() -> Progress:
    """The progress that fits where this runs: a bar in a kernel, a line on a terminal, else none."""
    if _in_kernel():
        return Bar()
    return Line() if sys.stderr is not None and sys.stderr.isatty() else Progress()


def _in_kernel() -> bool:
    """Whether a notebook shows what is displayed; IPython in a terminal does not."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    return shell is not None and "IPKernelApp" in getattr(shell, "config", {})
