"""Jobs, Deployments and other workloads in a table, and what they use: Services, claims, budgets."""

from __future__ import annotations

from collections.abc import Callable

from harvdiag.core.ages import format_age, format_span
from harvdiag.core.conditions import find_condition
from harvdiag.core.fields import Obj, field_path, get_items, get_text
from harvdiag.core.timestamps import Timestamp
from harvdiag.kinds.printing.column import AGE, NAME, PrintColumn, computed, field, print_value

__all__ = [
    "BUDGETS",
    "CLAIMS",
    "CRONJOBS",
    "DAEMONSETS",
    "DEPLOYMENTS",
    "JOBS",
    "REPLICASETS",
    "SERVICES",
    "STATEFULSETS",
    "VOLUMES",
    "count_keys",
]

ENDINGS = {
    "Complete": "Complete",
    "Failed": "Failed",
    "Suspended": "Suspended",
    "FailureTarget": "FailureTarget",
    "SuccessCriteriaMet": "SuccessCriteriaMet",
}
"""The conditions of a Job that end its state, in the order in which kubectl looks for them."""
MODES = {"ReadWriteOnce": "RWO", "ReadOnlyMany": "ROX", "ReadWriteMany": "RWX", "ReadWriteOncePod": "RWOP"}


def _number(obj: Obj, path: str, missing: int = 0) -> int:
    value = field_path(path).get(obj)
    return value if isinstance(value, int) and not isinstance(value, bool) else missing


def _count(header: str, path: str) -> PrintColumn:
    return computed(header, lambda obj: str(_number(obj, path)))


def _of(ready: str, wanted: str) -> Callable[[Obj], str]:
    """``1/2``; one without a number of its own wants one."""
    return lambda obj: f"{_number(obj, ready)}/{_number(obj, wanted, 1)}"


def _job_status(obj: Obj) -> str:
    ended = next((word for kind, word in ENDINGS.items() if find_condition(obj, kind).status == "True"), "")
    return ended or ("Terminating" if get_text(obj, "metadata.deletionTimestamp") else "Running")


def _completions(obj: Obj) -> str:
    done, wanted = _number(obj, "status.succeeded"), field_path("spec.completions").get(obj)
    if isinstance(wanted, int):
        return f"{done}/{wanted}"
    workers = _number(obj, "spec.parallelism", 1)
    return f"{done}/1 of {workers}" if workers > 1 else f"{done}/1"


def _duration(obj: Obj, now: Timestamp) -> str:
    began, ended = (Timestamp(get_text(obj, f"status.{path}")) for path in ("startTime", "completionTime"))
    took = (ended or now).since(began) if began else None
    return "" if took is None else format_span(took)


def _containers(field_name: str) -> Callable[[Obj], str]:
    def text(obj: Obj) -> str:
        rows = get_items(obj, "spec.template.spec.containers")
        return ",".join(get_text(row, field_name) for row in rows if isinstance(row, dict))

    return text


def _selector(path: str) -> Callable[[Obj], str]:
    def text(obj: Obj) -> str:
        labels = field_path(path).get(obj)
        return ",".join(f"{key}={print_value(labels[key])}" for key in sorted(labels)) if _is_map(labels) else ""

    return text


def _is_map(value: object) -> bool:
    return isinstance(value, dict)


def count_keys(*paths: str) -> Callable[[Obj], str]:
    """Return the text of a column that counts the keys of these fields together."""
    return lambda obj: str(sum(len(value) for path in paths if isinstance(value := field_path(path).get(obj), dict)))


def _ports(obj: Obj) -> str:
    return ",".join(_port(row) for row in get_items(obj, "spec.ports") if isinstance(row, dict))


def _port(row: Obj) -> str:
    """``443:31443/TCP``: the port, that of the nodes, the protocol."""
    node_port = f":{row['nodePort']}" if row.get("nodePort") else ""
    return f"{print_value(row.get('port'))}{node_port}/{row.get('protocol') or 'TCP'}"


def _external(obj: Obj) -> str:
    rows = get_items(obj, "status.loadBalancer.ingress")
    given = [get_text(row, "ip") or get_text(row, "hostname") for row in rows if isinstance(row, dict)]
    fixed = [each for each in get_items(obj, "spec.externalIPs") if isinstance(each, str)]
    if get_text(obj, "spec.type") == "LoadBalancer" and not (given or fixed):
        return "<pending>"
    return ",".join([*given, *fixed]) or get_text(obj, "spec.externalName")


