"""Cells and rows of the node board: one fact of one node each, with its state, its short word, and its field."""

from __future__ import annotations

from typing import Any, NamedTuple

from harvdiag.core.marks import PLAIN, SEVERE
from harvdiag.core.model import Finding, ObjectRef

__all__ = ["COLUMNS", "Cell", "Row"]

COLUMNS = {
    "findings": "findings",
    "paired": "paired",
    "managed": "managed",
    "ready": "ready",
    "schedulable": "schedulable",
    "roles": "role",
    "kubelet": "kubelet",
    "os": "system",
    "volumes": "volumes",
    "vms": "VMs",
    "upgrade": "upgrade",
}
"""The columns by name, each with its heading."""
HEALTHY_RANK = len(SEVERE)
SPEAKING = ("paired", "managed", "kubelet", "os")  # their words say more of a fault than the short form of its finding
FOLLOWING = {"findings", "upgrade"}  # their trouble is a consequence of the fault, not the fault
LEADS = {"managed": "managed: ", "kubelet": "kubelet ", "os": "system ", "volumes": "volumes: "}


class Cell(NamedTuple):
    """One fact: its short `word`, its `state` (a mark), its `hint` with the field, and its `value` for a table.

    `reason` is what is wrong with it, where the word alone does not say so.
    """

    word: str
    state: str = PLAIN
    hint: str = ""
    value: Any = None
    reason: str = ""

    @property
    def bad(self) -> bool:
        """Whether it needs attention: an error or a warning."""
        return self.state in SEVERE[:2]


class Row(NamedTuple):
    """One node, or a Machine or a Node's name that has none (`ghost`), with one cell per column and its findings.

    `machine` are the names of its Machines, `node` is the Node that a Machine without one references.
    """

    ref: ObjectRef
    name: str
    cells: dict[str, Cell]
    findings: tuple[Finding, ...] = ()
    ghost: bool = False
    machine: str = ""
    node: str = ""

    @property
    def state(self) -> str:
        """The worst of its findings and cells: ``error``, ``warning``, ``info`` or empty."""
        return SEVERE[self.rank] if self.rank < HEALTHY_RANK else ""

    @property
    def rank(self) -> int:
        """The rank of its state: 0 for an error, 1 for a warning, 2 for info, 3 for none of them."""
        found = [finding.severity.rank for finding in self.findings]
        found += [SEVERE.index(cell.state) for cell in self.cells.values() if cell.state in SEVERE]
        return min(found, default=HEALTHY_RANK)

    @property
    def trouble(self) -> bool:
        """Whether it needs attention: its worst state is an error or a warning."""
        return self.rank < 2

    @property
    def is_held_up(self) -> bool:
        """Whether all that is wrong with it is a consequence of something else."""
        if not self.findings or not self.trouble:
            return False
        shown = {name for name, cell in self.cells.items() if cell.bad} - FOLLOWING
        return all(finding.caused_by for finding in self.findings) and not shown

    @property
    def reason(self) -> str:
        """The worst of it in a few words: ``no Machine``, ``pre-drain unanswered``."""
        bad = [(name, cell) for name, cell in self.cells.items() if name not in FOLLOWING and cell.bad]
        own = [(name, cell) for name, cell in bad if name in SPEAKING and cell.state == self.state]
        if self.findings and not own:
            return self.findings[0].short
        name, cell = min(own or bad, key=lambda told: SEVERE.index(told[1].state), default=("", Cell("")))
        return LEADS.get(name, "") + (cell.reason or cell.word)
