"""Quantities as Kubernetes writes them: ``500m``, ``10Gi``, ``1e3``, and plain numbers and percents."""

from __future__ import annotations

import math
import re
from decimal import Decimal, InvalidOperation
from typing import Any

__all__ = ["read_quantity"]

_SHAPE = re.compile(r"([+-]?(?:\d{1,40}(?:\.\d{0,40})?|\.\d{1,40})(?:[eE][+-]?\d{1,2})?)(|[numkKMGTPE]|[KMGTPE]i|%)")
_DECIMAL = dict(zip("num", (Decimal("1e-9"), Decimal("1e-6"), Decimal("1e-3")), strict=True))
_DECIMAL |= {sign: Decimal(1000) ** power for power, sign in enumerate("kMGTPE", 1)}
_BINARY = {f"{sign}i": Decimal(1024) ** power for power, sign in enumerate("KMGTPE", 1)}
_FACTORS = {"": Decimal(1), "%": Decimal(1), "K": Decimal(1000), **_DECIMAL, **_BINARY}


def read_quantity(value: Any) -> Decimal | None:
    """Return the number that a value stands for; None for one that is not a number. ``90%`` is 90."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    if not isinstance(value, str):
        return Decimal(value) if isinstance(value, int) or math.isfinite(value) else None
    found = _SHAPE.fullmatch(value.strip())
    try:
        return Decimal(found[1]) * _FACTORS[found[2]] if found else None
    except InvalidOperation:
        return None