def _modes(obj: Obj) -> str:
    listed = get_items(obj, "status.accessModes") or get_items(obj, "spec.accessModes")
    return ",".join(MODES.get(str(mode), str(mode)) for mode in listed)


def _claim(obj: Obj) -> str:
    space, name = (get_text(obj, f"spec.claimRef.{part}") for part in ("namespace", "name"))
    return f"{space}/{name}" if name else ""


def _claim_status(obj: Obj) -> str:
    return "Terminating" if get_text(obj, "metadata.deletionTimestamp") else get_text(obj, "status.phase")


def _or_none(path: str) -> Callable[[Obj], str]:
    """A budget's limit; ``N/A`` where the other one is set."""
    return lambda obj: print_value(field_path(path).get(obj)) or "N/A"


_IMAGES = (
    computed("CONTAINERS", _containers("name"), wide=True),
    computed("IMAGES", _containers("image"), wide=True),
    computed("SELECTOR", _selector("spec.selector.matchLabels"), wide=True),
)
JOBS = (
    NAME,
    computed("STATUS", _job_status),
    computed("COMPLETIONS", _completions),
    PrintColumn("DURATION", _duration),
    AGE,
    *_IMAGES,
)
CRONJOBS = (
    NAME,
    field("SCHEDULE", "spec.schedule"),
    field("TIMEZONE", "spec.timeZone"),
    field("SUSPEND", "spec.suspend"),
    computed("ACTIVE", lambda obj: str(len(get_items(obj, "status.active")))),
    PrintColumn(
        "LAST SCHEDULE",
        lambda obj, now: format_age(at, now) if (at := get_text(obj, "status.lastScheduleTime")) else "",
    ),
    AGE,
)
DEPLOYMENTS = (
    NAME,
    computed("READY", _of("status.readyReplicas", "spec.replicas")),
    _count("UP-TO-DATE", "status.updatedReplicas"),
    _count("AVAILABLE", "status.availableReplicas"),
    AGE,
    *_IMAGES,
)
DAEMONSETS = (
    NAME,
    _count("DESIRED", "status.desiredNumberScheduled"),
    _count("CURRENT", "status.currentNumberScheduled"),
    _count("READY", "status.numberReady"),
    _count("UP-TO-DATE", "status.updatedNumberScheduled"),
    _count("AVAILABLE", "status.numberAvailable"),
    computed("NODE SELECTOR", _selector("spec.template.spec.nodeSelector")),
    AGE,
    *_IMAGES,
)
STATEFULSETS = (NAME, computed("READY", _of("status.readyReplicas", "spec.replicas")), AGE, *_IMAGES[:2])
REPLICASETS = (
    NAME,
    computed("DESIRED", lambda obj: str(_number(obj, "spec.replicas", 1))),
    _count("CURRENT", "status.replicas"),
    _count("READY", "status.readyReplicas"),
    AGE,
    *_IMAGES,
)
SERVICES = (
    NAME,
    field("TYPE", "spec.type"),
    field("CLUSTER-IP", "spec.clusterIP"),
    computed("EXTERNAL-IP", _external),
    computed("PORT(S)", _ports),
    AGE,
    computed("SELECTOR", _selector("spec.selector"), wide=True),
)
CLAIMS = (
    NAME,
    computed("STATUS", _claim_status),
    field("VOLUME", "spec.volumeName"),
    field("CAPACITY", "status.capacity.storage"),
    computed("ACCESS MODES", _modes),
    field("STORAGECLASS", "spec.storageClassName"),
    AGE,
    field("VOLUMEMODE", "spec.volumeMode", wide=True),
)
VOLUMES = (
    NAME,
    field("CAPACITY", "spec.capacity.storage"),
    computed("ACCESS MODES", _modes),
    field("RECLAIM POLICY", "spec.persistentVolumeReclaimPolicy"),
    computed("STATUS", _claim_status),
    computed("CLAIM", _claim),
    field("STORAGECLASS", "spec.storageClassName"),
    field("REASON", "status.reason"),
    AGE,
    field("VOLUMEMODE", "spec.volumeMode", wide=True),
)
BUDGETS = (
    NAME,
    computed("MIN AVAILABLE", _or_none("spec.minAvailable")),
    computed("MAX UNAVAILABLE", _or_none("spec.maxUnavailable")),
    _count("ALLOWED DISRUPTIONS", "status.disruptionsAllowed"),
    AGE,
)
