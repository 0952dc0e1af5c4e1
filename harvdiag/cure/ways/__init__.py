"""The ways out of a finding: what a person may do about it, one function for each, declared with `way`.

Rules name the ways of their findings (`Rule.cures`).
"""

from __future__ import annotations

import pkgutil
from collections.abc import Mapping
from functools import cache
from importlib import import_module

from harvdiag.cure.ways.model import WAYS, WayOut

__all__ = ["all_ways"]


@cache
def all_ways() -> Mapping[str, WayOut]:
    """Return every way by name; the modules of this package are imported for it."""
    for module in sorted(pkgutil.iter_modules(__path__, f"{__name__}."), key=lambda each: each.name):
        import_module(module.name)
    return dict(WAYS)
