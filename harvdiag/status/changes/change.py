"""One difference between two readings of a cluster, and the sorts that there are."""

from __future__ import annotations

from dataclasses import dataclass

from harvdiag.core.model import ObjectRef

__all__ = ["CHANGED", "GONE", "NEW", "RECREATED", "STATE", "Change"]

NEW, GONE, CHANGED, RECREATED = "new", "gone", "changed", "recreated"
STATE = "state in the upgrade"


@dataclass(frozen=True, kw_only=True)
class Change:
    """One difference: an object (no `path`), or a field or link of one, as it was `before` and as it is `now`."""

    sort: str
    """``new``, ``gone``, ``changed`` or ``recreated``."""
    ref: ObjectRef
    path: str = ""
    """The field; empty for the object itself."""
    before: str = ""
    now: str = ""
    label: str = ""
    """The field in short."""
    links: int = 0
    """How many unchanged links of others lead to this object, which came or went."""
    link: bool = False
    """Whether the field references another object."""
    detail: bool = False
    """Whether pictures leave it out: a field that is neither a column nor a link, or an object that is part of no host
    and no cluster."""

    @property
    def what(self) -> str:
        """What it is a difference of: ``object``, ``link`` or ``field``."""
        return "object" if not self.path else "link" if self.link else "field"
