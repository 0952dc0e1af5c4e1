"""The plural of a kind that the catalogue does not have, as Kubernetes forms it."""

from __future__ import annotations

__all__ = ["guess_plural"]

_IRREGULAR = {
    "endpoints": "endpoints",
    "networkattachmentdefinition": "network-attachment-definitions",
    "nodemetrics": "nodes",
    "podmetrics": "pods",
}
_SIBILANTS = ("s", "x", "z", "ch", "sh")


def guess_plural(kind: str) -> str:
    """Return the plural of a kind by its spelling: ``Ingress`` gives ``ingresses``, ``NetworkPolicy`` its ``ies``."""
    word = kind.lower()
    if word in _IRREGULAR:
        return _IRREGULAR[word]
    if word.endswith(_SIBILANTS):
        return f"{word}es"
    if word.endswith("y") and word[-2:-1] not in {"a", "e", "i", "o", "u"}:
        return f"{word[:-1]}ies"
    return f"{word}s"
