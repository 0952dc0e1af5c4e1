"""Saving a redacted snapshot: looked through before it is written, and made again where a name was learnt late."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Mapping

from harvdiag.core.errors import UsageError
from harvdiag.redact.names import Names, Sort
from harvdiag.redact.reader import redact_snapshot
from harvdiag.redact.redactor import Redactor
from harvdiag.redact.scan import LeakError
from harvdiag.snapshot import Snapshot
from harvdiag.sources.saved.writer import Saved, save_snapshot

__all__ = ["TRIES", "describe_counts", "describe_removed", "save_redacted"]

TRIES = 4
"""How often all is redacted at most: a name that is found by the last look is known from then on."""
_NOUNS = {
    Sort.HOST: "host",
    Sort.CLUSTER: "cluster",
    Sort.NAMESPACE: "namespace",
    Sort.VM: "VM",
    Sort.VOLUME: "volume",
    Sort.IMAGE: "image",
    Sort.NETWORK: "network",
    Sort.KEY: "key of SSH",
    Sort.USER: "user",
    Sort.UPGRADE: "upgrade",
    Sort.OBJECT: "other object",
    Sort.LABEL: "label",
    Sort.DOMAIN: "domain",
    Sort.PATH: "path",
    Sort.WORD: "word",
    Sort.ADDRESS: "IP address",
    Sort.MAC: "MAC address",
    Sort.UUID: "UUID",
    Sort.MACHINE: "Machine name",
    Sort.HASH: "digest",
    Sort.JOB: "truncated name",
}


def save_redacted(
    source: Snapshot, file: str | os.PathLike[str] | None, kinds: Iterable[str] = ()
) -> tuple[Saved, Redactor]:
    """Write a redacted snapshot; return what was written, and the redactor.

    A name that was told by a later object than those in which it stands is found by the last look: then it is known,
    and all is redacted again. Raises LeakError if something is left all the same, and nothing is written.
    """
    redactor, wanted = source.redactor, list(kinds)
    if not isinstance(redactor, Redactor) or source.unredacted is None:
        raise UsageError(f"{source.manifest.name} is not read through a redactor: there is nothing to save it with")
    asked = [(kind, wish) for kind, wish, _ in source.selections]
    for _ in range(TRIES - 1):
        try:
            return save_snapshot(source, file, wanted), redactor
        except LeakError as error:
            redactor.admit(error.leaks)
            source = redact_snapshot(source.unredacted, redactor)
            for kind, wish in asked:
                source.find(kind, wish)
    return save_snapshot(source, file, wanted), redactor


def describe_counts(names: Names) -> str:
    """Say how many originals of each sort were replaced: ``4 hosts, 12 IP addresses, 31 UUIDs``."""
    counts = names.counts
    told = ((noun, counts[sort]) for sort, noun in _NOUNS.items() if counts[sort])
    return ", ".join(f"{count:,} {noun if count == 1 else _plural(noun)}" for noun, count in told)


def describe_removed(removed: Mapping[str, int]) -> str:
    """Say what was taken out, and how often: ``credential (3 times), managedFields (12 times)``."""
    told = Counter({what: count for what, count in removed.items() if count > 0})
    return ", ".join(f"{what} ({'once' if count == 1 else f'{count:,} times'})" for what, count in told.most_common())


def _plural(noun: str) -> str:
    if noun.endswith("address"):
        return f"{noun}es"
    return noun.replace("key", "keys", 1) if noun.startswith("key ") else f"{noun}s"
