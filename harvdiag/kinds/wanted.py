"""Which objects of a large kind are wanted, so that a source need not parse all of them.

Of Pods, Events, Engines and Replicas a cluster has thousands, and a bundle tens of megabytes in one file. A source that
reads text picks the objects that may match before it parses them (`Wanted.text_test`); what is wanted is then decided
on the object (`Wanted.matches`), so the result is the same from every source.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import cached_property, partial
from typing import Any

from harvdiag.core.fields import Obj, get_items, get_labels, get_text, name_of
from harvdiag.kinds.podstate import BROKEN, is_unready, may_be_unready
from harvdiag.kinds.volumestate import is_in_state, may_be_in_state

__all__ = ["Wanted"]

UNHEALTHY = frozenset({"degraded", "faulted"})
"""Robustness of a Longhorn Volume that lacks replicas."""
FAULTY_TEXT = {
    "Pod": (b"ready: false", b"phase: Pending", b"phase: Failed", b"phase: Unknown"),
    "Event": (b"type: Warning",),
    "Volume.longhorn.io": (b"robustness: degraded", b"robustness: faulted"),
}
"""One of these is in the text of each faulty object of the kind, as the kit writes it; a running Pod always has the
status of its containers."""
MIGRATING, UNSET = b"currentMigrationNodeID: ", (b'"null"', b'""')
"""The field of a Volume with the node that it migrates to, and how the kit writes that there is none."""

Test = Callable[[bytes], bool]


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """A selection of the objects of one kind: each criterion that is given must hold, one of its values is enough.

    Without any criterion it is every object of the namespace.
    """

    namespace: str = ""
    """The namespace to look in; empty: the kind's home."""
    everywhere: bool = False
    """Whether to look in every namespace that the source has."""
    names: tuple[str, ...] = ()
    """Names of objects."""
    prefixes: tuple[str, ...] = ()
    """How the name begins."""
    owners: tuple[str, ...] = ()
    """Names or uids of owner references."""
    about: tuple[str, ...] = ()
    """Of Events: the names of the objects that they are about."""
    labels: tuple[str, ...] = ()
    """Labels, as ``key=value``."""
    fields: tuple[str, ...] = ()
    """Fields that hold a name, as ``spec.nodeID=hv02``."""
    faulty: bool = False
    """Of Pods: Pending, Failed, Unknown, or running with a container that is not ready; of Events: Warnings; of
    Longhorn's Volumes: degraded, faulted, or noted as migrating."""
    unready: bool = False
    """Of Pods: not ready by their condition, or in a phase in which they do not work (`podstate.is_unready`)."""
    volume: str = ""
    """Of Longhorn's Volumes: the state in which they are, one of `harvdiag.kinds.volumestate`."""

    @cached_property
    def _values(self) -> dict[str, set[str]]:
        """What each of the fields may hold."""
        found: dict[str, set[str]] = {}
        for path, _, value in (text.partition("=") for text in self.fields):
            found.setdefault(path, set()).add(value)
        return found

    def matches(self, obj: Obj) -> bool:
        """Whether an object is wanted, whatever its namespace."""
        name = name_of(obj)
        return (
            (not self.names or name in self.names)
            and (not self.prefixes or name.startswith(self.prefixes))
            and (not self.owners or not _owners(obj).isdisjoint(self.owners))
            and (not self.about or _about(obj) in self.about)
            and (not self.labels or not _label_texts(obj).isdisjoint(self.labels))
            and (not self.fields or any(get_text(obj, path) in values for path, values in self._values.items()))
            and (not self.faulty or _is_faulty(obj))
            and (not self.unready or is_unready(obj))
            and (not self.volume or is_in_state(obj, self.volume))
        )

    def text_test(self, kind: str) -> Test:
        """Return a test of YAML text: false only where no object of the kind in it is wanted.

        Text may be that of one object, or of a whole list. Names are never folded or escaped in YAML.
        """
        labels, fields = (tuple(text.partition("=")[2] for text in texts) for texts in (self.labels, self.fields))
        given = (self.names, self.prefixes, self.owners, self.about, labels, fields)
        tests = [_holds_one(tuple(value.encode() for value in group)) for group in given if group]
        tests += [_holds_fault(FAULTY_TEXT[kind])] if self.faulty and kind in FAULTY_TEXT else []
        tests += [may_be_unready] if self.unready else []
        tests += [partial(may_be_in_state, self.volume)] if self.volume else []
        return tests[0] if len(tests) == 1 else lambda text: all(test(text) for test in tests)

    def as_dict(self) -> dict[str, Any]:
        """Return the form used in a saved snapshot: only the criteria that are given, tuples as lists."""
        rows = asdict(self).items()
        return {key: list(value) if isinstance(value, tuple) else value for key, value in rows if value}


def _holds_one(words: tuple[bytes, ...]) -> Test:
    return lambda text: any(word in text for word in words)


def _holds_fault(words: tuple[bytes, ...]) -> Test:
    # Counting is what bytes do fastest: nearly every volume has the field, and nearly none has a value in it.
    return lambda text: (
        any(word in text for word in words)
        or (text.count(MIGRATING) > sum(text.count(MIGRATING + value) for value in UNSET))
    )


def _owners(obj: Obj) -> set[str]:
    owners = (owner for owner in get_items(obj, "metadata.ownerReferences") if isinstance(owner, dict))
    return {text for owner in owners for key in ("name", "uid") if isinstance(text := owner.get(key), str)}


def _about(obj: Obj) -> str:
    return get_text(obj, "involvedObject.name") or get_text(obj, "regarding.name")


def _label_texts(obj: Obj) -> set[str]:
    return {f"{key}={value}" for key, value in get_labels(obj).items()}


def _is_faulty(obj: Obj) -> bool:
    """Of an Event, a Warning; of a Volume, one that lacks replicas; of a Pod, one that does not do its work."""
    if obj.get("kind") == "Event" or "involvedObject" in obj or "regarding" in obj:
        return get_text(obj, "type") == "Warning"
    if get_text(obj, "status.currentMigrationNodeID"):
        return True
    if robustness := get_text(obj, "status.robustness"):
        return robustness in UNHEALTHY
    phase = get_text(obj, "status.phase")
    if phase != "Running":
        return phase in BROKEN
    states = get_items(obj, "status.containerStatuses")
    return any(isinstance(state, dict) and state.get("ready") is False for state in states)
