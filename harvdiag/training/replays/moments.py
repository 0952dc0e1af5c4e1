"""The moments of an upgrade that goes well, in order: what is seen, how long after its beginning, and what makes it.

The steps of a drain have the numbers of docs/objects.md#drain-steps; what is seen between two of them has a word.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

from harvdiag.training.library.changes.drains import reach_step, reach_step_of_plan
from harvdiag.training.library.stage import Stage
from harvdiag.training.world.rollouts import EACH_NODE, FIRST_NODE, PHASES, at_phase
from harvdiag.training.world.steps import STEPS
from harvdiag.training.world.upgradeplans import MINUTES, V2_PHASES, at_plan_phase

__all__ = ["Moment", "Play", "list_moments", "list_plan_moments"]

Play = Callable[[Stage], None]


@dataclass(frozen=True, kw_only=True)
class Moment:
    """One moment: its `key` (``hv02 h5``, ``RepoPrepared``), the `words` that tell it, the `node` it is about (empty
    for the whole cluster), `minutes` since the upgrade was created, and `play`, which brings a healthy cluster there.
    """

    key: str
    words: str
    minutes: float
    play: Play
    node: str = ""
    waited: float = 0
    """For how many of its last hours nothing changes."""

    @property
    def title(self) -> str:
        """``hv02: Rancher has drained it (h6)``"""
        return f"{self.node}: {self.words}" if self.node else self.words


class _Row(NamedTuple):
    step: str
    code: str
    words: str


_PHASES = {
    "new": "The upgrade was created; nothing has begun",
    "PreparingLoggingInfra": "Harvester installs the logging of the upgrade",
    "LoggingInfraPrepared": "Harvester downloads the image",
    "PreparingRepo": "Harvester starts the repository with the new images",
    "RepoPrepared": "The repository is ready",
    "PreparingNodes": "Every node loads the new images",
    "prepared": "All nodes have the new images",
    "UpgradingSystemServices": "A Job upgrades the system services",
    "gate": "The services are new; the nodes are next",
}
_STEPS = (
    _Row("h0", "h0", "its turn comes"),
    _Row("h1", "h1", "Rancher announces the drain (h1)"),
    _Row("h2", "h2", "Rancher cordons it and asks for the pre-drain hook (h2)"),
    _Row("h3", "h3", "Harvester starts the Job that empties it (h3)"),
    _Row("h4", "emptying", "the Job moves its VMs away and looks at the volumes"),
    _Row("h5", "h5", "the Job is complete (h4), Harvester acknowledges (h5)"),
    _Row("h6", "h6", "Rancher has drained it (h6)"),
    _Row("h7", "applying", "its agent is to apply the new plan"),
    _Row("restarting", "restarting", "RKE2 restarts with the new release"),
    _Row("probes", "probes", "the new kubelet runs; Rancher waits for the probes"),
    _Row("uncordon", "h7", "Rancher notes that it may be uncordoned (h7)"),
    _Row("h8", "h8", "Rancher asks for the post-drain hook (h8)"),
    _Row("h9", "h9", "Harvester starts the Job that installs the new system (h9)"),
    _Row("h10", "installing", "the Job writes the new system"),
    _Row("waiting", "h10", "the Job is complete (h10), the host is to restart"),
    _Row("rebooting", "rebooting", "the host restarts"),
    _Row("h11", "h11", "the new system runs, Harvester acknowledges (h11)"),
    _Row("h12", "h12", "Rancher uncordons it and clears the drain (h12)"),
)
_SHORT = ("h3", "applying", "h9", "h12")
"""The steps at which the nodes are shown that are not gone through step by step."""
_PLAN_PHASES = {
    "Initializing": "The UpgradePlan was created",
    "ISODownloading": "Harvester downloads the ISO",
    "RepoCreating": "Harvester makes the repository",
    "MetadataPopulating": "Harvester reads what the release contains",
    "ImagePreloading": "The nodes load the new images",
    "ClusterUpgrading": "A Job upgrades the services of the cluster",
    "ClusterUpgraded": "The services of the cluster are new",
}


def list_moments(nodes: Sequence[str], detail: str) -> list[Moment]:
    """The moments of an Upgrade of these nodes, in their order; `detail` is the node that is shown at every step."""
    ahead = [
        Moment(key=key, words=words, minutes=PHASES[key].minutes, play=partial(_at, key))
        for key, words in _PHASES.items()
    ]
    return [*ahead, *_of_nodes(nodes, detail, reach_step)]


def list_plan_moments(nodes: Sequence[str], detail: str) -> list[Moment]:
    """The same for an UpgradePlan, each phase of which takes `MINUTES`."""
    first = PHASES["gate"].minutes - MINUTES * V2_PHASES.index("NodeUpgrading")
    ahead = [
        Moment(key=key, words=words, minutes=first + MINUTES * V2_PHASES.index(key), play=partial(_at_plan, key))
        for key, words in _PLAN_PHASES.items()
    ]
    end = FIRST_NODE + EACH_NODE * len(nodes)
    last = Moment(key="Succeeded", words="The upgrade has succeeded", minutes=end, play=partial(_at_plan, "Succeeded"))
    return [*ahead, *_of_nodes(nodes, detail, reach_step_of_plan), last]


def _of_nodes(nodes: Sequence[str], detail: str, reach: Callable[[Stage, str, str], None]) -> Iterator[Moment]:
    for turn, node in enumerate(nodes):
        for row in _STEPS:
            if node != detail and row.code not in _SHORT:
                continue
            minutes = FIRST_NODE + EACH_NODE * turn + STEPS[row.step].minutes
            play = partial(_reach, reach, node, row.step)
            yield Moment(key=f"{node} {row.code}", words=row.words, minutes=minutes, play=play, node=node)


def _reach(reach: Callable[[Stage, str, str], None], node: str, step: str, stage: Stage) -> None:
    reach(stage, node, step)


def _at_plan(phase: str, stage: Stage) -> None:
    at_plan_phase(stage.world, phase)


def _at(phase: str, stage: Stage) -> None:
    at_phase(stage.world, phase)
