"""The rows of the node board: every node, and every Machine or Node name without one, trouble on top.

What is broken comes from the findings; a field that no rule judges is shown as it is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import Any, ClassVar

from harvdiag.core.marks import GOOD, NONE, NOW, PLAIN, SEVERE, UNSEEN
from harvdiag.core.model import Finding, ObjectRef, Reason, Severity
from harvdiag.core.tabular import Record, Tabular
from harvdiag.graph.pairing import Pair
from harvdiag.kinds import CATALOGUE
from harvdiag.kinds.columns import condition_column
from harvdiag.kinds.local import FLEET
from harvdiag.status.diagnosis import Diagnosis
from harvdiag.status.nodes.cells import COLUMNS as HEADS
from harvdiag.status.nodes.cells import Cell, Row
from harvdiag.status.nodes.paired import build_pair_cell
from harvdiag.status.nodes.workload import Load, count_vms, count_volumes
from harvdiag.upgrade.phases import DONE, PRELOADED, PRELOADING, REBOOT
from harvdiag.upgrade.run import NodeUpgrade

__all__ = ["Board"]

FIELDS = {column.name: column for column in CATALOGUE["Node"].columns}
PARTS = ("CustomMachine", "RKEBootstrap")
WAITING = {"", PRELOADING, PRELOADED}
NAMED = dict.fromkeys(("kind", "name", "machine", "severity"), "str")
DTYPES = {"findings": "Int64", "volumes": "Int64", "vms": "Int64"} | dict.fromkeys(
    ("managed", "ready", "schedulable"), "boolean"
)
VOTER = condition_column("voter", "EtcdIsVoter")


class Board(Tabular):
    """All rows of one cluster, and the findings that are about none of them.

    Its table has one row a node, and one a Machine or a name without a node: `kind`, `name`, `machine`, `severity`
    (str), `findings` (Int64, how many), `paired` (str), `managed`, `ready`, `schedulable` (boolean), `roles`,
    `kubelet`, `os` (str), `volumes`, `vms` (Int64, how many), `upgrade` (its state), `rules` (str). What was not seen,
    or does not apply to a Machine, is missing.
    """

    noun = "nodes"
    dtypes: ClassVar[Mapping[str, str]] = NAMED | {name: DTYPES.get(name, "str") for name in (*HEADS, "rules")}

    def __init__(self, diagnosis: Diagnosis) -> None:
        self.diagnosis = diagnosis
        self.facts = diagnosis.facts
        self.findings = diagnosis.findings

    def __repr__(self) -> str:
        bad = sum(row.trouble for row in self.rows)
        return f"<Board: {len(self.nodes)} nodes, {len(self.rows)} rows, {bad} in trouble>"

    @property
    def records(self) -> list[Record]:
        """One row each, as `rows` has them."""
        return [dict(self._row_record(row)) for row in self.rows]

    def _row_record(self, row: Row) -> Iterator[tuple[str, Any]]:
        yield from zip(NAMED, (row.ref.kind, row.ref.name, row.machine, row.state), strict=True)
        for name in HEADS:
            cell = row.cells[name]
            yield name, cell.word or None if name == "paired" else cell.value
        yield "rules", ", ".join(dict.fromkeys(finding.rule for finding in row.findings))

    def _document_head(self) -> dict[str, Any]:
        """Why the Nodes were `not_seen`, and the findings about no single node (`others`, by fingerprint)."""
        return {
            "not_seen": self.facts.snapshot.gap("Node"),
            "others": [finding.fingerprint for finding in self.others],
        }

    @cached_property
    def rows(self) -> list[Row]:
        """The rows, trouble on top: by severity, own faults before rows that are held up, by count, by name."""
        found = [*self._node_rows(), *self._ghost_rows()]
        found.sort(
            key=lambda row: (
                min(row.rank, 2),
                row.is_held_up,
                not row.ghost,
                -len(row.findings),
                row.node or row.name,
                row.ref,
            )
        )
        return found

    @property
    def nodes(self) -> list[Row]:
        """The rows of nodes that exist."""
        return [row for row in self.rows if not row.ghost]

    @property
    def broken(self) -> list[Row]:
        """The rows of nodes that exist and have a fault of their own, which is more than to be held up by another.

        Every picture that counts broken nodes counts these (`describe_broken` of `harvdiag.status.nodes.titles`).
        """
        return [row for row in self.nodes if row.trouble and not row.is_held_up]

    @cached_property
    def others(self) -> list[Finding]:
        """The findings that are about no row of the board."""
        told = {finding.fingerprint for row in self.rows for finding in row.findings}
        return [finding for finding in self.findings if finding.fingerprint not in told]

    @cached_property
    def columns(self) -> list[str]:
        """The columns that have any content: `upgrade` only where there is an upgrade, or where it was not seen; no
        count of what was not seen (`uncounted`).
        """
        empty = set(self.uncounted)
        if not self._is_upgrading and not self.facts.snapshot.gap("Upgrade"):
            empty.add("upgrade")
        return [name for name in HEADS if name not in empty]

    @property
    def uncounted(self) -> list[str]:
        """The columns of workload that the source does not have, so that none of their cells has a count."""
        unseen = {"volumes": self._volume_loads is None, "vms": self._vm_counts is None}
        return [name for name, missing in unseen.items() if missing and self.nodes]

    # --- rows ------------------------------------------------------------------------------------------------------

    def _node_rows(self) -> Iterator[Row]:
        for ref in self.facts.pairing.nodes:
            pairs = self._pairs_by_node.get(ref.name, [])
            machines = [pair.machine for pair in pairs if pair.machine]
            found = self._findings_about(ref, machines)
            cells = {
                "findings": self._findings_cell(found),
                "paired": build_pair_cell(self.facts.pairing, pairs, found),
            } | self._build_cells(ref, found)
            yield Row(ref, ref.name, cells, found, machine=", ".join(machines))

    def _ghost_rows(self) -> Iterator[Row]:
        """The Machines without a Node, and the Nodes that do not exist but that a finding is about."""
        known = {ref.name for ref in self.facts.pairing.nodes}
        for ref in self.facts.pairing.machines:
            pairs = self._pairs_by_machine.get(ref.name, [])
            if not pairs:
                continue
            edge = self.facts.pairing.node_ref(ref)
            known |= {edge.target.name} if edge else set()
            found = self._findings_about(edge.target if edge else ref, [ref.name])
            cells, node = (
                self._empty_cells(build_pair_cell(self.facts.pairing, pairs, found), found),
                edge.target.name if edge else "",
            )
            yield Row(ref, ref.name, cells, found, ghost=True, machine=ref.name, node=node)
        gone = [finding.subject for finding in self.findings if finding.subject.kind == "Node"]
        for ref in dict.fromkeys(ref for ref in gone if ref.name not in known):
            found = self._findings_about(ref, [])
            absent = Cell("does not exist", found[0].severity.value, f"{ref} does not exist")
            yield Row(ref, ref.name, self._empty_cells(absent, found), found, ghost=True)

    def _empty_cells(self, first: Cell, found: tuple[Finding, ...]) -> dict[str, Cell]:
        cells = dict.fromkeys(HEADS, Cell("", NONE))
        return cells | {"findings": self._findings_cell(found), "paired": first}

    @cached_property
    def _pairs_by_node(self) -> dict[str, list[Pair]]:
        return _group_pairs(self.facts.pairing.rows(), "node")

    @cached_property
    def _pairs_by_machine(self) -> dict[str, list[Pair]]:
        return _group_pairs((pair for pair in self.facts.pairing.rows() if not pair.node), "machine")

    @cached_property
    def _findings_by_object(self) -> dict[ObjectRef, list[Finding]]:
        """The findings by the objects that each is about: its subject, and the evidence of one about something wider.

        A finding about a Node is about that Node alone, whichever objects are its evidence.
        """
        index: dict[ObjectRef, list[Finding]] = {}
        for finding in self.findings:
            narrow = {"Node": (), "Machine": ("Node",)}
            kinds: tuple[str, ...] = narrow.get(finding.subject.kind, ("Node", "Machine"))
            about = [finding.subject, *(e.object for e in finding.evidence if e.object.kind in kinds)]
            for ref in dict.fromkeys(about):
                index.setdefault(ref, []).append(finding)
        return index

    def _findings_about(self, ref: ObjectRef, machines: Iterable[str]) -> tuple[Finding, ...]:
        own = [ref]
        for name in machines:
            machine = ObjectRef("Machine", FLEET, name)
            own += [machine, *(machine._replace(kind=kind) for kind in PARTS)]
            own.append(machine._replace(kind="Secret", name=f"{name}-machine-plan"))
        mine = {finding.fingerprint for one in own for finding in self._findings_by_object.get(one, ())}
        return tuple(finding for finding in self.findings if finding.fingerprint in mine) if mine else ()

    # --- cells -----------------------------------------------------------------------------------------------------

    def _build_cells(self, ref: ObjectRef, found: tuple[Finding, ...]) -> dict[str, Cell]:
        obj, step = self.facts.pairing.obj(ref), self._node_upgrades.get(ref.name)
        given = {name: FIELDS[name].value(obj) for name in ("ready", "schedulable", "roles", "managed")}
        voter = str(VOTER.value(obj) or "")
        return {
            "managed": _managed_cell(given["managed"], found),
            "ready": _ready_cell(given["ready"], step, found),
            "schedulable": _schedulable_cell(given["schedulable"], step, found),
            "roles": _role_cell(str(given["roles"] or ""), voter),
            "kubelet": self._version_cell("kubelet", ref, step),
            "os": self._version_cell("os", ref, step),
            "volumes": _volumes_cell(self._volume_loads, ref.name),
            "vms": _vms_cell(self._vm_counts, ref.name),
            "upgrade": self._upgrade_cell(step, found),
        }

    def _findings_cell(self, found: tuple[Finding, ...]) -> Cell:
        if not found:
            return Cell("none", PLAIN if self.findings.skipped else GOOD, "no finding is about it", 0)
        worst = min(finding.severity.rank for finding in found)
        told = "; ".join(f"{finding.rule}: {finding.message}" for finding in found[:4])
        return Cell(str(len(found)), SEVERE[worst], told, len(found))

    @cached_property
    def _is_upgrading(self) -> bool:
        return self.facts.rollout is not None

    @property
    def _states_field(self) -> str:
        run = self.facts.rollout
        return f"{run.upgrade.ref.kind} {run.upgrade.statuses_path}" if run else ""

    @cached_property
    def _node_upgrades(self) -> dict[str, NodeUpgrade]:
        return {node.name: node for node in self.facts.rollout.nodes} if self.facts.rollout else {}

    @cached_property
    def _volume_loads(self) -> Any:
        return count_volumes(self.facts.snapshot)

    @cached_property
    def _vm_counts(self) -> Any:
        return count_vms(self.facts.snapshot)

    @cached_property
    def _common_versions(self) -> dict[str, str]:
        """The kubelet and OS that the upgrade installs, else those that most nodes run; empty where there is none."""
        if self.facts.rollout:
            release = self.facts.rollout.upgrade.release
            return {"kubelet": release.kubernetes, "os": release.os}
        found = {}
        for name, column in (("kubelet", FIELDS["kubelet"]), ("os", FIELDS["os"])):
            told = Counter(column.value(self.facts.pairing.obj(ref)) for ref in self.facts.pairing.nodes)
            version, count = told.most_common(1)[0]
            found[name] = str(version or "") if 2 * count > told.total() else ""
        return found

    def _version_cell(self, name: str, ref: ObjectRef, step: NodeUpgrade | None) -> Cell:
        told = str(FIELDS[name].value(self.facts.pairing.obj(ref)) or "")
        if not told:
            return Cell("not reported", UNSEEN, FIELDS[name].source)
        word = told.removeprefix("Harvester ").partition("+")[0]
        usual, hint = self._common_versions[name], f"{FIELDS[name].source}: {told}"
        if not usual or told == usual:
            return Cell(word, GOOD if usual and step else PLAIN, hint, told)
        if step is None:
            return Cell(word, "warning", f"{hint}; most nodes run {usual}", told)
        late = step.place == DONE
        return Cell(word, "warning" if late else PLAIN, f"{hint}; the upgrade installs {usual}", told)

    def _upgrade_cell(self, step: NodeUpgrade | None, found: tuple[Finding, ...]) -> Cell:
        if step is None:
            gap = self.facts.snapshot.gap("Upgrade")
            return Cell("not seen", UNSEEN, f"Upgrade: {gap}") if gap else Cell("", NONE)
        word, hint = step.state or "not in its list", self._states_field
        if mine := [finding for finding in found if finding.family == "upgrade"]:
            worst = min(mine, key=lambda finding: finding.severity.rank)
            return Cell(word, worst.severity.value, f"{hint}: {word}; {worst.message}", step.state)
        state = GOOD if step.place == DONE else PLAIN if step.place in WAITING else NOW
        return Cell(word, state, f"{hint}: {word}", step.state)


def _group_pairs(pairs: Iterable[Pair], side: str) -> dict[str, list[Pair]]:
    found: dict[str, list[Pair]] = {}
    for pair in pairs:
        found.setdefault(getattr(pair, side), []).append(pair)
    return found


def _managed_cell(value: Any, found: tuple[Finding, ...]) -> Cell:
    hint = FIELDS["managed"].source
    if value == "true":
        return Cell("yes", GOOD, f"{hint}: true", True)
    judged = next((finding.severity.value for finding in found if finding.reason is Reason.NOT_MANAGED), "warning")
    return Cell("no", judged, f"{hint}: {value or 'absent'}", False)


def _ready_cell(value: Any, step: NodeUpgrade | None, found: tuple[Finding, ...]) -> Cell:
    hint = f"condition Ready: {value or 'absent'}"
    if value == "True":
        return Cell("yes", GOOD, hint, True)
    if not value:
        return Cell("not reported", UNSEEN, hint)
    if step is not None and step.place == REBOOT and not found:
        return Cell("restarting", NOW, f"{hint}; the upgrade restarts it", False)
    if value == "False":
        return Cell("not ready", "error", hint, False)
    return Cell("unknown", "error", hint, False, reason="readiness unknown")


def _schedulable_cell(value: Any, step: NodeUpgrade | None, found: tuple[Finding, ...]) -> Cell:
    if value is not False:
        return Cell("yes", GOOD, "spec.unschedulable: absent", True)
    asked = step is not None and step.handshake is not None and not step.handshake.idle
    if asked or (step is not None and step.place not in {*WAITING, DONE}):
        return Cell("draining", NOW, "spec.unschedulable: true; the upgrade drains it", False)
    judged = [f.severity for f in found if any(e.path == "spec.unschedulable" for e in f.evidence)]
    worst = min(judged, key=lambda severity: severity.rank, default=Severity.WARNING)
    return Cell("cordoned", worst.value, "spec.unschedulable: true", False)


def _role_cell(roles: str, voter: str) -> Cell:
    told = set(roles.split())
    word = "management" if {"control-plane", "etcd"} <= told else roles or "worker"
    hint = f"roles: {roles or 'none'}"
    if "etcd" in told and voter == "False":
        return Cell("not in etcd", "warning", f"{hint}; condition EtcdIsVoter: False", roles)
    return Cell("witness" if "witness" in told else word, PLAIN, hint, roles)


def _volumes_cell(seen: dict[str, Load] | None, node: str) -> Cell:
    hint = "Volume.longhorn.io status.currentNodeID"
    if seen is None:
        return Cell("not seen", UNSEEN, f"{hint}: not seen")
    load = seen.get(node, Load())
    bad = [(load.faulted, "faulted", "error"), (load.degraded, "degraded", "warning")]
    told = [(f"{count} {word}", state) for count, word, state in bad if count]
    reason = ", ".join(word for word, _ in told)
    words = ", ".join(filter(None, (str(load.attached), reason)))
    return Cell(words, told[0][1] if told else PLAIN, f"{hint}: {words}", load.attached, reason)


def _vms_cell(seen: dict[str, int] | None, node: str) -> Cell:
    hint = "VirtualMachineInstance status.nodeName"
    if seen is None:
        return Cell("not seen", UNSEEN, f"{hint}: not seen")
    return Cell(str(seen.get(node, 0)), PLAIN, f"{hint}: {seen.get(node, 0)}", seen.get(node, 0))
