"""The cell that says in a word or two whether a Node and its Machine are paired."""

from __future__ import annotations

from collections.abc import Sequence

from harvdiag.core.marks import GOOD, SEVERE, UNSEEN
from harvdiag.core.model import Finding, ObjectRef, Reason
from harvdiag.graph.pairing import Pair, Pairing, Verdict
from harvdiag.kinds.local import FLEET
from harvdiag.status.nodes.cells import Cell

__all__ = ["build_pair_cell"]

WORDS = {
    Verdict.ORPHAN: "no Machine",
    Verdict.MACHINE_GONE: "Machine is gone",
    Verdict.SEVERAL_NODES: "shared Machine",
    Verdict.HALF_JOINED: "half joined",
    Verdict.DISAGREE: "disagree",
    Verdict.GHOST: "no Node",
    Verdict.NO_NODE_YET: "no Node yet",
    Verdict.PAIRED: "deleting",
}
"""The word for each verdict; ``deleting`` is for a pair whose Machine is being deleted, other pairs have ``yes``."""


def build_pair_cell(pairing: Pairing, pairs: Sequence[Pair], found: Sequence[Finding]) -> Cell:
    """Build the cell of a node's pairs, or of a Machine without a Node; its severity comes from the findings."""
    machines = ", ".join(pair.machine for pair in pairs if pair.machine)
    judged = [f for f in found if f.family == "pairing" and f.reason is not Reason.NOT_MANAGED]
    state = SEVERE[min(finding.severity.rank for finding in judged)] if judged else ""
    verdicts = [(pair, *_judge_pair(pairing, pair)) for pair in pairs]
    told = next((v for v in verdicts if v[1] is not Verdict.PAIRED or v[2]), verdicts[0] if verdicts else None)
    words, verdict, leaving = (told[0].verdict, *told[1:]) if told else ("not judged", Verdict.NOT_JUDGED, False)
    hint = "; ".join(
        filter(None, (words, f"Machine {machines}" if machines else "", judged[0].message if judged else ""))
    )
    if not verdict.is_known:
        return Cell("not seen", UNSEEN, hint, machines)
    if verdict is Verdict.PAIRED and not leaving:
        return Cell(judged[0].short if judged else "yes", state or GOOD, hint, machines)
    word = f"{len(pairs)} Machines" if verdict is Verdict.SEVERAL_MACHINES else WORDS[verdict]
    return Cell(word, state or "info", hint, machines)


def _judge_pair(pairing: Pairing, pair: Pair) -> tuple[Verdict, bool]:
    """The verdict on a pair, and whether its Machine is being deleted."""
    node = ObjectRef("Node", "", pair.node) if pair.node else None
    machine = ObjectRef("Machine", FLEET, pair.machine) if pair.machine else None
    return pairing.judge(node, machine), bool(machine and pairing.deletion_time(machine))
