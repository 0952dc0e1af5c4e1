"""Two readings of which one is redacted: the other is redacted under the same key, so that equal names are equal."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence

from harvdiag.core.errors import UsageError
from harvdiag.redact.key import Key, default_path, load_key
from harvdiag.redact.reader import redact_snapshot
from harvdiag.redact.redactor import Redactor
from harvdiag.snapshot import Snapshot

__all__ = ["match_snapshots"]


def match_snapshots(
    before: Snapshot,
    now: Snapshot,
    key: str | os.PathLike[str] | None = None,
    words: Iterable[str] = (),
    patterns: Sequence[str] = (),
) -> tuple[Snapshot, Snapshot]:
    """Return two readings as they can be compared: both as they are, or both under one key.

    `key` is the file of the key under which one of them is redacted, by default the user's own; `words` and `patterns`
    are those that were replaced in it besides. Raises UsageError, in one line, where both are redacted under different
    keys, for another key than that of the one, and for a key that is not needed or cannot be read.
    """
    marks = {snapshot.manifest.redacted for snapshot in (before, now)} - {""}
    if len(marks) > 1:
        raise UsageError(f"{_name(before)} and {_name(now)} are redacted under different keys: no name can be matched")
    if not marks and key is not None:
        raise UsageError(f"neither {_name(before)} nor {_name(now)} is redacted: leave out the key")
    plain = [snapshot for snapshot in (before, now) if not snapshot.manifest.redacted]
    if not marks or not plain:
        return before, now
    redacted = now if plain[0] is before else before
    redactor = Redactor(_find_key(redacted, plain[0], key), words, patterns)
    made = redact_snapshot(plain[0], redactor)
    return (made, now) if plain[0] is before else (before, made)


def _find_key(redacted: Snapshot, plain: Snapshot, file: str | os.PathLike[str] | None) -> Key:
    needed = f"{_name(redacted)} is redacted and {_name(plain)} is not: give the key of its pseudonyms with --key FILE"
    if file is None and not default_path().exists():
        raise UsageError(needed)
    key = load_key(file, make=False)
    if key.mark == redacted.manifest.redacted:
        return key
    raise UsageError(needed if file is None else f"{key.path} is another key than that of {_name(redacted)}")


def _name(snapshot: Snapshot) -> str:
    return snapshot.manifest.name
