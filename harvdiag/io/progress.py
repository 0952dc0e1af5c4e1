"""Progress display: a line on the terminal or a bar in a notebook while a source is read; nothing elsewhere."""

from __future__ import annotations

import sys
from threading import Lock
from typing import Any

__all__ = ["Progress", "default_progress"]


class Progress:
    """Counts lists and objects as they are read, from any thread; only `Line` and `Bar` display them."""

    def __init__(self) -> None:
        self._lock = Lock()
        self.name = self.awaited = ""
        self.lists = self.total = self.objects = self.earlier = 0
        self.under_way = False

    def begin(self, name: str, lists: int) -> None:
        """Start the count for `lists` lists of the source `name`; `earlier` has those that were read before."""
        self.earlier += self.lists
        self.name, self.lists, self.total, self.objects = name, 0, lists, 0
        self.under_way = True
        self._add_counts()

    def wait(self, awaited: str) -> None:
        """Tell that something has to start before anything can be read."""
        self.awaited, self.under_way = awaited, True
        self._add_counts()

    def add_lists(self, lists: int) -> None:
        """Add lists that turned out to be needed to the total."""
        self.total += lists
        self._add_counts()

    def add_objects(self, objects: int) -> None:
        """Add objects that were read."""
        self._add_counts(objects=objects)

    def finish_list(self) -> None:
        """Count one list as read."""
        self._add_counts(lists=1)

    def end(self) -> None:
        """End the count and remove what was displayed."""
        with self._lock:
            self.awaited, self.under_way = "", False
            self._clear_display()

    def _add_counts(self, lists: int = 0, objects: int = 0) -> None:
        with self._lock:
            self.lists += lists
            self.objects += objects
            if self.under_way:  # a request that hung at Ctrl-C may still come in
                self._draw_state()

    @property
    def text(self) -> str:
        """The line to display."""
        if self.awaited:
            return f"waiting for {self.awaited}, which is starting"
        return f"reading {self.name}: {self.lists} of {self.total} lists, {self.objects:,} objects"

    def _draw_state(self) -> None:
        """Display the current counts."""

    def _clear_display(self) -> None:
        """Remove what was displayed."""


class Line(Progress):
    """One line on stderr that is overwritten and finally removed."""

    bar: Any = None

    def _draw_state(self) -> None:
        from tqdm import tqdm

        if self.bar is None:
            # With its text from the start: if the server is slow, no update follows for a while.
            self.bar = tqdm(desc=self.text, file=sys.stderr, leave=False, bar_format="{desc}", mininterval=0.1)
        self.bar.set_description_str(self.text, refresh=False)
        self.bar.update()

    def _clear_display(self) -> None:
        if self.bar is not None:
            self.bar.close()
            self.bar = None


class Bar(Progress):
    """A bar below the notebook cell that is updated and finally removed; plain HTML, no widget."""

    handle: Any = None

    def _draw_state(self) -> None:
        from html import escape

        from IPython.display import HTML, display

        text = escape(self.text)
        html = HTML(f'<progress value="{self.lists}" max="{self.total}" aria-label="{text}"></progress> {text}')
        if self.handle is None:
            self.handle = display(html, display_id=True)
        else:
            self.handle.update(html)

    def _clear_display(self) -> None:
        from IPython.display import HTML

        if self.handle is not None:
            self.handle.update(HTML(""))
            self.handle = None


def default_progress() -> Progress:
    """Return the progress display for this environment: a bar in a kernel, a line on a terminal, else none."""
    if _in_kernel():
        return Bar()
    return Line() if sys.stderr is not None and sys.stderr.isatty() else Progress()


def _in_kernel() -> bool:
    """Whether this runs in a notebook kernel; IPython in a terminal does not count."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    return shell is not None and "IPKernelApp" in getattr(shell, "config", {})
