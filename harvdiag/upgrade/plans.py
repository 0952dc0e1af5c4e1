"""Plans of the system-upgrade-controller (SUC): which Nodes each selects, which are done, and what blocks it.

See docs/objects.md#system-upgrade-plans: a Node that is done carries the label ``plan.upgrade.cattle.io/<plan>`` with
the plan's hash. Not to be confused with Rancher's machine-plan Secrets.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from harvdiag.core.conditions import ALL_LISTS, find_condition
from harvdiag.core.fields import Obj, field_path, get_items, get_labels, get_text, name_of, namespace_of
from harvdiag.core.model import ObjectRef
from harvdiag.core.timestamps import Timestamp

__all__ = ["CLEANUP", "GATE", "GONE", "NOT_READY", "PREPARE", "SKIP_RESTART", "SYSTEM_AGENT", "NodePlan", "node_plans"]

PREPARE, CLEANUP, GATE = "prepare", "cleanup", "skip-manifests-apply"
SKIP_RESTART = "skip-restart-rancher-system-agent"
SYSTEM_AGENT = "system-agent-upgrader"
GONE, NOT_READY = "does not exist", "is not Ready"
SUFFIXES = (PREPARE, CLEANUP, GATE, "skip-manifests-remove", SKIP_RESTART)
OF_V2 = "management.harvesterhci.io/upgrade-plan"
RESTART = timedelta(minutes=30)
"""How long a Node may be not Ready because it merely restarts; big servers take many minutes."""


@dataclass(frozen=True, kw_only=True)
class NodePlan:
    """One plan of the system-upgrade-controller."""

    ref: ObjectRef
    upgrade: str
    """The Upgrade that it belongs to; empty, as `task`, for a plan that belongs to none."""
    task: str
    """What it does for that, such as ``prepare``."""
    hash: str
    applying: tuple[str, ...]
    """The Nodes it is being applied to, by its status."""
    selector: Obj

    @property
    def label(self) -> str:
        """The label of a Node that is done."""
        return f"plan.upgrade.cattle.io/{self.ref.name}"

    def selects(self, node: Obj) -> bool:
        """Whether it is to run on this Node."""
        node_labels = get_labels(node)
        wanted: Any = self.selector.get("matchLabels")
        if isinstance(wanted, dict) and any(node_labels.get(key) != value for key, value in wanted.items()):
            return False
        return all(
            _expression_matches(row, node_labels)
            for row in get_items(self.selector, "matchExpressions")
            if isinstance(row, dict)
        )

    def done(self, node: Obj) -> bool:
        """Whether it has run on this Node, in the version that it has now."""
        return bool(self.hash) and get_labels(node).get(self.label) == self.hash

    def missing(self, nodes: Mapping[str, Obj]) -> list[str]:
        """The Nodes that it selects and that are not done."""
        return [name for name, node in nodes.items() if self.selects(node) and not self.done(node)]

    def held_up_by(self, nodes: Mapping[str, Obj], now: Timestamp) -> dict[str, str]:
        """The Nodes on which it cannot run as they are `now`, and why; empty where nothing blocks it."""
        found = {name: GONE for name in self.applying if name not in nodes}
        busy = [name for name in self.applying if name in nodes and not self.done(nodes[name])]
        late = dict.fromkeys([*busy, *self.missing(nodes)])
        return found | {name: NOT_READY for name in late if _is_down(nodes[name], now)}


def node_plans(objects: tuple[Obj, ...]) -> list[NodePlan]:
    """Return the plans of the system-upgrade-controller in cattle-system."""
    return [_build_plan(obj) for obj in objects if namespace_of(obj) == "cattle-system"]


def _build_plan(obj: Obj) -> NodePlan:
    name, selector = name_of(obj), field_path("spec.nodeSelector").get(obj)
    upgrade, task = _upgrade_and_task(name, get_labels(obj))
    ref = ObjectRef("Plan", namespace_of(obj), name)
    applying = tuple(str(node) for node in get_items(obj, "status.applying"))
    return NodePlan(
        ref=ref,
        upgrade=upgrade,
        task=task,
        hash=get_text(obj, "status.latestHash"),
        applying=applying,
        selector=selector if isinstance(selector, dict) else {},
    )


def _upgrade_and_task(name: str, marks: Mapping[str, Any]) -> tuple[str, str]:
    """The Upgrade and the task, by label, else by name: the upgrade's script labels none of its own."""
    if OF_V2 in marks:
        return "", ""
    by_name = next((name.removesuffix(f"-{end}") for end in SUFFIXES if name.endswith(f"-{end}")), "")
    upgrade = str(marks.get("harvesterhci.io/upgrade") or (by_name if by_name.startswith("hvst-upgrade-") else ""))
    return upgrade, name.removeprefix(f"{upgrade}-") if upgrade else ""


def _is_down(node: Obj, now: Timestamp) -> bool:
    """Not Ready for longer than a restart takes, or for an unknown time."""
    ready = find_condition(node, "Ready", ALL_LISTS)
    age = now.since(Timestamp(ready.changed))
    return ready.status in {"False", "Unknown"} and (age is None or age >= RESTART)


def _expression_matches(row: Obj, node_labels: Mapping[str, Any]) -> bool:
    """One matchExpression; an operator that Kubernetes does not know selects nothing."""
    key, values = str(row.get("key")), get_items(row, "values")
    match row.get("operator"):
        case "In":
            return node_labels.get(key) in values
        case "NotIn":
            return node_labels.get(key) not in values
        case "Exists":
            return key in node_labels
        case "DoesNotExist":
            return key not in node_labels
        case _:
            return False
