"""The status of a cluster's upgrade: its parts as data, and the explanation built from them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from harvdiag.core.escape import escape_text
from harvdiag.core.frames import build_table
from harvdiag.core.model import Finding, ObjectRef
from harvdiag.status.diagnosis import Diagnosis
from harvdiag.status.upgrade.explanation import explain_upgrade
from harvdiag.status.upgrade.part import Part, fill_parts
from harvdiag.upgrade.timeline import Span, build_entry_frame, build_phase_frame, find_phases
from harvdiag.upgrade.waiting import node_row

if TYPE_CHECKING:
    import pandas as pd

    from harvdiag.status.upgrade.drain.drain import Drain
    from harvdiag.status.upgrade.history import History
    from harvdiag.status.upgrade.progress import UpgradeProgress

__all__ = ["NodeState", "UpgradeStatus"]

NODE_COLUMNS = {
    **dict.fromkeys(("name", "state", "step", "waits_for", "machine", "kubelet", "os", "ready"), "str"),
    "cordoned": "boolean",
    "since": "datetime64[ns, UTC]",
}


@dataclass(frozen=True, repr=False)
class NodeState:
    """The state of one node in the upgrade, part by part; its repr is the text. Without a Node the name is empty."""

    node: str
    parts: tuple[Part, ...]

    def __repr__(self) -> str:
        head = f"Node {self.node}" if self.node else "no Node"
        return "\n".join(escape_text(line) for line in (head, *(f"{part.label}: {part.text}" for part in self.parts)))


class UpgradeStatus(Diagnosis):
    """The status of a cluster's upgrade. Its repr is the explanation; `nodes` is the table, `progress`, `history` and
    `drain()` are the content of the pictures.
    """

    def __repr__(self) -> str:
        return self.explain()

    def __dir__(self) -> list[str]:
        return sorted(name for name in super().__dir__() if not name.startswith("_"))

    @property
    def nodes(self) -> pd.DataFrame:
        """One row a node: `name`, `state`, `step`, `waits_for`, `machine`, `kubelet`, `os`, `ready` (all str),
        `cordoned` (boolean), `since` (UTC).

        `step` is the last of the drain that was taken (``pre-drain requested``; ``idle`` where no drain is under way;
        docs/objects.md#drain-steps).
        """
        rows = [node_row(self.shown, node) for node in self.shown.nodes] if self.shown else []
        return build_table(rows, NODE_COLUMNS)

    @cached_property
    def timeline(self) -> pd.DataFrame:
        """All that happened, in order: `time` (UTC), `what`, `node`, `object`, `field` (str)."""
        return build_entry_frame(self.past.entries() if self.past else [])

    @cached_property
    def progress(self) -> UpgradeProgress:
        """How far each node is, and each phase, with its mark: ``.frame``, ``.phases``, ``.document``."""
        from harvdiag.status.upgrade.progress import UpgradeProgress

        return UpgradeProgress(self)

    @cached_property
    def history(self) -> History:
        """How long each step took, and where it stopped: ``.frame``, ``.lines`` (as text), ``.document``."""
        from harvdiag.status.upgrade.history import History

        return History(self.progress)

    def drain(self, node: str = "") -> Drain:
        """Return the steps of one node's drain, and who has not answered: ``.frame``, ``.document``.

        Without a name it is the node that is drained, else the one that is stuck. Raises UsageError for a node that
        is not in the upgrade.
        """
        from harvdiag.status.upgrade.drain.drain import build_drain

        return build_drain(self.progress, ObjectRef("Node", "", node) if node else None)

    @property
    def spans(self) -> list[Span]:
        """The phases, then each node's steps, with their times."""
        return find_phases(self.shown, self.facts.snapshot) if self.shown else []

    @property
    def phases(self) -> pd.DataFrame:
        """Each phase, and each node's steps: `node`, `step` (str), `began`, `ended` (UTC), `duration`, `gap`."""
        return build_phase_frame(self.spans)

    def show(self, node: str = "") -> NodeState:
        """Return the state of one node, as a card in notebooks: ``cluster.upgrade.show("srv09")``.

        Without a name it is the first node that is not done, else the first Node. Raises UsageError for a node that
        is neither in the cluster nor in the upgrade's list.
        """
        name = node or self._next_node()
        return NodeState(name, tuple(fill_parts(self.parts(name), self.findings.source)))

    def _next_node(self) -> str:
        """The first node that is not done, else the first Node; empty where none was seen."""
        waiting = [each.name for each in self.upgrade_run.waiting] if self.upgrade_run else []
        return next(iter([*waiting, *(ref.name for ref in self.facts.pairing.nodes)]), "")

    @property
    def cause(self) -> Finding | None:
        """The finding that holds the upgrade up and that no other explains; None where nothing is found."""
        return next(iter(self.story), None)

    def explain(self, node: str = "") -> str:
        """Return where it is, why, and the next step, of the whole upgrade or of one node; a few lines of text.

        Raises UsageError for a node that is neither in the cluster nor in the upgrade's list.
        """
        return "\n".join(f"{part.label}: {escape_text(part.text)}" for part in self.parts(node))

    def parts(self, node: str = "") -> list[Part]:
        """Return the explanation, part by part; names are as in the cluster, not yet escaped."""
        return explain_upgrade(self, node)
