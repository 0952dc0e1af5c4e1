"""One of the two readings that are compared: its objects and links, and which absence proves something."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

from harvdiag.core.fields import Obj
from harvdiag.core.model import OTHERS, CoverageEntry, ObjectRef, Outcome
from harvdiag.graph.references import Edge, ref_of
from harvdiag.kinds import CATALOGUE, DIAGNOSIS, LINKED
from harvdiag.status.diagnosis import Diagnosis
from harvdiag.upgrade.v1 import Upgrade

__all__ = ["KINDS", "MAIN", "Side"]

KINDS = DIAGNOSIS
"""The kinds that are compared: those of which every source gives all objects, or says that it does not."""
MAIN = frozenset({*LINKED, "Upgrade"})
"""The kinds that pictures of the changes show: hosts, their parts, the clusters, and the upgrade."""


class Side:
    """One of the two snapshots that are compared."""

    def __init__(self, diagnosis: Diagnosis) -> None:
        self.diagnosis = diagnosis
        self.facts = diagnosis.facts
        self.findings = diagnosis.findings

    @cached_property
    def objects(self) -> Mapping[ObjectRef, Obj]:
        """Every object that is compared."""
        others = [kind for kind in KINDS if kind not in LINKED]
        self.facts.snapshot.load(others)
        found = {ref_of(obj, kind): obj for kind in others for obj in self.facts.snapshot.objects(kind)}
        return {**self.facts.links.objects, **found}

    @cached_property
    def links(self) -> Mapping[ObjectRef, dict[str, list[Edge]]]:
        """The links of each object by their field."""
        found: dict[ObjectRef, dict[str, list[Edge]]] = {}
        for edge in self.facts.links.edges:
            found.setdefault(edge.source, {}).setdefault(edge.path, []).append(edge)
        return found

    @property
    def nodes(self) -> list[str]:
        """The names of the Nodes."""
        return [ref.name for ref in self.facts.pairing.nodes]

    @cached_property
    def partners(self) -> Mapping[str, str]:
        """Machine to Node, and Node to Machine, where they are paired: ``{"Machine custom-1": "srv01", …}``."""
        pairs = [pair for pair in self.facts.pairing.rows() if pair.node and pair.machine]
        return {f"Machine {p.machine}": p.node for p in pairs} | {f"Node {p.node}": p.machine for p in pairs}

    @cached_property
    def paired(self) -> Mapping[str, bool]:
        """Whether a Node is paired with a Machine, by the Node's name."""
        return {pair.node: pair.verdict == "paired" for pair in self.facts.pairing.rows() if pair.node}

    @cached_property
    def states(self) -> Mapping[str, str]:
        """Each node's state in the running upgrade, else in the last."""
        return self.upgrade.nodes if self.upgrade else {}

    @property
    def upgrade(self) -> Upgrade | None:
        """The upgrade under way, of either kind, else the last; None where there was none."""
        return self.diagnosis.current

    @cached_property
    def outcomes(self) -> Mapping[str, Outcome]:
        """What came of each check, by the name of its rule."""
        return {outcome.rule: outcome for outcome in self.findings.outcomes}

    def gap(self, kind: str) -> str:
        """Why an object of this kind that is not here may exist all the same; empty where it does not exist."""
        return self.facts.snapshot.gap(kind) or ""

    def seen(self, ref: ObjectRef) -> bool:
        """Whether its kind was seen in its namespace, so that an object that is not here does not exist."""
        home = CATALOGUE[ref.kind].home
        if self.gap(ref.kind):
            return False
        return not ref.namespace or ref.namespace == home or self._seen_beside(ref.kind, ref.namespace)

    def _seen_beside(self, kind: str, namespace: str) -> bool:
        """Whether the list of a kind was seen in a namespace that is not its home."""
        entries = {entry.namespace: entry for entry in self.facts.snapshot.lists(kind)}
        told: CoverageEntry | None = entries.get(namespace) or entries.get(OTHERS)
        if told is not None:
            return told.state.seen
        # A cluster lists all namespaces at once; a bundle has files of those that it was made for, else nothing tells.
        return self._origin == "live" or (self._origin == "bundle" and namespace in self._namespaces)

    @property
    def _origin(self) -> str:
        manifest = self.facts.snapshot.manifest
        return (manifest.origin or manifest).kind

    @cached_property
    def _namespaces(self) -> frozenset[str]:
        return frozenset(resource.namespace for resource in self.facts.snapshot.resources)
