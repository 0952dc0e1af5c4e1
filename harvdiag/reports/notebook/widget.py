"""Whether a widget can be shown: where a kernel runs that has ipywidgets."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

__all__ = ["widget_form"]

WIDGET = "application/vnd.jupyter.widget-view+json"


def widget_form(make: Callable[[], Any]) -> dict[str, Any]:
    """Return the form of a widget for an output, made only where it can be shown; empty elsewhere."""
    try:
        from IPython.core.getipython import get_ipython

        if getattr(get_ipython(), "kernel", None) is None:
            return {}
        form: dict[str, Any] = make()._repr_mimebundle_()
    except ImportError:
        return {}
    return {key: value for key, value in form.items() if key == WIDGET}
