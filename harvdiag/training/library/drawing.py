"""Drawing an exam: faults that are laid into one cluster, each found by the checks, and nothing else with them.

All is drawn by hashes of the seed, so that a seed gives the same exam on every machine. A draw in which one fault hides
another, or brings what neither explains, is not used: the next one is taken.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any, TypeVar

from harvdiag.core.findings import Findings
from harvdiag.core.model import Finding
from harvdiag.training.library.build import open_stage
from harvdiag.training.library.changes import pairs, services, storage
from harvdiag.training.library.model import Scenario, Solution, build_stage
from harvdiag.training.library.shelf import nodes as at_nodes
from harvdiag.training.library.shelf import phases
from harvdiag.training.library.stage import Stage
from harvdiag.training.world.objects import number
from harvdiag.training.world.versions import RELEASES

__all__ = ["Draw", "draw_exam", "is_solved_by", "name_finding"]

_T = TypeVar("_T")
_SIZES = (3, 4, 4, 5, 5, 6, 7)
_HOSTS = ("hv", "srv", "kvm", "rack", "edge")
_RELEASES = tuple(name for name in RELEASES if name >= "v1.3")


@dataclass(frozen=True)
class _Fault:
    """A fault that may be laid into any cluster; `plant` gets the stage, a node of its own and another one."""

    plant: Callable[[Stage, str, str], None]
    until: int = 9
    own: bool = True
    """Whether it needs a node of its own, which no other fault touches."""


_FAULTS: tuple[_Fault, ...] = (
    _Fault(lambda stage, node, _: pairs.forget_host(stage, node)),
    _Fault(lambda stage, node, _: pairs.leave_machine(stage, node)),
    _Fault(lambda stage, node, _: pairs.keep_old_machine(stage, node, days=3)),
    _Fault(pairs.reuse_old_install),
    _Fault(lambda stage, node, _: pairs.half_join(stage, node)),
    _Fault(lambda stage, node, _: pairs.take_managed_label(stage, node)),
    _Fault(pairs.swap_machines),
    _Fault(lambda stage, node, _: pairs.recreate_node(stage, node), until=7),
    _Fault(lambda stage, node, _: pairs.cordon(stage, node)),
    _Fault(lambda stage, node, _: pairs.stop_kubelet(stage, node, hours=9)),
    _Fault(lambda stage, node, _: pairs.lose_plan_secret(stage, node)),
    _Fault(lambda stage, node, _: pairs.delete_custom_machine(stage, node)),
    _Fault(lambda stage, node, _: pairs.delete_machine(stage, node, days=5)),
    _Fault(lambda stage, node, _: pairs.leave_etcd(stage, node)),
    _Fault(lambda stage, *_: pairs.pause_cluster(stage), own=False),
    _Fault(lambda stage, *_: storage.degrade_volume(stage, hours=30), own=False),
    _Fault(lambda stage, *_: storage.fault_volume(stage, hours=7), own=False),
    _Fault(lambda stage, *_: storage.ask_for_too_many_replicas(stage), own=False),
    _Fault(lambda stage, *_: services.stop_kubevirt(stage, hours=6), own=False),
)


@dataclass(frozen=True)
class Draw:
    """What was drawn: the size and release of a cluster, the stop of an upgrade, if any, and other faults."""

    seed: int
    attempt: int
    faults: int
    nodes: int
    release: str
    hosts: str
    upgrade: Scenario | None

    def stage(self) -> Stage:
        """The cluster with all faults in it."""
        stage = build_stage(self.nodes, self.release, self.hosts)
        taken = set()
        if self.upgrade:
            taken = {stage.first, stage.second}  # where its upgrade is at work
            self.upgrade.play(stage)
        free = _shuffled([node for node in stage.nodes if node not in taken], self.seed, self.attempt, "node")
        for fault in self._others():
            if fault.own and len(free) < 2:
                continue
            if fault.own:
                fault.plant(stage, free.pop(), free.pop() if fault.plant in _OF_TWO else free[0])
            else:
                fault.plant(stage, "", "")
        return stage

    def _others(self) -> Iterator[_Fault]:
        """The faults beside that of the upgrade."""
        minor = int(self.release.split(".")[1])
        fit = [fault for fault in _FAULTS if minor <= fault.until]
        yield from _shuffled(fit, self.seed, self.attempt, "fault")[: self.faults - bool(self.upgrade)]


_OF_TWO: tuple[Callable[..., None], ...] = (pairs.reuse_old_install, pairs.swap_machines)
"""Which touch two nodes."""


def draw_exam(seed: int, difficulty: int) -> Draw:
    """The first draw of a seed in which the checks find each fault, and nothing that none of them explains."""
    draws = (_draw(seed, attempt, difficulty) for attempt in count())
    return next(draw for draw in draws if _is_fair(draw, difficulty))


def name_finding(finding: Finding) -> str:
    """A finding as a solution names it: ``node-unready Node/hv02``."""
    return f"{finding.rule} {finding.subject.kind}/{finding.subject.name}"


def is_solved_by(solution: Solution, findings: Findings) -> bool:
    """Whether findings hold each of a solution, and none that does not follow from these."""
    wanted = [finding for finding in findings if name_finding(finding) in solution.finds]
    explained = {other.fingerprint for finding in wanted for other in (finding, *findings.story(finding))}
    return len({*map(name_finding, wanted)}) == len(solution.finds) and len(explained) == len(findings)


def _draw(seed: int, attempt: int, difficulty: int) -> Draw:
    """Size, release, whether an upgrade runs and where it stops: two of three exams have one."""
    nodes = _chosen(_SIZES, seed, attempt, "size") + (difficulty == 3)
    release = _chosen(_RELEASES, seed, attempt, "release")
    stops = [item for item in (*phases.SCENARIOS, *at_nodes.SCENARIOS) if _fits(item, nodes, release)]
    upgrade = _chosen(stops, seed, attempt, "stop") if number(3, seed, attempt, "upgrade") else None
    return Draw(seed, attempt, difficulty, nodes, release, _chosen(_HOSTS, seed, attempt, "hosts"), upgrade)


def _fits(item: Scenario, nodes: int, release: str) -> bool:
    return not item.fits.refuse(release) and item.fits.least <= nodes <= item.fits.most


def _is_fair(draw: Draw, difficulty: int) -> bool:
    """Whether all faults came to stand in it, each is found as a root, and everything else follows from one."""
    try:
        stage = draw.stage()
    except KeyError:  # one fault took away what another needs
        return False
    solution = Solution(finds=stage.finds)
    planted = min(sum(bool(made.finds) for made in stage.made), len(stage.finds))  # two may leave the same
    findings = open_stage("", stage).check()
    roots = {name_finding(finding) for finding in findings.roots}
    return planted >= difficulty and roots == set(solution.finds) and is_solved_by(solution, findings)


def _chosen(choices: Sequence[_T], *what: Any) -> _T:
    return choices[number(len(choices), "exam", *what)]


def _shuffled(choices: Sequence[_T], *what: Any) -> list[_T]:
    order = sorted(range(len(choices)), key=lambda index: number(10**12, "exam", *what, index))
    return [choices[index] for index in order]
