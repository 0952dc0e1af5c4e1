"""Whether a Node and its Machine have each other, in a word or two."""

from __future__ import annotations

from collections.abc import Sequence

from harvdiag.core.model import Finding, Reason
from harvdiag.graph.pairing import Pair
from harvdiag.status.nodes.cells import BAD, GOOD, UNSEEN, Cell

__all__ = ["paired"]

WORDS = {
    "orphan node": "no Machine",
    "names a Machine that is gone": "Machine is gone",
    "two nodes, one machine": "shared Machine",
    "half-joined": "half joined",
    "disagree": "disagree",
    "ghost machine": "no Node",
    "no node yet": "no Node yet",
}
UNTOLD = ("not judged", "no Machine known", "names a Machine that was not seen")


def __dir__() -> list[str]:
    return __all__


def paired(pairs: Sequence[Pair], found: Sequence[Finding]) -> Cell:
    """The cell of a node's pairs, or of a Machine that has no Node; how bad it is comes from the findings."""
    machines = ", ".join(pair.machine for pair in pairs if pair.machine)
    judged = [f for f in found if f.family == "pairing" and f.reason is not Reason.NOT_MANAGED]
    state = BAD[min(finding.severity.rank for finding in judged)] if judged else ""
    pair = next((pair for pair in pairs if pair.verdict != "paired"), pairs[0] if pairs else None)
    verdict = pair.verdict if pair else "not judged"
    hint = "; ".join(
        filter(None, (verdict, f"Machine {machines}" if machines else "", judged[0].message if judged else ""))
    )
    if verdict.startswith(UNTOLD):
        return Cell("not seen", UNSEEN, hint, machines)
    if verdict == "paired":
        return Cell(judged[0].short if judged else "yes", state or GOOD, hint, machines)
    bare = verdict.removesuffix(", deleting")
    word = f"{len(pairs)} Machines" if bare.startswith("two machines") else WORDS.get(bare, bare)
    return Cell("deleting" if bare == "paired" else word, state or "info", hint, machines)
