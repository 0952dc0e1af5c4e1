"""A draft as data: a file that a person may apply or run after reading it; harvdiag applies none."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from harvdiag.core.fields import Obj

__all__ = ["Draft"]


@dataclass(frozen=True, kw_only=True)
class Draft:
    """A draft, derived from the facts of this cluster."""

    name: str
    """Of its file: ``srv09-machine.yaml``, ``srv09-register.sh``."""
    title: str
    objects: tuple[Obj, ...] = ()
    """Of a manifest; its text is YAML, below a head of comments."""
    lines: tuple[str, ...] = ()
    """Of a script; secrets are left out as ``<TOKEN>``."""
    dangers: tuple[str, ...] = ()
    """What goes wrong with it, the weightiest first; comments at the head of the file."""
    sources: tuple[tuple[str, str], ...] = ()
    """Each derived field with where it is from: ``spec.clusterName`` and ``every other Machine``."""
    untold: tuple[str, ...] = ()
    """What was not seen, so that a person fills it in."""

    def as_dict(self) -> dict[str, Any]:
        """Return the form used in harvdiag's JSON."""
        return {
            "name": self.name,
            "title": self.title,
            "objects": list(self.objects),
            "lines": list(self.lines),
            "dangers": list(self.dangers),
            "sources": [{"field": field, "from": source} for field, source in self.sources],
            "untold": list(self.untold),
        }
