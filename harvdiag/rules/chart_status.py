"""What fleet says of a Bundle or a ManagedChart: its state, since when, and which objects differ or are not ready."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from harvdiag.core.conditions import Condition, conditions_of, find_condition
from harvdiag.core.fields import Obj, field_path, get_items, get_text
from harvdiag.core.model import ObjectRef
from harvdiag.core.timestamps import latest_time

__all__ = ["ChartStatus", "Difference", "read_status"]

STATES = {
    "errApplied": "ErrApplied",
    "modified": "Modified",
    "outOfSync": "OutOfSync",
    "notReady": "NotReady",
    "waitApplied": "WaitApplied",
    "pending": "Pending",
}
"""The counts of ``status.summary`` that are not healthy, the worst first, and what fleet calls them."""
PART = r"(?s)([a-z][\w.-]*) (?:([\w.-]+)/)?([\w.-]+) (\[\w+\]|modified|missing|extra|orphaned) ?(.*)"
"""One object in fleet's message: kind, namespace, name, what is wrong with it."""
REASON = r"(?s)\[Cluster [^\s:]+: (.*?)\](?:;|$)"
BETWEEN = r"; (?=[a-z][\w.-]* \S+ (?:\[\w+\]|modified|missing|extra|orphaned)(?: |$|;))"
"""Between two objects in that message; a change may hold the same signs."""
COUNT = r"(?:Available|Ready|Updated): (\d+)/(\d+)"


class Difference(NamedTuple):
    """One object of a Bundle that is not as it should be; `ready` and `wanted` are None where no count is told."""

    ref: ObjectRef
    what: str
    ready: int | None = None
    wanted: int | None = None

    @property
    def name(self) -> str:
        """Kind, namespace and name."""
        place = f"{self.ref.namespace}/" if self.ref.namespace else ""
        return f"{self.ref.kind} {place}{self.ref.name}"

    def __str__(self) -> str:
        return f"{self.name} ({self.what})" if self.what else self.name


class ChartStatus(NamedTuple):
    """The status of one Bundle or ManagedChart. `state` is empty where nothing is wrong."""

    state: str
    since: str
    message: str
    differences: tuple[Difference, ...]
    ready: Condition

    @property
    def reason(self) -> str:
        """What fleet says of the cluster itself, such as an error of Helm; empty if it says nothing of it."""
        match = re.search(REASON, self.message)
        return match[1] if match else ""


def read_status(obj: Obj) -> ChartStatus:
    """Return what fleet says of a Bundle or ManagedChart."""
    ready = find_condition(obj, "Ready")
    bad = [row for row in conditions_of(obj) if row.status == "False"]
    message = next((row.message for row in (ready, *bad) if row.status != "True" and row.message), "")
    counted = next((name for key, name in STATES.items() if _count(obj, key)), "")
    state = counted or ("NotReady" if ready and ready.status != "True" else "")
    since = ready.since if ready and ready.status != "True" else latest_time(*(row.since for row in bad))
    return ChartStatus(state, since, message, tuple(_differences(obj, message)) if state else (), ready)


def _count(obj: Obj, key: str) -> bool:
    count = field_path(f"status.summary.{key}").get(obj)
    return isinstance(count, int | float) and count > 0


def _differences(obj: Obj, message: str) -> list[Difference]:
    """Return the objects by the summary, else by the message, which has them where older fleet lists none."""
    listed = [d for row in get_items(obj, "status.summary.nonReadyResources") for d in _listed(row)]
    return list(dict.fromkeys(listed)) or [d for part in re.split(BETWEEN, message) if (d := _read_part(part))]


def _listed(row: object) -> Iterator[Difference]:
    for part in get_items(row, "nonReadyStatus"):
        words = get_items(part, "summary.message") or [get_text(part, "summary.state")]
        yield _difference(part, ", ".join(word for word in words if isinstance(word, str)))
    for part in get_items(row, "modifiedStatus"):
        gone = field_path("missing").get(part) is True
        extra = field_path("delete").get(part) is True
        patch = get_text(part, "patch")
        yield _difference(part, "missing" if gone else "extra" if extra else f"modified {patch}".strip())


def _difference(part: object, what: str) -> Difference:
    ref = ObjectRef(get_text(part, "kind"), get_text(part, "namespace"), get_text(part, "name"))
    return Difference(ref, what, *_counts(what))


def _read_part(part: str) -> Difference | None:
    match = re.fullmatch(PART, part.strip())
    if match is None:
        return None
    kind, namespace, name, sign, rest = match.groups()
    what = rest.strip() if sign.startswith("[") and rest.strip() else f"{sign.strip('[]')} {rest}".strip()
    return Difference(ObjectRef(_kind_name(kind), namespace or "", name), what, *_counts(what))


def _kind_name(word: str) -> str:
    """Return the kind of ``daemonset.apps`` as the catalogue spells it."""
    bare = word.partition(".")[0]
    return {"deployment": "Deployment", "daemonset": "DaemonSet", "kubevirt": "KubeVirt"}.get(bare, bare)


def _counts(what: str) -> tuple[int | None, int | None]:
    match = re.search(COUNT, what)
    return (int(match[1]), int(match[2])) if match else (None, None)
